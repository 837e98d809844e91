// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"fmt"
	"maps"
	"slices"
	"sync"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/fleet/question"
	"syncer.dev/syncer/internal/capacity/pools"
	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/desired"
	"syncer.dev/syncer/internal/desired/livenodes"
	"syncer.dev/syncer/internal/workspace"
)

// Pools plans the changes to agent pools. A pool that is not desired stays while a pod of any owner runs on it: syncer
// deletes its own pods first, then the nodes, then the pool.
func Pools(d desired.Desired, seen desired.Observed, g Guard, p desired.Policy) []capacity.PoolChange {
	s := seen.State
	// Most plans delete no pool, and ask for neither.
	on := sync.OnceValue(func() map[string][]string { return s.PodsByNode() })
	nodes := sync.OnceValue(func() []question.Node { return livenodes.Of(s) })
	return pools.Plan(pools.Input{
		Desired:  d.Pools(),
		Live:     seen.Pools,
		Limits:   p.Limits,
		Region:   p.Region,
		Prices:   p.Prices,
		Eventual: seen.Eventual,
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
			return question.EmptyNodes(pool, nodes())
		},
	})
}

func shared(pool string, live []capacity.LivePool) bool {
	return slices.ContainsFunc(live, func(l capacity.LivePool) bool { return l.Name == pool && l.Shared() })
}

// holdsPool returns why syncer must keep a pool of one Workspace or one InferenceSet, or "". A waiting Workspace keeps
// the nodes of its workload and no other pool: another Workspace may wait for that capacity.
func (g Guard) holdsPool(l capacity.LivePool, seen desired.Observed) string {
	owner := l.Workspace
	set, ok := capacity.SetOf(owner)
	for _, k := range slices.SortedFunc(maps.Keys(g.Waiting), workspace.Key.Compare) {
		if live := seen.State.Workloads[k]; seen.Live && live.Paused() {
			continue // it has given up its nodes
		}
		if why := g.Waiting[k]; (k == owner || ok && capacity.InSet(k, owner)) &&
			(!seen.Live || seen.State.Workloads[k].Pool == l.Name && hasNodes(l.Name, seen.State)) {
			return "its Workspace is pending: " + why
		}
	}
	g.Waiting = nil
	if ok && !g.Blocked[owner] {
		owner.Name = set + "-0" // one file asks for all replicas
	}
	return g.Holds(owner, sourceOf(l, seen.State))
}

func hasNodes(pool string, s cluster.State) bool {
	return slices.ContainsFunc(s.Nodes, func(n cluster.Node) bool { return n.Pool == pool })
}

// sourceOf returns the file of a pool's Workspace, which the annotations of its live objects name, or "".
func sourceOf(l capacity.LivePool, s cluster.State) string {
	for _, o := range s.Objects {
		if (o.Workspace == l.Workspace || capacity.InSet(o.Workspace, l.Workspace)) && o.Source != "" {
			return o.Source
		}
	}
	return ""
}

// inUse names a pod of any owner that still runs on a pool, or returns "".
func inUse(pool string, seen desired.Observed, on func() map[string][]string) string {
	s := seen.State
	if seen.Eventual {
		return "" // by then its pods are gone
	}
	for _, n := range s.Nodes {
		if n.Pool != pool {
			continue
		}
		if pods := on()[n.Name]; len(pods) > 0 {
			return fmt.Sprintf("pod %s still runs on it", pods[0])
		}
		if seen.Live && !s.AllPods {
			return "unmanaged pods may run on it: syncer may not list pods in all namespaces"
		}
	}
	return ""
}

// idle reports whether it is certain that no pod of any owner runs on a pool.
func idle(pool string, seen desired.Observed) bool {
	on := func() map[string][]string { return seen.State.PodsByNode() }
	return seen.Live && seen.State.AllPods && inUse(pool, seen, sync.OnceValue(on)) == ""
}
