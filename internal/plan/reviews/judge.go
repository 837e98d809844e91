// SPDX-License-Identifier: Apache-2.0

package reviews

import (
	"fmt"
	"slices"
	"time"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/plan"
	"syncer.dev/syncer/internal/reviewed"
	"syncer.dev/syncer/internal/workspace"
)

// Input is what a plan is judged by.
type Input struct {
	Policy     reviewed.Policy
	Records    reviewed.Records
	CarriedOut reviewed.Lookup // by the place in Plan.Workspaces
	// Accepts reports whether a commit of the followed branch accepts a plan, by its digest. Judge asks only about plans
	// that no review covers.
	Accepts func(digest string) bool
	Now     time.Time
}

// Judged is the result for one Workspace that a plan changes.
type Judged struct {
	reviewed.Judgement
	Workspace workspace.Key
	// Accept is the digest that a commit names to accept this plan.
	Accept string
}

// Text says the result, and of a plan that may not be carried out how to accept it.
func (j Judged) Text() string {
	if j.OK() {
		return j.Judgement.Text
	}
	return j.Judgement.Text + "; " + j.Hint()
}

// Said is the Text of a policy: what is carried out all the same need not be accepted.
func (j Judged) Said(p reviewed.Policy) string {
	if j.OK() || p.Verdict == reviewed.Require {
		return j.Text()
	}
	return j.Judgement.Text + "; it is carried out, because policy.review.verdict is " + string(p.Verdict)
}

// Hint says how to accept the plan.
func (j Judged) Hint() string {
	return fmt.Sprintf("review it in a pull request, or accept exactly this by a commit on the followed branch with the "+
		"trailer \"%s: %s\"", reviewed.TrailerAccept, j.Accept)
}

// Judge compares each Workspace that a plan changes with what was shown of it. Workspaces whose changes are carried out
// already are left out, and so is everything while the verdict is off. The order is that of the plan.
func Judge(p *plan.Plan, in Input) []Judged {
	if !in.Policy.On() {
		return nil
	}
	var out []Judged
	for i := range p.Workspaces {
		w := p.Workspaces[i]
		step := carriesOut(p, w) || usesOther(w)
		if !step && !mayMove(w) { // as most
			continue
		}
		carried := in.CarriedOut(i, w.Key)
		if !step && !moves(w, carried) {
			continue
		}
		c := reviewed.Case{Workspace: w.Key, Digest: key(w), Now: Shown(p, w), CarriedOut: carried}
		j := Judged{
			Judgement: reviewed.Judge(in.Records, c, in.Policy, in.Now),
			Workspace: w.Key,
			Accept:    reviewed.PlanDigest(p.Cluster, w.Key, c.Digest, c.Now),
		}
		if !j.OK() && in.Accepts(j.Accept) {
			j.Judgement = reviewed.Judgement{Reason: diag.PlanAccepted, Text: "accepted by a commit with the trailer \"" +
				reviewed.TrailerAccept + ": " + j.Accept + "\""}
		}
		if j.Reason != "" {
			out = append(out, j)
		}
	}
	return out
}

// carriesOut reports whether the plan has a step for a Workspace. The deletion of one whose objects are gone, and that
// leaves only its nodes, has been carried out already.
func carriesOut(p *plan.Plan, w *plan.Workspace) bool {
	if w.Op != plan.Delete {
		return changes(w)
	}
	return slices.ContainsFunc(p.Changes, func(c *plan.Change) bool {
		return c.Workspace == w.Key && c.Op == plan.Delete && c.Live != nil && c.Live.Kind != "NodePool"
	})
}

// usesOther reports whether nothing of a Workspace itself changes, but an object of the repository that its pods use.
func usesOther(w *plan.Workspace) bool { return w.Op == plan.NoOp && len(w.Uses) > 0 }

// mayMove reports whether a Workspace without a step of its own has nodes of a size that syncer chose, so that it may
// run elsewhere than it does.
func mayMove(w *plan.Workspace) bool {
	return (w.Op == plan.NoOp || w.Op == plan.Hold) &&
		len(w.Blocked) == 0 && w.Place.InstanceType != "" && w.Place.Nodes > 0
}

// moves reports whether a Workspace that may move does: it gets nodes before its objects change, or nodes in a pool
// that others share.
func moves(w *plan.Workspace, c reviewed.CarriedOut) bool {
	if w.Op == plan.Hold { // until its new nodes are ready
		return !c.Covers(w.Digest, w.Place)
	}
	return c.InstanceType != "" && !c.Told && !c.Covers(c.Digest, w.Place)
}

// Held says for each Workspace that must not change why; nil unless the policy requires reviews.
func Held(judged []Judged, p reviewed.Policy) map[workspace.Key]string {
	if p.Verdict != reviewed.Require {
		return nil
	}
	out := map[workspace.Key]string{}
	for _, j := range judged {
		if !j.OK() {
			out[j.Workspace] = j.Text()
		}
	}
	return out
}

// Findings says of each Workspace that is not reviewed, or worse, what a reader of the plan must know.
func Findings(judged []Judged, p reviewed.Policy) []plan.Finding {
	verdict := diag.Warn
	if p.Verdict == reviewed.Require {
		verdict = diag.Fail
	}
	var out []plan.Finding
	for _, j := range judged {
		if j.OK() {
			continue
		}
		kind := plan.NotReviewed
		if j.Reason == diag.WorseThanReviewed {
			kind = plan.WorseThanReviewed
		}
		text := j.Judgement.Text
		if verdict == diag.Warn {
			text = j.Said(p)
		}
		out = append(out, plan.Finding{
			Workspace: j.Workspace, Kind: kind, Verdict: verdict, Text: text, Hint: j.Hint(),
		})
	}
	return out
}
