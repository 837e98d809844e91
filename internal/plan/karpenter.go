package plan

import (
	"fmt"
	"maps"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/preset"
	"syncer.dev/syncer/internal/render"
	"syncer.dev/syncer/internal/workspace"
)

// placeOnKarpenter chooses the instance types and the NodePool of a Workspace whose nodes Karpenter makes.
func placeOnKarpenter(w *Wish, set *workspace.Set, p preset.Preset, policy Policy, seen Observed) error {
	ws := w.Workspace
	if label := capacity.RefusedLabel(ws.NodeLabels()); label != "" {
		return &capacity.RefusedError{
			Field: "resource.labelSelector.matchLabels", Message: fmt.Sprintf("Karpenter gives no node the label %s", label), Hint: "use a label of your own, such as app: " + ws.Name,
		}
	}
	class, err := policy.Karpenter.ClassOf(ws)
	if err != nil {
		return err
	}
	req := policy.Karpenter.RequestFor(ws, p)
	req.Region, req.RetiredSizes, req.Limits = policy.Region, policy.RetiredSizes, policy.Limits
	req.Current, req.Context = currentType(capacity.NodePoolName(w.Key), seen.State), workspace.MaxModelLen(set, ws)
	req.Prices = policy.Prices
	req.Configure(workspace.SettingsOf(set, ws))
	demand, err := policy.Karpenter.Size(req)
	if err != nil {
		return err
	}
	if policy.Nodes > 0 {
		demand.Options[0] = demand.Options[0].WithNodes(policy.Nodes)
	}
	w.Demand, w.Notes = demand, demand.Notes
	w.Finished = finished(w.Key, ws.Digest, seen.State)
	pool := policy.Karpenter.NodePoolFor(ws, class, demand, policy.Cluster)
	chosen := demand.Options[0]
	labels := maps.Clone(ws.NodeLabels())
	labels[cluster.LabelNodePool] = pool.Name
	w.Placement = Placement{
		InstanceType: chosen.SKU.Name,
		Placement: render.Placement{
			Nodes: chosen.Nodes, GPUsPerNode: chosen.GPUsPerNode, GPUModel: chosen.SKU.GPUModel,
			TensorParallel: chosen.TensorParallel, PipelineParallel: chosen.PipelineParallel, DataParallel: chosen.DataParallel,
			LocalNVMe: chosen.SKU.LocalNVMe, NodeLabels: labels, Spot: ws.Spot(),
		},
	}
	if ws.Suspended() || w.Finished {
		pool.Nodes, pool.HourlyCost = 0, capacity.Cost{Known: true}
	}
	w.NodePool = &pool
	return nil
}

// currentType returns the instance type of a node of the NodePool, so that a choice once made stays.
func currentType(pool string, s cluster.State) string {
	for _, n := range s.Nodes {
		if n.Labels[cluster.LabelNodePool] == pool {
			return n.InstanceType
		}
	}
	return ""
}

// withNodePool puts the NodePool of a Workspace before its other objects, as long as it is to exist.
func (w *Wish) withNodePool() {
	if w.NodePool == nil || len(w.Blocked) > 0 || !w.NodePool.Wanted() {
		return
	}
	u := &unstructured.Unstructured{Object: w.NodePool.Object()}
	annotations := map[string]string{cluster.AnnotationSource: w.Workspace.Source.Path, cluster.AnnotationInputs: w.Workspace.Digest}
	if w.Workspace.PruneDisabled() {
		annotations[cluster.AnnotationPrune] = "disabled"
	}
	u.SetAnnotations(annotations)
	w.Bundle.Objects = append([]*unstructured.Unstructured{u}, w.Bundle.Objects...)
}

// holdNodePools holds back the NodePools that would exceed the limits: those that are there count first, and none of them is
// ever taken away. Of a Workspace that is held back everything is as it would be, only the nodes are not had.
func holdNodePools(wishes []Wish, policy Policy, seen Observed) (warnings []string) {
	there := map[string]bool{}
	for _, p := range seen.State.NodePools {
		there[p.Name] = true
	}
	nodes, cost := 0, capacity.Cost{Known: true}
	for _, old := range []bool{true, false} {
		for i := range wishes {
			w := &wishes[i]
			if w.NodePool == nil || len(w.Blocked) > 0 || there[w.NodePool.Name] != old || w.NodePool.Nodes == 0 {
				continue
			}
			if reason := policy.Limits.Refuse(nodes, cost, w.NodePool.Nodes, w.NodePool.HourlyCost); reason != "" && !old {
				w.Held, w.NodePool.Nodes, w.NodePool.HourlyCost = reason, 0, capacity.Cost{Known: true}
				warnings = append(warnings, fmt.Sprintf("NodePool %s is held back: %s", w.NodePool.Name, reason))
				continue
			}
			nodes, cost = nodes+w.NodePool.Nodes, cost.Add(w.NodePool.HourlyCost)
		}
	}
	return warnings
}

// nodePoolInUse says what of ours still runs on the nodes of a live NodePool, or "". It is deleted only after that.
func nodePoolInUse(o *cluster.Object, s cluster.State) string {
	if o.Group != "karpenter.sh" || o.Kind != "NodePool" {
		return ""
	}
	mine := map[string]bool{}
	for _, n := range s.Nodes {
		mine[n.Name] = n.Labels[cluster.LabelNodePool] == o.Name
	}
	for _, w := range s.Workloads {
		for _, p := range w.Pods {
			if mine[p.Node] && p.Phase != "Succeeded" && p.Phase != "Failed" {
				return fmt.Sprintf("pod %s still runs on its nodes", p.Name)
			}
		}
	}
	return ""
}

// nodePoolCost adds up what the NodePools of Wishes cost; any says whether there is one at all.
func nodePoolCost(wishes []Wish) (sum capacity.Cost, any bool) {
	sum.Known = true
	for i := range wishes {
		if w := &wishes[i]; w.NodePool != nil && len(w.Blocked) == 0 {
			sum, any = sum.Add(w.NodePool.HourlyCost), true
		}
	}
	return sum, any
}

// liveNodePoolCost adds up what the live NodePools cost, as far as what is asked for tells: it is unknown for one that
// nothing asks for any more.
func liveNodePoolCost(in LiveInput) capacity.Cost {
	sum := capacity.Cost{Known: true}
	for _, p := range in.Seen.State.NodePools {
		cost := capacity.Cost{}
		for i := range in.Desired.Wishes {
			if w := &in.Desired.Wishes[i]; w.NodePool != nil && w.NodePool.Name == p.Name {
				cost = w.Demand.Options[0].HourlyCost
			}
		}
		sum = sum.Add(cost)
	}
	return sum
}
