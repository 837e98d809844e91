// SPDX-License-Identifier: Apache-2.0

package reconcile

import (
	"context"
	"maps"
	"slices"

	"syncer.dev/syncer/internal/components"
	"syncer.dev/syncer/internal/desired"
	"syncer.dev/syncer/internal/engine"
	"syncer.dev/syncer/internal/plan"
	"syncer.dev/syncer/internal/plan/reviews"
	"syncer.dev/syncer/internal/reviewed"
	"syncer.dev/syncer/internal/status"
	"syncer.dev/syncer/internal/workspace"
)

// readReviews reads what reviewers were shown, as often as the source. After an error the last records count.
func (l *Loop) readReviews(ctx context.Context, p *pass, due Due) {
	if !l.settings.Review.On() || l.reviews == nil || !due.Source && l.records != nil {
		return
	}
	const step = "read reviews"
	records, err := l.reviews.Records(ctx, p.now)
	if err != nil || l.logged[components.Status+" "+step] != "" { // to read does not show that the branch can be written
		l.componentFailed(p, components.Status, step, err)
	}
	switch {
	case err == nil:
		l.records = &records
	case l.records == nil:
		p.unread = status.Redact(err.Error())
	}
}

// reviewed returns the input of the plan that is about reviews.
func (l *Loop) reviewed(p *pass) engine.Reviews {
	out := engine.Reviews{CarriedOut: l.carriedOut()}
	if out.Records.Unread = p.unread; l.records != nil {
		out.Records = *l.records
	}
	if l.reviews != nil {
		out.Accepted = func(ctx context.Context) (map[string]bool, error) {
			return l.reviews.Accepted(ctx, l.revision.Commit)
		}
	}
	return out
}

// judge keeps and logs what comparing the plan with reviews has shown.
func (l *Loop) judge(p *pass, r engine.Result) {
	p.identified, p.unidentified, p.judged = r.Identified, r.Unidentified, map[workspace.Key]reviews.Judged{}
	for _, j := range r.Judged {
		p.judged[j.Workspace] = j
		if !j.OK() {
			l.logOnce(p, "review/"+j.Workspace.String(), j.Workspace.String()+": "+j.Said(l.settings.Review.Policy),
				about(j.Workspace, string(j.Reason))...)
		}
	}
}

// rowOf returns what the plan says of a Workspace, or nil. near is a place where it may be.
func (p *pass) rowOf(near int, k workspace.Key) *plan.Workspace {
	rows := p.plan.Workspaces
	if near < len(rows) && rows[near].Key == k {
		return rows[near]
	}
	i, ok := slices.BinarySearchFunc(rows, k, func(w *plan.Workspace, k workspace.Key) int { return w.Key.Compare(k) })
	if !ok {
		return nil
	}
	return rows[i]
}

// toCarryOut returns what is carried out of a Workspace once nothing is held back; zero while reviews are not compared,
// and for one that is blocked or goes. near is a place where its row may be.
func (p *pass) toCarryOut(near int, w *desired.Workload) reviewed.CarriedOut {
	if !p.identified || w == nil || len(w.Blocked) > 0 {
		return reviewed.CarriedOut{}
	}
	if row := p.rowOf(near, w.Key); row != nil && row.Digest != "" {
		return reviewed.Of(row.Digest, row.Place)
	}
	return reviewed.CarriedOut{}
}

// compared adds to the input of a report what was reviewed of the Workspace, and what of it is held back. w is nil for
// one that goes.
func (p *pass) compared(near int, w *desired.Workload, in *status.Input) {
	if row := p.rowOf(near, in.Key); row != nil {
		in.Held, in.HeldReason = row.Held, heldReasons[row.HeldBy]
	}
	in.CarriedOut = p.toCarryOut(near, w)
	j, ok := p.judged[in.Key]
	if !ok {
		return
	}
	in.Review = &status.Review{Reason: j.Reason, Message: j.Judgement.Text}
}

// leave remembers what was carried out for Workspaces without a report, as long as something of them is live: their
// deletion goes on, and is still the one that was reviewed.
func (l *Loop) leave(p *pass, reports []*status.Report) {
	leaving := map[workspace.Key]reviewed.CarriedOut{}
	for i := 0; len(l.leaving) > 0 && i < len(p.state.Objects); i++ {
		key := p.state.Objects[i].Workspace
		if was, ok := l.leaving[key]; ok {
			leaving[key] = was
		}
	}
	for was, is := range status.Differences(l.reports, reports) {
		if is == nil {
			leaving[was.Key] = was.CarriedOut
		}
	}
	maps.DeleteFunc(leaving, func(k workspace.Key, _ reviewed.CarriedOut) bool {
		_, reported := status.Find(reports, k)
		return reported
	})
	l.leaving = leaving
}
