// SPDX-License-Identifier: Apache-2.0

package reconcile

import (
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

// carriedOut returns what finds what was carried out so far: by the reports of this process, and of those that write
// other Workspaces.
func (l *Loop) carriedOut() reviewed.Lookup {
	reports, leaving, others := l.reports, l.leaving, l.others.Reports()
	return func(near int, k workspace.Key) reviewed.CarriedOut {
		if r, known := others[k]; len(others) > 0 && known {
			return r.CarriedOut
		}
		if near >= len(reports) || reports[near].Key != k {
			near, _ = status.Find(reports, k)
		}
		if near < len(reports) && reports[near].Key == k && reports[near].CarriedOut != (reviewed.CarriedOut{}) {
			return reports[near].CarriedOut
		}
		return leaving[k]
	}
}
