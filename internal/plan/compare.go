package plan

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/workspace"
)

// Side is one side of a comparison: a source, and what it asks for.
type Side struct {
	Set     *workspace.Set
	Desired Desired
}

// LiveInput is what AgainstLive compares.
type LiveInput struct {
	Policy     Policy
	Head       string
	AllowEmpty bool
	// Stale, when not empty, is why the source may not be what it was, so that nothing may be deleted.
	Stale string
	Side
	Seen     Observed
	Previews []cluster.Preview // in the order of Desired.Objects
	// Quota reads the quota. It is asked only when pools are to be created or to grow.
	Quota func() (capacity.Quota, error)
}

// AgainstLive compares what a commit asks for with what is live.
func AgainstLive(in LiveInput) Plan {
	in.Seen = in.Seen.in(in.Policy.Limits.Zones)
	guard := NewGuard(in.Set, in.Desired.Blocked(), in.Policy.Prune, anyLive(in.Seen), in.AllowEmpty)
	if in.Stale != "" {
		guard.Nothing = in.Stale
	}
	guard.wait(in.Desired)
	pools := Pools(in.Desired, in.Seen, guard, in.Policy)
	capacity.ReplaceLost(pools, in.Seen.Lost)
	capacity.RepairBroken(pools, in.Seen.Broken, in.Seen.Unavailable, in.Seen.Now)
	capacity.HoldUnavailable(pools, in.Seen.Unavailable, in.Seen.Quota, in.Seen.Now)
	capacity.IgnoreBudgets(pools, func(pool string) bool { return idle(pool, in.Seen) })
	var short []capacity.Shortfall
	var warnings []string
	if grows(pools) {
		quota, err := in.Quota()
		switch {
		case errors.Is(err, capacity.ErrQuotaLater):
			capacity.HoldGrowth(pools, err.Error())
		case err != nil:
			warnings = append(warnings, "quota is unknown: "+err.Error())
		}
		short = capacity.CheckQuota(pools, quota)
		capacity.HoldBack(pools, short)
	}
	p := Make(Comparison{
		Cluster: in.Policy.Cluster, Base: Live, Head: in.Head, Desired: in.Desired, Previews: in.Previews,
		Live: in.Seen.State.Objects, Pools: pools, Quota: short, Guard: guard,
		InUse:         func(o *cluster.Object) string { return nodePoolInUse(o, in.Seen.State) },
		NodePoolsCost: liveNodePoolCost(in),
	})
	p.Warnings = append(p.Warnings, warnings...)
	return p
}

func grows(pools []capacity.PoolChange) bool {
	for _, c := range pools {
		if c.Op == capacity.Create || c.Op == capacity.Update {
			return true
		}
	}
	return false
}

// anyLive reports whether anything of ours exists.
func anyLive(s Observed) bool {
	for _, p := range s.Pools {
		if p.Owned {
			return true
		}
	}
	return len(s.State.Objects) > 0
}

// Between compares what two commits ask for, as if the first were live exactly so.
func Between(policy Policy, baseHash, headHash string, base, head Side) Plan {
	before := map[cluster.Ref]*unstructured.Unstructured{}
	seen := Eventually(base)
	for _, o := range base.Desired.Objects {
		before[cluster.RefOf(o.Content)] = o.Content
		seen.State.Objects = append(seen.State.Objects, cluster.Object{
			Ref: cluster.RefOf(o.Content), Workspace: o.Workspace, Owned: true, Source: o.Content.GetAnnotations()[cluster.AnnotationSource],
			PruneDisabled: o.Content.GetAnnotations()[cluster.AnnotationPrune] == "disabled",
		})
	}
	previews := make([]cluster.Preview, len(head.Desired.Objects))
	for i, o := range head.Desired.Objects {
		previews[i] = preview(before[cluster.RefOf(o.Content)], o.Content)
	}
	cost, _ := nodePoolCost(base.Desired.Wishes)
	guard := NewGuard(head.Set, head.Desired.Blocked(), policy.Prune, anyLive(seen), false)
	guard.wait(head.Desired)
	return Make(Comparison{
		Cluster: policy.Cluster, Base: baseHash, Head: headHash, Desired: head.Desired, Previews: previews,
		Live: seen.State.Objects, Guard: guard, Pools: Pools(head.Desired, seen, guard, policy),
		NodePoolsCost: cost,
	})
}

// preview compares two renderings. The pods of a Job cannot be changed: for other inputs it is replaced.
func preview(before, after *unstructured.Unstructured) cluster.Preview {
	p := cluster.Preview{Ref: cluster.RefOf(after)}
	switch {
	case before == nil:
		p.After = after
	case sameObject(before, after):
	default:
		p.Before, p.After = before, after
		if after.GetKind() == "Job" && before.GetAnnotations()[cluster.AnnotationInputs] != after.GetAnnotations()[cluster.AnnotationInputs] {
			p.Replace = "the pods of a Job cannot be changed"
		}
	}
	return p
}

// Eventually pretends that what a commit asks for has come about: its pools are there, and its Workspaces run on them. What
// another commit asks for is planned from there, so that the two differ only where they have to.
func Eventually(base Side) Observed {
	seen := Observed{Eventual: true, State: cluster.State{Workloads: map[workspace.Key]cluster.Workload{}}}
	nodes := map[string][]*cluster.Node{}
	for _, p := range base.Desired.Pools() {
		if p.Count == 0 {
			continue
		}
		seen.Pools = append(seen.Pools, capacity.LivePool{
			Name: p.Name, Size: p.SKU.Name, Count: p.Count, Spot: p.Spot, Labels: p.Labels, Taints: p.Taints,
			State: capacity.Succeeded, Owned: true, Workspace: p.Workspace,
		})
		for i := range p.Count {
			nodes[p.Name] = append(nodes[p.Name], &cluster.Node{Name: fmt.Sprintf("%s-%d", p.Name, i), Pool: p.Name, Ready: true, GPUs: int64(p.SKU.GPUs)})
		}
	}
	// Large ones first: then all fit on the nodes that were counted for them.
	wishes := slices.Clone(base.Desired.Wishes)
	slices.SortStableFunc(wishes, func(a, b Wish) int { return cmp.Compare(b.Binding.Option.GPUsPerNode, a.Binding.Option.GPUsPerNode) })
	free := map[string]int64{}
	for i := range wishes {
		w := &wishes[i]
		if w.Pool == nil || w.Pool.Count == 0 || len(w.Blocked) > 0 || w.Waiting != "" {
			continue
		}
		l := cluster.Workload{Pool: w.Binding.Pool, GPUs: int64(w.Binding.Option.GPUsPerNode), Replicas: int64(w.Binding.Option.Nodes)}
		for _, n := range nodes[l.Pool] {
			if left, seen := free[n.Name]; len(l.Pods) < int(l.Replicas) && (!seen || left >= l.GPUs) {
				if !seen {
					left = n.GPUs
				}
				free[n.Name] = left - l.GPUs
				l.Pods = append(l.Pods, cluster.Pod{Name: fmt.Sprintf("%s-%d", w.Name, len(l.Pods)), Node: n.Name, Phase: "Running", Ready: true})
			}
		}
		seen.State.Workloads[w.Key] = l
	}
	for _, p := range seen.Pools {
		for _, n := range nodes[p.Name] {
			seen.State.Nodes = append(seen.State.Nodes, *n)
		}
	}
	return seen
}
