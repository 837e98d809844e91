package plan

import (
	"fmt"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/cluster"
)

// Pools plans the changes to agent pools. A pool that nothing asks for stays while something of ours still runs on it: its
// pods are deleted first, then the pool.
func Pools(d Desired, live []capacity.LivePool, s cluster.State, g Guard, p Policy) []capacity.PoolChange {
	if p.Brought || p.Karpenter != nil {
		return nil
	}
	return capacity.PlanPools(capacity.Situation{
		Desired: d.Pools(), Live: live, Limits: p.Limits, Region: p.Region, Prices: p.Prices,
		Held: func(l capacity.LivePool) string {
			return g.Holds(l.Workspace, sourceOf(l, s))
		},
		InUse: func(pool string) string { return inUse(pool, s) },
	})
}

// sourceOf returns the file that a pool's Workspace came from, as far as objects that are still there tell.
func sourceOf(l capacity.LivePool, s cluster.State) string {
	for _, o := range s.Objects {
		if o.Workspace == l.Workspace && o.Source != "" {
			return o.Source
		}
	}
	return ""
}

// inUse says what of ours still runs on a pool, or "".
func inUse(pool string, s cluster.State) string {
	onPool := map[string]bool{}
	for _, n := range s.Nodes {
		if n.Pool == pool {
			onPool[n.Name] = true
		}
	}
	for _, w := range s.Workloads {
		for _, p := range w.Pods {
			if onPool[p.Node] && p.Phase != "Succeeded" && p.Phase != "Failed" {
				return fmt.Sprintf("pod %s still runs on it", p.Name)
			}
		}
	}
	return ""
}

// idle reports whether certainly nothing runs on a pool: it has no node. Which pods of others run on a node is not observed.
func idle(pool string, s cluster.State) bool {
	for _, n := range s.Nodes {
		if n.Pool == pool {
			return false
		}
	}
	return true
}
