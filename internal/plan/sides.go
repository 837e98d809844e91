// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"cmp"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/desired"
	"syncer.dev/syncer/internal/plan/rendered"
	"syncer.dev/syncer/internal/preset"
	"syncer.dev/syncer/internal/workspace"
)

// asked returns what a Workspace has once its desired state is carried out. pools are all desired pools: a Workspace
// that moves has the nodes of the pool to which it moves.
func asked(w *desired.Workload, policy desired.Policy, pools []capacity.Pool) Values {
	v := Values{
		Preset:        w.Workspace.PresetName(),
		Model:         w.Model.Repo,
		Revision:      w.Model.Revision,
		Runtime:       runtimeOf(w.Workspace),
		ContextLength: w.Context,
	}
	if len(w.Blocked) > 0 || w.Waiting != "" && w.Binding.Next == "" {
		return v
	}
	f := rendered.Of(w.Name, w.Bundle.Objects)
	v.Image, v.Endpoint = f.Image, f.Endpoint
	v.ContextLength = cmp.Or(w.Context, f.ContextLength)
	v.Serves = w.Workspace.Inference != nil && !w.Workspace.Suspended() && !w.Placement.Paused

	at := w.Placement
	v.Pool = cmp.Or(w.Binding.Next, w.Binding.Pool)
	v.InstanceType, v.Spot, v.HourlyCost = at.InstanceType, w.Workspace.Spot(), w.Binding.Cost
	v.Nodes, v.GPUs = at.Nodes, at.Nodes*at.GPUsPerNode
	v.TensorParallel, v.PipelineParallel = at.TensorParallel, at.PipelineParallel
	if w.NodePool != nil {
		v.HourlyCost = w.NodePool.HourlyCost
	}
	for i := range pools {
		if p := &pools[i]; w.Binding.Next != "" && p.Name == w.Binding.Next {
			v.move(w.Demand, p.SKU.Name)
		}
	}
	if policy.NodeSource().Buys() {
		v.Region = policy.Region
	}
	if w.Workspace.Suspended() || at.Paused || w.Finished {
		v.Nodes, v.GPUs, v.HourlyCost = 0, 0, capacity.Cost{Known: true}
	}
	return v
}

// move puts the Workspace on nodes of another size.
func (v *Values) move(d capacity.Demand, size string) {
	for _, options := range [][]capacity.Option{d.Shares, d.Options} {
		for _, o := range options {
			if o.SKU.Name == size {
				v.InstanceType, v.Nodes, v.GPUs, v.HourlyCost = size, o.Nodes, o.Nodes*o.GPUsPerNode, o.HourlyCost
				v.TensorParallel, v.PipelineParallel = o.TensorParallel, o.PipelineParallel
				return
			}
		}
	}
}

func runtimeOf(w *workspace.Workspace) string {
	switch {
	case w.Inference == nil || w.Inference.Preset == nil:
		return ""
	case w.Transformers():
		return string(preset.Transformers)
	}
	return string(preset.VLLM)
}

// valuesIn returns the values of a source that counts as carried out.
func valuesIn(base desired.Desired, policy desired.Policy) map[workspace.Key]Values {
	out := make(map[workspace.Key]Values, len(base.Workloads))
	for i := range base.Workloads {
		w := &base.Workloads[i]
		out[w.Key] = asked(w, policy, base.Fleet.Pools)
	}
	return out
}

// valuesLive returns the values of what is live, as far as the cluster and the pools show them. Of objects that the plan
// does not change, the desired ones say what runs.
func valuesLive(in *LiveInput) map[workspace.Key]Values {
	pools := map[string]*capacity.LivePool{}
	for i := range in.Seen.Pools {
		pools[in.Seen.Pools[i].Name] = &in.Seen.Pools[i]
	}
	sizes := map[string]string{}
	for _, n := range in.Seen.State.Nodes {
		sizes[n.Name] = n.InstanceType
	}
	objects, same := liveObjects(in)
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
			v.model(asked(w, in.Policy, nil))
		} else {
			v.read(rendered.Of(key.Name, objects[key]))
		}
		if w != nil && v.ContextLength == 0 && v.Model != "" {
			v.ContextLength = contextBefore(w, in)
		}
		out[key] = v
	}
	return out
}

// liveObjects returns the live objects of each Workspace that the plan changes, and the Workspaces whose workload it
// does not change.
func liveObjects(in *LiveInput) (map[workspace.Key][]*unstructured.Unstructured, map[workspace.Key]bool) {
	objects, same := map[workspace.Key][]*unstructured.Unstructured{}, map[workspace.Key]bool{}
	for i, p := range in.Previews {
		key := in.Desired.Objects[i].Workspace
		switch o := in.Desired.Objects[i].Content; {
		case p.Before != nil:
			objects[key] = append(objects[key], p.Before)
		case p.After == nil && p.Err == nil: // nothing would change
			objects[key] = append(objects[key], o)
			same[key] = same[key] || isWorkload(o)
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
	v.TensorParallel, v.PipelineParallel = o.TensorParallel, o.PipelineParallel
}

// read takes over what live objects say.
func (v *Values) read(f rendered.Facts) {
	v.Preset, v.Model, v.Revision, v.Runtime, v.Image = f.Preset, f.Model, f.Revision, f.Runtime, f.Image
	v.ContextLength, v.Endpoint = f.ContextLength, f.Endpoint
	v.TensorParallel, v.PipelineParallel = f.TensorParallel, f.PipelineParallel
	if v.Model != "" && v.Revision == "" {
		v.Revision = desired.Unpinned
	}
}

// contextBefore returns the context length in the live ConfigMap of a Workspace, or the desired one if the plan does
// not change the ConfigMap; 0 if it is unknown.
func contextBefore(w *desired.Workload, in *LiveInput) int {
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

// restarts reports whether a change of a StatefulSet starts its pods anew.
func (c *Change) restarts() bool {
	if c.Object == nil || c.Object.GetKind() != "StatefulSet" {
		return false
	}
	if c.Op == Replace {
		return true
	}
	for _, f := range c.Fields {
		if f == "spec.template" || strings.HasPrefix(f, "spec.template.") {
			return true
		}
	}
	return false
}
