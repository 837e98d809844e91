// SPDX-License-Identifier: Apache-2.0

package reconcile

import (
	"context"
	"maps"
	"slices"

	"syncer.dev/syncer/internal/components"
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
	out := engine.Reviews{CarriedOut: make(map[workspace.Key]reviewed.CarriedOut, len(l.reports))}
	maps.Copy(out.CarriedOut, l.leaving)
	for i := range l.reports {
		out.CarriedOut[l.reports[i].Key] = l.reports[i].CarriedOut
	}
	for key, r := range l.others.Reports() {
		out.CarriedOut[key] = r.CarriedOut
	}
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
	p.digests, p.judged = r.Digests, map[workspace.Key]reviews.Judged{}
	for _, j := range r.Judged {
		p.judged[j.Workspace] = j
		if !j.OK() {
			l.logOnce(p, "review/"+j.Workspace.String(), j.Workspace.String()+": "+j.Said(l.settings.Review.Policy),
				about(j.Workspace, string(j.Reason))...)
		}
	}
}

// compared adds to the input of a report what was reviewed of the Workspace, and what of it is held back.
func (l *Loop) compared(p *pass, in *status.Input) {
	i, ok := slices.BinarySearchFunc(p.plan.Workspaces, in.Key, func(w *plan.Workspace, k workspace.Key) int {
		return w.Key.Compare(k)
	})
	if ok {
		w := p.plan.Workspaces[i]
		in.Held, in.HeldReason = w.Held, heldReasons[w.HeldBy]
		in.CarriedOut = reviewed.Of(p.digests[in.Key], w.Place)
	}
	j, ok := p.judged[in.Key]
	if !ok {
		return
	}
	in.Review = &status.Review{Reason: j.Reason, Message: j.Judgement.Text}
}

// leave remembers what was carried out for Workspaces without a report, as long as something of them is live: their
// deletion goes on, and is still the one that was reviewed.
func (l *Loop) leave(p *pass, reports []status.Report) {
	leaving := map[workspace.Key]reviewed.CarriedOut{}
	for _, o := range p.state.Objects {
		if was, ok := l.leaving[o.Workspace]; ok {
			leaving[o.Workspace] = was
		}
	}
	for i := range l.reports {
		leaving[l.reports[i].Key] = l.reports[i].CarriedOut
	}
	for i := range reports {
		delete(leaving, reports[i].Key)
	}
	l.leaving = leaving
}
