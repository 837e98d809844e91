// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"errors"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/pools"
	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/plan/hold"
	"syncer.dev/syncer/internal/workspace"
)

// poolPlan is the plan of the pools after the rules so far.
type poolPlan struct {
	changes  []capacity.PoolChange
	short    []pools.QuotaExceeded
	warnings []string
	// held are the Workspaces of which nothing may change, with the reason; raise is what the change costs.
	held  map[workspace.Key]string
	raise capacity.Cost
	// waits are those that wait for others, and facts what happens to each Workspace.
	waits hold.Waits
	facts []*transition // of Desired.Workloads, in their order
	lasts lasts
}

// rule changes the result of the plain comparison of pools.
type rule struct {
	name  string // for a debugger
	apply func(p *poolPlan, in *LiveInput)
}

// rules run in this order. Each gets the result of the rules before it.
var rules = []rule{
	// First, on the plain comparison: it turns updates into deletions and makes creations wait for them.
	{"replace pools that got no nodes", func(p *poolPlan, in *LiveInput) {
		pools.ReplaceUnprovisionable(p.changes, in.Seen.Unprovisionable)
	}},
	// After that, since a replaced pool needs no repair. It changes only pools without another change.
	{"repair pools whose GPUs are missing", func(p *poolPlan, in *LiveInput) {
		pools.RecreateWithoutGPUs(p.changes, in.Seen.WithoutGPUs, in.Seen.Unavailable, in.Seen.Now)
	}},
	// After all rules that request nodes, and before those that count them: held nodes take no quota.
	{"hold sizes that are unavailable", func(p *poolPlan, in *LiveInput) {
		pools.HoldUnavailable(p.changes, in.Seen.Unavailable, in.Seen.Quota, in.Seen.Now)
	}},
	// After all rules that make a change.
	{"hold everything while the cluster is stopped", func(p *poolPlan, in *LiveInput) {
		pools.HoldStopped(p.changes, in.Seen.Pools)
	}},
	// After all rules that delete pools.
	{"ignore budgets on idle pools", func(p *poolPlan, in *LiveInput) {
		pools.IgnoreBudgets(p.changes, func(pool string) bool { return idle(pool, in.Seen) })
	}},
	// Before quota: a refused Workspace takes none.
	{"hold nodes of refused Workspaces", func(p *poolPlan, in *LiveInput) {
		hold.Refused(p.changes, in.Desired, refusals(in.Previews, in.Desired.Objects))
	}},
	// After all rules that make a change, and before quota: what a policy holds takes none.
	{"hold what is too dear for one change", holdByCost},
	// After all rules that hold a Workspace: one that cannot go takes no turn.
	{"hold what restarts while others do", holdInTurn},
	// Before quota too, and after all rules that change or delete a pool.
	{"hold pools of Workspaces that are held", func(p *poolPlan, in *LiveInput) {
		hold.Pools(p.changes, in.Desired, in.Seen.State, p.waits.With(p.held))
	}},
	// After all rules that change or delete a pool.
	{"hold all pools while everything is halted", func(p *poolPlan, in *LiveInput) { in.Halted.Pools(p.changes) }},
	// Last: it counts all remaining requests together.
	{"hold what exceeds the quota", holdByQuota},
}

// holdByQuota holds changes that the quota does not allow.
func holdByQuota(p *poolPlan, in *LiveInput) {
	if !asksForNodes(p.changes) {
		return
	}
	quota, err := in.Quota()
	switch {
	case errors.Is(err, capacity.ErrQuotaLater):
		pools.HoldGrowth(p.changes, err.Error())
	case err != nil:
		p.warnings = append(p.warnings, "quota is unknown: "+err.Error())
	}
	joined := map[string]int{}
	for _, n := range in.Seen.State.Nodes {
		joined[n.Pool]++
	}
	p.short = pools.CheckQuota(p.changes, pools.ReserveStarted(quota, in.Seen.Pools, joined))
	pools.HoldBack(p.changes, p.short)
	if in.Policy.Changes.UnknownQuota == diag.Fail {
		hold.Unknown(p.changes, p.short)
	}
}

func asksForNodes(pools []capacity.PoolChange) bool {
	for _, c := range pools {
		if c.Op == capacity.Create || c.Op == capacity.Update {
			return true
		}
	}
	return false
}
