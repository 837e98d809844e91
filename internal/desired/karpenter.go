// SPDX-License-Identifier: Apache-2.0

package desired

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/fleet"
	"syncer.dev/syncer/internal/capacity/karpenter"
	"syncer.dev/syncer/internal/capacity/sizing"
	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/preset"
	"syncer.dev/syncer/internal/status"
	"syncer.dev/syncer/internal/wellknown"
	"syncer.dev/syncer/internal/workspace"
	"syncer.dev/syncer/internal/workspace/nodelabel"
)

// NodePools is the NodeSource that writes NodePools, from which Karpenter creates nodes (capacity.mode: karpenter).
type NodePools struct{ karpenter.Settings }

// Request implements Sizer.
func (n NodePools) Request(w *workspace.Workspace, p preset.Preset, policy Policy) sizing.Request {
	req := n.RequestFor(w, p)
	policy.buy(&req)
	return req
}

// Evaluate implements Sizer. The catalogue is Azure's: other clouds have sizes of their own.
func (n NodePools) Evaluate(r sizing.Request) []sizing.Candidate {
	if !n.Class.Azure() {
		return nil
	}
	return sizing.Evaluate(r)
}

// Buys implements Sizer.
func (NodePools) Buys() bool { return true }

// Quota implements Sizer.
func (n NodePools) Quota(sku capacity.SKU, priority capacity.Priority) string {
	if !n.Class.Azure() {
		return ""
	}
	return azureQuota(sku, priority)
}

// Arrange returns no agent pools: a NodePool is an object of its Workspace.
func (NodePools) Arrange([]*Workload, *workspace.Set, Policy, Observed) fleet.Result {
	return fleet.Result{}
}

// NodeClass names the node class of a Workspace's nodes.
func (n NodePools) NodeClass(w *workspace.Workspace) (cluster.Ref, bool) {
	class, err := n.ClassOf(w)
	return cluster.Ref{Group: class.Group, Kind: class.Kind, Name: class.Name}, err == nil && class.Name != ""
}

// Admission implements NodeSource.
func (NodePools) Admission() workspace.Env { return workspace.Env{AnySize: true} }

// Status implements NodeSource.
func (NodePools) Status() status.Nodes { return status.NodePools{} }

// Settle holds the NodePools above the limits, and puts the others before the objects of their Workspaces.
func (NodePools) Settle(all []*Workload, policy Policy, seen Observed) (warnings []string) {
	warnings = holdNodePools(all, policy, seen)
	for i := range all {
		all[i] = all[i].withNodePool(policy.same, i)
	}
	return warnings
}

// syncerLabel refuses labels of syncer that contradict what a NodePool gets: pods with them would wait for ever.
func syncerLabel(ws *workspace.Workspace, cluster string) error {
	labels := ws.NodeLabels()
	for _, key := range slices.Sorted(maps.Keys(labels)) {
		if !strings.HasPrefix(key, wellknown.PrefixSyncer) {
			continue
		}
		if fault := nodelabel.Judge(key, labels[key], nodelabel.Pool{Cluster: cluster}); fault != nil {
			return sizing.Refused(diag.ReservedLabel, "resource.labelSelector.matchLabels."+key, fault.Why, fault.Hint)
		}
	}
	return nil
}

// Place chooses the instance types and the NodePool of a Workspace.
func (n NodePools) Place(w *Workload, set *workspace.Set, p preset.Preset, policy Policy, seen Observed) error {
	ws := w.Workspace
	if label := karpenter.RefusedLabel(ws.NodeLabels()); label != "" {
		return sizing.Refused(diag.ReservedLabel, "resource.labelSelector.matchLabels",
			fmt.Sprintf("Karpenter sets the label %s on no node", label), "use a label of your own, such as app: "+ws.Name)
	}
	if err := syncerLabel(ws, policy.Cluster); err != nil {
		return err
	}
	class, err := n.ClassOf(ws)
	if err != nil {
		return err
	}
	req := RequestFor(ws, set, p, policy)
	req.Current = currentType(karpenter.NodePoolName(w.Key), seen.State)
	demand, err := n.Size(req)
	if err != nil {
		return err
	}
	if policy.Nodes > 0 {
		demand.Options[0] = demand.Options[0].WithNodes(policy.Nodes)
	}
	w.Demand, w.Notes = demand, demand.Notes
	w.Finished = finished(w.Key, ws.Digest, seen.State)
	pool := n.NodePoolFor(ws, class, demand, policy.Cluster)
	chosen := demand.Options[0]
	labels := maps.Clone(ws.NodeLabels())
	labels[cluster.LabelNodePool] = pool.Name
	w.Placement = placementOf(chosen)
	w.Placement.NodeLabels, w.Placement.Spot = labels, ws.Spot()
	if ws.Suspended() || w.Finished {
		pool.Nodes, pool.HourlyCost = 0, capacity.Cost{Known: true}
	}
	w.NodePool = &pool
	return nil
}

// currentType returns the instance type of a node of the NodePool, so that the choice of a type stays.
func currentType(pool string, s cluster.State) string {
	for _, n := range s.Nodes {
		if n.Labels[cluster.LabelNodePool] == pool {
			return n.InstanceType
		}
	}
	return ""
}

// withNodePool returns the i-th Workload with its NodePool, if that is desired, before its other objects.
func (w *Workload) withNodePool(earlier *same, i int) *Workload {
	if w.NodePool == nil || len(w.Blocked) > 0 || !w.NodePool.Wanted() {
		return w
	}
	if w.rendered == nil { // it is not held
		w = w.settling()
	}
	if was := earlier.settled(i, w); was != w {
		return was
	}
	u := &unstructured.Unstructured{Object: w.NodePool.Object()}
	annotations := map[string]string{
		cluster.AnnotationSource: w.Workspace.Source.Path,
		cluster.AnnotationInputs: w.Workspace.Digest,
	}
	if w.Workspace.PruneDisabled() {
		annotations[cluster.AnnotationPrune] = "disabled"
	}
	u.SetAnnotations(annotations)
	w.Bundle = w.Bundle.Before(u)
	return w
}

// holdNodePools holds the NodePools that would exceed the limits, or the share of their namespace. Existing NodePools
// count first, and holdNodePools never holds them; the others come in the order of capacity.Standing. The other objects
// of a held Workspace stay desired.
func holdNodePools(workloads []*Workload, policy Policy, seen Observed) (warnings []string) {
	if policy.Limits.Nodes == 0 && policy.Limits.HourlyCost == 0 {
		return nil
	}
	exists := map[string]bool{}
	for _, p := range seen.State.NodePools {
		exists[p.Name] = true
	}
	all, spaces := spent{cost: capacity.Cost{Known: true}}, map[string]*spent{}
	var before []*Workload // that have their nodes
	order := byStanding(workloads, seen)
	for _, old := range []bool{true, false} {
		for _, i := range order {
			w := workloads[i]
			if w.NodePool == nil || len(w.Blocked) > 0 || exists[w.NodePool.Name] != old || w.NodePool.Nodes == 0 {
				continue
			}
			priority := capacity.PriorityOf(w.Workspace.Spot())
			price := policy.Prices.AtMost(policy.Region, w.Placement.InstanceType, priority).Times(w.NodePool.Nodes)
			if w.NodePool.HourlyCost.Known {
				price = w.NodePool.HourlyCost
			}
			own := spaces[w.Namespace]
			if own == nil {
				own = &spent{cost: capacity.Cost{Known: true}}
				spaces[w.Namespace] = own
			}
			reason := policy.Limits.Refuse(all.nodes, all.cost, w.NodePool.Nodes, price)
			if reason == "" {
				reason = policy.Limits.RefuseShare(w.Namespace, own.nodes, own.cost, w.NodePool.Nodes, price)
			}
			if reason != "" && !old {
				w = w.settling()
				pool := *w.NodePool
				pool.Nodes, pool.HourlyCost = 0, capacity.Cost{Known: true}
				w.Held, w.NodePool = reason+w.waitBehind(before, seen), &pool
				reason, workloads[i] = w.Held, w
				warnings = append(warnings, fmt.Sprintf("syncer holds NodePool %s: %s", w.NodePool.Name, reason))
				continue
			}
			for _, sum := range []*spent{&all, own} {
				sum.nodes, sum.cost = sum.nodes+w.NodePool.Nodes, sum.cost.Add(price)
			}
			before = append(before, w)
		}
	}
	return warnings
}

// spent is what some NodePools take of the limits.
type spent struct {
	nodes int
	cost  capacity.Cost
}
