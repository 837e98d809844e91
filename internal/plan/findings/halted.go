// SPDX-License-Identifier: Apache-2.0

package findings

import (
	"fmt"
	"slices"

	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/plan"
	"syncer.dev/syncer/internal/plan/mass"
	"syncer.dev/syncer/internal/workspace"
	"syncer.dev/syncer/internal/workspace/suspension"
)

// suspended says which suspensions of the head hold, and for how many of the Workspaces that change.
func suspended(r *review) {
	if r.After == nil {
		return
	}
	for i := range r.After.Suspensions {
		s := &r.After.Suspensions[i]
		if !suspension.Holds(s, r.Now) {
			continue
		}
		n, all := 0, 0
		for j := range r.Plan.Workspaces {
			w := r.Plan.Workspaces[j]
			if w.Op == plan.NoOp {
				continue
			}
			all++
			if in := r.After.Find(w.Key); in != nil && suspension.Selects(s, in) || in == nil && suspension.MaySelect(s, w.Key) {
				n++
			}
		}
		if all == 0 && r.Before != nil && slices.ContainsFunc(r.Before.Suspensions, func(b workspace.Suspension) bool {
			return b.Name == s.Name && b.Reason == s.Reason && b.Until.Equal(s.Until)
		}) {
			continue // it is as before, and the change is not its concern
		}
		r.say(plan.Suspended, diag.Warn,
			fmt.Sprintf("%s; of the models that this plan changes it holds back %d of %d", suspension.Why(s), n, all),
			"what is held is carried out once the Suspend is removed, or has ended")
	}
}

// observed says that nothing is written for a Workspace.
func observed(r *review, s *subject) {
	if s.new != nil && s.new.Observed() {
		r.tell(s, plan.Observed, diag.Warn, "syncer only reports on it, and carries nothing out",
			"remove the annotation "+workspace.AnnotationMode+" to let syncer write")
	}
}

// massDeletion says that a plan removes more Workspaces or plain objects at once than the policy allows without a word
// of its author.
func massDeletion(r *review) {
	d := r.Plan.Guard.Mass
	if !d.TooMany() {
		return
	}
	verdict := diag.Fail
	switch {
	case !d.Held():
		r.say(plan.MassDeletion, diag.Off, d.String()+", as the trailer "+mass.Trailer+" allows", "")
		return
	case r.Plan.Base != plan.Live:
		verdict = diag.Warn // the commit that merges it may have the trailer
	}
	r.say(plan.MassDeletion, verdict, d.String(), d.Hint())
}

// claims says which volume claims stay although they are not desired any more, and how they go.
func claims(r *review) {
	for i := range r.Plan.Changes {
		c := r.Plan.Changes[i]
		if c.Op == plan.Hold && c.Live != nil && cluster.IsClaim(c.Live.Ref) && !c.Held && r.Plan.Guard.NoDeletions == "" {
			r.say(plan.ClaimKept, diag.Off, c.Target+": "+c.Reason, "")
		}
	}
}
