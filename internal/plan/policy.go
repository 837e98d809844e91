// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"maps"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/plan/hold"
	"syncer.dev/syncer/internal/plan/raise"
	"syncer.dev/syncer/internal/workspace"
)

// A verdict of section policy that says fail holds a change against what is live: nothing of it is carried out, and
// what runs stays. A plan between two commits shows the change, and a finding that blocks it.

// Reasons of changes that a policy holds.
const (
	heldDeletion     = "policy.deletion is fail, and the Workspace serves"
	heldInterruption = "policy.interruption is fail, and serving would stop"
)

// held returns the Workspaces of which nothing may change, with the reason, but for those that cost too much. present
// are the Workspaces of the source.
//
// For a deletion it asks whether a Workspace is meant to serve, rather than whether it is ready: a deletion cannot be
// undone. The replicas of an InferenceSet may go as long as one stays.
func (c *Comparison) held(in *LiveInput, present map[workspace.Key]bool) map[workspace.Key]string {
	out := map[workspace.Key]string{}
	maps.Copy(out, in.Unreviewed)
	if in.Policy.Changes.Interruption == diag.Fail {
		for i := range c.facts {
			if c.facts[i].interrupted {
				out[c.Desired.Workloads[i].Key] = heldInterruption
			}
		}
	}
	if in.Policy.Changes.Deletion == diag.Fail {
		for k, w := range in.Seen.State.Workloads {
			if !present[k] && w.Ref.Kind == "StatefulSet" && w.Replicas > 0 && !ScaledDown(in.Set, k) {
				out[k] = heldDeletion
			}
		}
	}
	return in.Halted.With(out)
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

// holdByCost computes what the change costs, and holds what raises the cost if that is more than the policy allows.
func holdByCost(p *poolPlan, in *LiveInput) {
	sum, raises := raise.Of(raise.Input{Desired: in.Desired, Live: in.Seen.State, Pools: p.changes})
	p.raise = sum
	policy := in.Policy.Changes
	if policy.CostDelta != diag.Fail || !raise.TooMuch(p.raise, policy) {
		return
	}
	held := map[workspace.Key]string{}
	for k := range raises {
		held[k] = "policy.costDelta is fail: " + raise.Words(p.raise, policy)
	}
	maps.Copy(held, p.held)
	p.held = hold.Spread(held, in.Desired, in.Previews)
}
