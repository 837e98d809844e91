// SPDX-License-Identifier: Apache-2.0

package reconcile

import (
	"maps"
	"time"

	"syncer.dev/syncer/internal/plan/hold"
	"syncer.dev/syncer/internal/plan/rollout"
	"syncer.dev/syncer/internal/reviewed"
	"syncer.dev/syncer/internal/status"
	"syncer.dev/syncer/internal/status/shared"
	"syncer.dev/syncer/internal/workspace"
)

// heldReasons are the reasons of the condition Applied, by what a Workspace waits for.
var heldReasons = map[hold.By]string{
	hold.ByTurn:       status.RolloutWaiting,
	hold.ByFailure:    status.RolloutStopped,
	hold.ByDependency: status.DependencyNotReady,
}

// setReports keeps reports, and what follows from them.
func (l *Loop) setReports(reports []*status.Report) {
	l.follows = l.follows.Next(l.reports, reports)
	l.reports = reports
}

// firstSeen returns when each Workspace was first reported on.
func (l *Loop) firstSeen() map[workspace.Key]time.Time {
	if l.share.Divided() { // others have their part in it
		return l.others.FirstSeen(l.reports)
	}
	if l.follows.FirstSeen == nil {
		l.follows.FirstSeen = l.others.FirstSeen(l.reports)
	}
	return l.follows.FirstSeen
}

// reported returns what the last reports say that a plan depends on; nil before they could be read.
func (l *Loop) reported() map[workspace.Key]rollout.Reported {
	if !l.folder.Known() {
		return nil
	}
	if l.follows.Reported != nil && !l.share.Divided() {
		return l.follows.Reported
	}
	out := make(map[workspace.Key]rollout.Reported, len(l.reports))
	for _, r := range l.reports {
		out[r.Key] = shared.Reported(r)
	}
	l.others.AddTo(out)
	if !l.share.Divided() {
		l.follows.Reported = out
	}
	return out
}

// carriedOut returns what was carried out, by Workspace.
func (l *Loop) carriedOut() map[workspace.Key]reviewed.CarriedOut {
	alone := len(l.leaving) == 0 && !l.share.Divided()
	if l.follows.Carried != nil && alone {
		return l.follows.Carried
	}
	out := maps.Clone(l.leaving)
	if out == nil {
		out = map[workspace.Key]reviewed.CarriedOut{}
	}
	for _, r := range l.reports {
		if r.CarriedOut != (reviewed.CarriedOut{}) {
			out[r.Key] = r.CarriedOut
		}
	}
	for key, r := range l.others.Reports() {
		out[key] = r.CarriedOut
	}
	if alone {
		l.follows.Carried = out
	}
	return out
}
