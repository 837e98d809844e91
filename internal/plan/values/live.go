// SPDX-License-Identifier: Apache-2.0

package values

import (
	"cmp"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/desired"
	"syncer.dev/syncer/internal/render/rendered"
	"syncer.dev/syncer/internal/workspace"
)

// Live is what is known of a cluster, and of a plan that compares with it. Only one goroutine may use it.
type Live struct {
	Policy   desired.Policy
	Desired  *desired.Desired
	Previews []*cluster.Preview // in the order of Desired.Objects
	Seen     desired.Observed

	byName  map[string]*capacity.LivePool // pools
	configs map[workspace.Key]int         // the first preview of each ConfigMap
}

// Of returns the values of what is live of a Workspace, which is the i-th of Desired.Workloads, or with an i below 0 is
// no longer desired; false if nothing is. Of objects that the plan does not change, the desired ones say what runs.
func (in *Live) Of(key workspace.Key, i int) (v Values, exists bool) {
	l, exists := in.Seen.State.Workloads[key]
	if !exists {
		return v, false
	}
	if in.byName == nil {
		in.byName = make(map[string]*capacity.LivePool, len(in.Seen.Pools))
		for i := range in.Seen.Pools {
			in.byName[in.Seen.Pools[i].Name] = &in.Seen.Pools[i]
		}
	}
	v = liveNodes(&l, in.byName[l.Pool], in.Policy)
	for _, p := range l.Pods {
		v.InstanceType = cmp.Or(v.InstanceType, in.size(p.Node))
	}
	if i < 0 {
		v.read(rendered.Of(key.Name, nil))
		return v, true
	}
	w := in.Desired.Workloads[i]
	if objects, same := in.objects(i); same && len(w.Blocked) == 0 {
		v.model(Asked(w, in.Policy, nil))
	} else {
		v.read(rendered.Of(key.Name, objects))
	}
	if v.ContextLength == 0 && v.Model != "" {
		v.ContextLength = in.context(w)
	}
	return v, true
}

// size returns the size of a node, or "".
func (in *Live) size(node string) string {
	nodes := in.Seen.State.Nodes
	i, ok := slices.BinarySearchFunc(nodes, node, func(n cluster.Node, name string) int {
		return strings.Compare(n.Name, name)
	})
	if !ok { // they are not in the order of their names
		i = slices.IndexFunc(nodes, func(n cluster.Node) bool { return n.Name == node })
	}
	if i < 0 {
		return ""
	}
	return nodes[i].InstanceType
}

// objects returns the live objects of a Workspace, or reports that the plan does not change its workload.
func (in *Live) objects(i int) (objects []*unstructured.Unstructured, same bool) {
	key := in.Desired.Workloads[i].Key
	from, to := in.Desired.ObjectsOf(i)
	for k := from; k < to; k++ {
		p, o := in.Previews[k], &in.Desired.Objects[k]
		if p.Before != nil || p.After != nil || p.Err != nil || o.Workspace != key {
			continue
		}
		if kind := o.Ref().Kind; kind == "StatefulSet" || kind == "Job" {
			return nil, true
		}
	}
	for k := from; k < to; k++ {
		p, o := in.Previews[k], &in.Desired.Objects[k]
		switch {
		case o.Workspace != key:
		case p.Before != nil:
			objects = append(objects, p.Before)
		case p.After == nil && p.Err == nil: // nothing would change
			objects = append(objects, o.Content)
		}
	}
	return objects, false
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
	if in.configs == nil {
		in.configs = map[workspace.Key]int{}
		for i, p := range in.Previews {
			at := workspace.Key{Namespace: p.Ref.Namespace, Name: p.Ref.Name}
			if _, known := in.configs[at]; p.Ref.Kind == "ConfigMap" && !known {
				in.configs[at] = i
			}
		}
	}
	i, known := in.configs[workspace.Key{Namespace: w.Namespace, Name: w.Workspace.Inference.Config}]
	if !known {
		return w.Context // it comes from elsewhere, and the plan does not change it
	}
	p := in.Previews[i]
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
