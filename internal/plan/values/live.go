// SPDX-License-Identifier: Apache-2.0

package values

import (
	"cmp"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/desired"
	"syncer.dev/syncer/internal/render/rendered"
	"syncer.dev/syncer/internal/workspace"
)

// Live is what is known of a cluster, and of a plan that compares with it.
type Live struct {
	Policy   desired.Policy
	Desired  desired.Desired
	Previews []cluster.Preview // in the order of Desired.Objects
	Seen     desired.Observed
}

// Of returns the values of what is live, by Workspace. Of objects that the plan does not change, the desired ones say
// what runs.
func (in *Live) Of() map[workspace.Key]Values {
	pools := map[string]*capacity.LivePool{}
	for i := range in.Seen.Pools {
		pools[in.Seen.Pools[i].Name] = &in.Seen.Pools[i]
	}
	sizes := map[string]string{}
	for _, n := range in.Seen.State.Nodes {
		sizes[n.Name] = n.InstanceType
	}
	objects, same := in.objects()
	desiredOf := map[workspace.Key]*desired.Workload{}
	for i := range in.Desired.Workloads {
		desiredOf[in.Desired.Workloads[i].Key] = &in.Desired.Workloads[i]
	}
	out := map[workspace.Key]Values{}
	for key, l := range in.Seen.State.Workloads {
		v := liveNodes(&l, pools[l.Pool], in.Policy)
		for _, p := range l.Pods {
			v.InstanceType = cmp.Or(v.InstanceType, sizes[p.Node])
		}
		w := desiredOf[key]
		if w != nil && same[key] && len(w.Blocked) == 0 {
			v.model(Asked(w, in.Policy, nil))
		} else {
			v.read(rendered.Of(key.Name, objects[key]))
		}
		if w != nil && v.ContextLength == 0 && v.Model != "" {
			v.ContextLength = in.context(w)
		}
		out[key] = v
	}
	return out
}

// objects returns the live objects of each Workspace whose workload the plan changes, and the Workspaces whose workload
// it does not change.
func (in *Live) objects() (map[workspace.Key][]*unstructured.Unstructured, map[workspace.Key]bool) {
	same := make(map[workspace.Key]bool, len(in.Desired.Workloads))
	for i := range in.Previews {
		p, o := &in.Previews[i], &in.Desired.Objects[i]
		if p.Before != nil || p.After != nil || p.Err != nil {
			continue
		}
		if kind := o.Ref().Kind; kind == "StatefulSet" || kind == "Job" {
			same[o.Workspace] = true
		}
	}
	objects := map[workspace.Key][]*unstructured.Unstructured{}
	for i := range in.Previews {
		p, o := &in.Previews[i], &in.Desired.Objects[i]
		switch {
		case p.Before != nil:
			objects[o.Workspace] = append(objects[o.Workspace], p.Before)
		case p.After == nil && p.Err == nil && !same[o.Workspace]: // nothing would change
			objects[o.Workspace] = append(objects[o.Workspace], o.Content)
		}
	}
	return objects, same
}

// liveNodes returns the values that follow from the nodes of a live workload. pool is nil outside of agent pools.
func liveNodes(l *cluster.Workload, pool *capacity.LivePool, policy desired.Policy) Values {
	v := Values{Serves: l.Ref.Kind == "StatefulSet" && l.Replicas > 0, Nodes: int(l.Replicas)}
	if l.Ref.Kind == "Job" && !l.Complete && !l.Failed {
		v.Nodes = max(int(l.Active), len(l.Pods), 1)
	}
	v.GPUs = v.Nodes * int(l.GPUs)
	if pool == nil {
		return v
	}
	v.InstanceType, v.Pool, v.Spot, v.Region = pool.Size, pool.Name, pool.Spot, policy.Region
	v.HourlyCost = policy.Prices.Price(policy.Region, pool.Size, pool.Priority()).Times(v.Nodes)
	if sku, ok := capacity.LookupSKU(pool.Size); ok && pool.Shared() && sku.GPUs > 0 {
		v.HourlyCost.USD *= float64(l.GPUs) / float64(sku.GPUs)
	}
	return v
}

// model takes over what is the same on both sides as long as the workload is.
func (v *Values) model(o Values) {
	v.Preset, v.Model, v.Revision, v.Runtime, v.Image = o.Preset, o.Model, o.Revision, o.Runtime, o.Image
	v.ContextLength, v.Endpoint = o.ContextLength, o.Endpoint
	v.TensorParallel, v.PipelineParallel, v.DataParallel = o.TensorParallel, o.PipelineParallel, o.DataParallel
}

// read takes over what live objects say.
func (v *Values) read(f rendered.Facts) {
	v.Preset, v.Model, v.Revision, v.Runtime, v.Image = f.Preset, f.Model, f.Revision, f.Runtime, f.Image
	v.ContextLength, v.Endpoint = f.ContextLength, f.Endpoint
	v.TensorParallel, v.PipelineParallel, v.DataParallel = f.TensorParallel, f.PipelineParallel, f.DataParallel
	if v.Model != "" && v.Revision == "" {
		v.Revision = desired.Unpinned
	}
}

// context returns the context length in the live ConfigMap of a Workspace, or the desired one if the plan does
// not change the ConfigMap; 0 if it is unknown.
func (in *Live) context(w *desired.Workload) int {
	if w.Workspace.Inference == nil || w.Workspace.Inference.Config == "" {
		return 0
	}
	for i, p := range in.Previews {
		if p.Ref.Kind != "ConfigMap" || p.Ref.Name != w.Workspace.Inference.Config || p.Ref.Namespace != w.Namespace {
			continue
		}
		content := p.Before
		if content == nil && p.After == nil {
			content = in.Desired.Objects[i].Content
		}
		if content == nil {
			return 0
		}
		return workspace.MaxModelLen(
			&workspace.Set{Objects: []workspace.Object{{Content: content.Object}}}, w.Workspace,
		)
	}
	return w.Context // it comes from elsewhere, and the plan does not change it
}
