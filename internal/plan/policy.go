// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"fmt"
	"slices"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/pools"
	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/desired"
	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/workspace"
)

// A verdict of section policy that says fail holds a change against what is live: nothing of it is carried out, and
// what runs stays. A plan between two commits shows the change, and a finding that blocks it.

// Reasons of changes that a policy holds.
const (
	heldDeletion     = "policy.deletion is fail, and the Workspace serves"
	heldInterruption = "policy.interruption is fail, and serving would stop"
)

// holdDeletions keeps the Workspaces that serve and are no longer desired, if the policy says so. It asks whether a
// Workspace is meant to serve, rather than whether it is ready: a deletion cannot be undone. The replicas of an
// InferenceSet may go as long as one stays.
func (g *Guard) holdDeletions(in *LiveInput) {
	if in.Policy.Changes.Deletion != diag.Fail {
		return
	}
	g.Held = map[workspace.Key]string{}
	for k, w := range in.Seen.State.Workloads {
		if !g.Present[k] && w.Ref.Kind == "StatefulSet" && w.Replicas > 0 && !ScaledDown(in.Set, k) {
			g.Held[k] = heldDeletion
		}
	}
}

// ScaledDown reports whether a Workspace that is no longer desired was the replica of an InferenceSet that still has
// others.
func ScaledDown(set *workspace.Set, k workspace.Key) bool {
	for i := range set.InferenceSets {
		s := &set.InferenceSets[i]
		if s.Replicas > 0 && s.Namespace == k.Namespace && workspace.ReplicaOf(k.Name, s.Name) {
			return true
		}
	}
	return false
}

// interruptions returns the Workspaces that the policy does not let stop serving, with the reason.
func interruptions(policy desired.ChangePolicy, facts map[workspace.Key]transition) map[workspace.Key]string {
	out := map[workspace.Key]string{}
	if policy.Interruption != diag.Fail {
		return out
	}
	for k := range facts {
		if facts[k].interrupted {
			out[k] = heldInterruption
		}
	}
	return out
}

// holdByCost computes what the change costs, and holds what raises the cost if that is more than the policy allows.
func holdByCost(p *poolPlan, in *LiveInput) {
	raises := raisers(p.changes, in)
	p.raise = raiseOf(p.changes, raises, in)
	policy := in.Policy.Changes
	if policy.CostDelta != diag.Fail || !TooDear(p.raise, policy) {
		return
	}
	for k := range raises {
		if p.held[k] == "" {
			p.held[k] = fmt.Sprintf("policy.costDelta is fail: %s", DearWords(p.raise, policy))
		}
	}
}

// TooDear reports whether a change raises the cost by more than the policy allows. A rise that is unknown does.
func TooDear(raise capacity.Cost, policy desired.ChangePolicy) bool {
	return !raise.Known || raise.USD > policy.MaxDelta
}

// DearWords says how much dearer a change is, and what the policy allows.
func DearWords(raise capacity.Cost, policy desired.ChangePolicy) string {
	if !raise.Known {
		return fmt.Sprintf("what the change costs is unknown, and policy.costDelta.hourly is %.2f", policy.MaxDelta)
	}
	return fmt.Sprintf("the change costs %.2f USD/h more; policy.costDelta.hourly is %.2f", raise.USD, policy.MaxDelta)
}

// raisers returns the Workspaces for which the plan creates nodes that are new to them. Nodes that only come back do
// not count: those of a pool that was lost, or of a Workspace that gave way to another.
func raisers(changes []capacity.PoolChange, in *LiveInput) map[workspace.Key]bool {
	grows := map[string]bool{}
	for i := range changes {
		if c := &changes[i]; grown(c) > 0 {
			grows[c.Name] = true
		}
	}
	out := map[workspace.Key]bool{}
	for i := range in.Desired.Workloads {
		w := &in.Desired.Workloads[i]
		live, exists := in.Seen.State.Workloads[w.Key]
		if len(w.Blocked) > 0 || w.Waiting != "" && w.Binding.Next == "" {
			continue
		}
		if w.NodePool != nil {
			if w.Held == "" && (!exists || live.Inputs != w.Workspace.Digest) {
				out[w.Key] = true
			}
			continue
		}
		for _, pool := range []string{w.Binding.Pool, w.Binding.Next} {
			if grows[pool] && !(exists && comesBack(&live, w, pool)) {
				out[w.Key] = true
			}
		}
	}
	return out
}

// comesBack reports whether a live workload asks for all of its nodes in a pool already.
func comesBack(live *cluster.Workload, w *desired.Workload, pool string) bool {
	same := live.Inputs == w.Workspace.Digest
	return live.Pool == pool && (live.Ref.Kind == "Job" && same || live.Paused() && same && w.Binding.Yields == "" ||
		!live.Paused() && int(live.Replicas) >= w.Binding.Option.Nodes)
}

// grown returns by how many nodes a change lets a pool grow.
func grown(c *capacity.PoolChange) int {
	if c.Desired == nil || c.Op != capacity.Create && c.Op != capacity.Update {
		return 0
	}
	if c.Live == nil {
		return c.Desired.Count
	}
	return c.Desired.Count - c.Live.Count
}

// raiseOf returns by how much the fleet gets dearer in the end. Pools that grow count only if one of raises uses them.
func raiseOf(changes []capacity.PoolChange, raises map[workspace.Key]bool, in *LiveInput) capacity.Cost {
	sum := capacity.Cost{Known: true}
	users := map[string]bool{}
	for i := range in.Desired.Workloads {
		w := &in.Desired.Workloads[i]
		if raises[w.Key] {
			users[w.Binding.Pool], users[w.Binding.Next] = true, true
		}
		if w.Binding.Next != "" { // its part of the pool that it leaves
			sum = sum.Minus(w.Binding.Cost)
		}
	}
	for i := range changes {
		c := &changes[i]
		switch {
		case c.Live != nil && !c.Live.Owned:
		case c.Desired == nil && c.Op != capacity.Keep: // it goes, now or later
			sum = sum.Minus(c.LiveCost)
		case c.Desired == nil:
		case grown(c) > 0 && !users[c.Name]: // nodes that come back
		case c.Op == capacity.Wait && grownLater(c): // held for another reason
		case c.Op == capacity.Create || c.Op == capacity.Update || c.Op == capacity.Wait:
			sum = sum.Add(c.Desired.HourlyCost).Minus(c.LiveCost)
		}
	}
	return sum.Add(nodePoolRaise(in, raises))
}

// grownLater reports whether a change that waits would let a pool grow.
func grownLater(c *capacity.PoolChange) bool {
	return c.Live == nil || c.Desired.Count > c.Live.Count
}

// nodePoolRaise returns by how much NodePools get dearer.
func nodePoolRaise(in *LiveInput, raises map[workspace.Key]bool) capacity.Cost {
	sum := capacity.Cost{Known: true}
	for i := range in.Desired.Workloads {
		if w := &in.Desired.Workloads[i]; w.NodePool != nil && raises[w.Key] {
			sum = sum.Add(w.NodePool.HourlyCost)
		}
	}
	for _, p := range in.Seen.State.NodePools {
		for i := range in.Desired.Workloads {
			w := &in.Desired.Workloads[i]
			if w.NodePool != nil && w.NodePool.Name == p.Name && raises[w.Key] {
				sum = sum.Minus(w.NodePool.HourlyCost)
			}
		}
	}
	return sum
}

// holdUnknown holds new nodes whose quota is unknown.
func holdUnknown(changes []capacity.PoolChange, short []pools.QuotaExceeded) {
	for i := range changes {
		c := &changes[i]
		for _, s := range short {
			if !s.Limit.Known && grown(c) > 0 && slices.Contains(s.Pools, c.Name) {
				c.Op, c.Reason = capacity.Wait, "policy.unknownQuota is fail: "+s.String()
			}
		}
	}
}
