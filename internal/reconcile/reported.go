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

// follows is what follows from the last reports alone. What is nil is made when it is needed.
type follows struct {
	states    map[string]int // number of Workspaces, by state
	complete  status.CompletePools
	firstSeen map[workspace.Key]time.Time
	reported  map[workspace.Key]rollout.Reported
	carried   map[workspace.Key]reviewed.CarriedOut // without those of which nothing was
}

// setReports keeps reports, and what follows from them: that of each report that is another.
func (l *Loop) setReports(reports []*status.Report) {
	next := l.follows
	if next.states = maps.Clone(next.states); next.states == nil {
		next.states = map[string]int{}
	}
	pools := false
	copied := changes{&next, false, false, false}
	for was, is := range status.Differences(l.reports, reports) {
		count(next.states, was, -1)
		count(next.states, is, 1)
		pools = pools || was != nil && len(was.Pools) > 0 || is != nil && len(is.Pools) > 0
		copied.add(was, is)
	}
	if pools {
		next.complete = status.CompleteIn(reports)
	}
	l.reports, l.follows = reports, next
}

// changes are those of maps: each is copied before its first change, because an earlier plan may compare with it.
type changes struct {
	to                           *follows
	firstSeen, reported, carried bool
}

// add changes what follows from one report: was is nil for a new one, and is for one that is gone.
func (c *changes) add(was, is *status.Report) {
	if is == nil {
		remove(&c.to.firstSeen, &c.firstSeen, was.Key)
		remove(&c.to.reported, &c.reported, was.Key)
		remove(&c.to.carried, &c.carried, was.Key)
		return
	}
	if was == nil || !was.FirstSeen.Equal(is.FirstSeen) {
		set(&c.to.firstSeen, &c.firstSeen, is.Key, is.FirstSeen)
	}
	if said := shared.Reported(is); was == nil || shared.Reported(was) != said {
		set(&c.to.reported, &c.reported, is.Key, said)
	}
	if was == nil || was.CarriedOut != is.CarriedOut {
		set(&c.to.carried, &c.carried, is.Key, is.CarriedOut)
	}
}

func set[T any](in *map[workspace.Key]T, copied *bool, k workspace.Key, value T) {
	if copyOnce(in, copied) {
		(*in)[k] = value
	}
}

func remove[T any](in *map[workspace.Key]T, copied *bool, k workspace.Key) {
	if copyOnce(in, copied) {
		delete(*in, k)
	}
}

// copyOnce makes a map one that may be changed. It is false for one that is not made yet.
func copyOnce[T any](in *map[workspace.Key]T, copied *bool) bool {
	if *in != nil && !*copied {
		*in, *copied = maps.Clone(*in), true
	}
	return *in != nil
}

// count adds a report to the states.
func count(states map[string]int, r *status.Report, n int) {
	if r == nil {
		return
	}
	if states[string(r.State)] += n; states[string(r.State)] == 0 {
		delete(states, string(r.State))
	}
}

// firstSeen returns when each Workspace was first reported on.
func (l *Loop) firstSeen() map[workspace.Key]time.Time {
	if l.share.Divided() { // others have their part in it
		return l.others.FirstSeen(l.reports)
	}
	if l.follows.firstSeen == nil {
		l.follows.firstSeen = l.others.FirstSeen(l.reports)
	}
	return l.follows.firstSeen
}

// reported returns what the last reports say that a plan depends on; nil before they could be read.
func (l *Loop) reported() map[workspace.Key]rollout.Reported {
	if !l.folder.Known() {
		return nil
	}
	if l.follows.reported != nil && !l.share.Divided() {
		return l.follows.reported
	}
	out := make(map[workspace.Key]rollout.Reported, len(l.reports))
	for _, r := range l.reports {
		out[r.Key] = shared.Reported(r)
	}
	l.others.AddTo(out)
	if !l.share.Divided() {
		l.follows.reported = out
	}
	return out
}

// carriedOut returns what was carried out, by Workspace.
func (l *Loop) carriedOut() map[workspace.Key]reviewed.CarriedOut {
	alone := len(l.leaving) == 0 && !l.share.Divided()
	if l.follows.carried != nil && alone {
		return l.follows.carried
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
		l.follows.carried = out
	}
	return out
}
