// SPDX-License-Identifier: Apache-2.0

// Package follows keeps what follows from reports alone, at the cost of those that are others. Pure.
package follows

import (
	"maps"
	"time"

	"syncer.dev/syncer/internal/plan/rollout"
	"syncer.dev/syncer/internal/status"
	"syncer.dev/syncer/internal/status/shared"
	"syncer.dev/syncer/internal/workspace"
)

// Follows is what follows from the last reports alone. The maps do not change: another pass has others. Those that are
// nil are made when they are needed.
type Follows struct {
	States    map[string]int // number of Workspaces, by state
	Complete  Complete
	FirstSeen map[workspace.Key]time.Time
	Reported  map[workspace.Key]rollout.Reported
}

// Next returns what follows from the reports after these, each set in the order of its keys.
func (f Follows) Next(before, after []*status.Report) Follows {
	next := f
	if next.States = maps.Clone(next.States); next.States == nil {
		next.States = map[string]int{}
	}
	pools := false
	copied := changes{&next, false, false}
	for was, is := range status.Differences(before, after) {
		count(next.States, was, -1)
		count(next.States, is, 1)
		pools = pools || was != nil && len(was.Pools) > 0 || is != nil && len(is.Pools) > 0
		copied.add(was, is)
	}
	if pools {
		next.Complete = CompleteIn(after)
	}
	return next
}

// changes are those of maps: each is copied before its first change, because an earlier plan may compare with it.
type changes struct {
	to                  *Follows
	firstSeen, reported bool
}

// add changes what follows from one report: was is nil for a new one, and is for one that is gone.
func (c *changes) add(was, is *status.Report) {
	if is == nil {
		remove(&c.to.FirstSeen, &c.firstSeen, was.Key)
		remove(&c.to.Reported, &c.reported, was.Key)
		return
	}
	if was == nil || !was.FirstSeen.Equal(is.FirstSeen) {
		set(&c.to.FirstSeen, &c.firstSeen, is.Key, is.FirstSeen)
	}
	if said := shared.Reported(is); was == nil || shared.Reported(was) != said {
		set(&c.to.Reported, &c.reported, is.Key, said)
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
