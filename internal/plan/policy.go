// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"fmt"

	"syncer.dev/syncer/internal/desired"
	"syncer.dev/syncer/internal/diag"
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
	sum, raises := raise.Of(raise.Input{Desired: in.Desired, Live: in.Seen.State, Pools: p.changes})
	p.raise = sum
	policy := in.Policy.Changes
	if policy.CostDelta != diag.Fail || !raise.TooMuch(p.raise, policy) {
		return
	}
	for k := range raises {
		if p.held[k] == "" {
			p.held[k] = fmt.Sprintf("policy.costDelta is fail: %s", raise.Words(p.raise, policy))
		}
	}
}
