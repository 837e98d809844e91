package plan

import (
	"fmt"
	"maps"
	"slices"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/workspace"
)

// Pools plans the changes to agent pools. A pool that nothing asks for stays while anything still runs on it, whoever's it is:
// our pods are deleted first, then the nodes, then the pool.
func Pools(d Desired, seen Observed, g Guard, p Policy) []capacity.PoolChange {
	if p.Brought || p.Karpenter != nil {
		return nil
	}
	s := seen.State
	on, nodes := podsByNode(s), fleetNodes(s)
	return capacity.PlanPools(capacity.Situation{
		Desired: d.Pools(), Live: seen.Pools, Limits: p.Limits, Region: p.Region, Prices: p.Prices, Eventual: seen.Eventual,
		Held: func(l capacity.LivePool) string {
			if l.Shared() {
				return g.holdsShared()
			}
			return g.holdsPool(l, seen)
		},
		InUse: func(pool string) string { return inUse(pool, seen, on) },
		Empty: func(pool string) []string {
			if seen.Live && !s.AllPods || g.holdsShared() != "" && shared(pool, seen.Pools) {
				return nil
			}
			return capacity.EmptyNodes(pool, nodes)
		},
	})
}

func shared(pool string, live []capacity.LivePool) bool {
	return slices.ContainsFunc(live, func(l capacity.LivePool) bool { return l.Name == pool && l.Shared() })
}

// holdsPool returns why a pool of one Workspace, or one set, must not be deleted, or "". Who waits keeps the nodes that its
// workload is for, and nothing else: somebody else may be waiting for just that.
func (g Guard) holdsPool(l capacity.LivePool, seen Observed) string {
	owner := l.Workspace
	set, ok := capacity.SetOf(owner)
	for _, k := range slices.SortedFunc(maps.Keys(g.Waiting), workspace.Key.Compare) {
		if why := g.Waiting[k]; (k == owner || ok && capacity.InSet(k, owner)) && (!seen.Live || seen.State.Workloads[k].Pool == l.Name && hasNodes(l.Name, seen.State)) {
			return "its Workspace waits: " + why
		}
	}
	g.Waiting = nil
	if ok && !g.Blocked[owner] {
		owner.Name = set + "-0" // all replicas are meant by the same file
	}
	return g.Holds(owner, sourceOf(l, seen.State))
}

func hasNodes(pool string, s cluster.State) bool {
	return slices.ContainsFunc(s.Nodes, func(n cluster.Node) bool { return n.Pool == pool })
}

// sourceOf returns the file that a pool's Workspace came from, as far as objects that are still there tell.
func sourceOf(l capacity.LivePool, s cluster.State) string {
	for _, o := range s.Objects {
		if (o.Workspace == l.Workspace || capacity.InSet(o.Workspace, l.Workspace)) && o.Source != "" {
			return o.Source
		}
	}
	return ""
}

// inUse says what still runs on a pool, whoever's it is, or "".
func inUse(pool string, seen Observed, on map[string][]string) string {
	s := seen.State
	if seen.Eventual {
		return "" // its pods have gone by then
	}
	for _, n := range s.Nodes {
		if n.Pool != pool {
			continue
		}
		if pods := on[n.Name]; len(pods) > 0 {
			return fmt.Sprintf("pod %s still runs on it", pods[0])
		}
		if seen.Live && !s.AllPods {
			return "whether pods of others run on it is not known: syncer may not list pods in all namespaces"
		}
	}
	return ""
}

// idle reports whether certainly nothing runs on a pool, of ours or of others.
func idle(pool string, seen Observed) bool {
	return seen.Live && seen.State.AllPods && inUse(pool, seen, podsByNode(seen.State)) == ""
}
