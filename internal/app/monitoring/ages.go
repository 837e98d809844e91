// SPDX-License-Identifier: Apache-2.0

package monitoring

import (
	"time"

	"syncer.dev/syncer/internal/reconcile"
	"syncer.dev/syncer/internal/workspace"
)

// ages follows commits on their way: when each was made, which Workspaces it has changed, and which of them are ready
// with it. A commit that the process finds at its start has an unknown age: it may have been applied long ago.
type ages struct {
	made    map[string]time.Time // commits on their way, by hash
	tip     string               // the last that was seen; "" before the first
	applied string               // the last that is applied
	reached map[workspace.Key]string
}

// maxOnTheirWay bounds the commits that are followed: Workspaces that never become ready must not keep all of them.
const maxOnTheirWay = 1000

func newAges() ages {
	return ages{made: map[string]time.Time{}, reached: map[workspace.Key]string{}}
}

// passed takes the outcome of a pass, and returns the ages of commits that it has applied, and those at which
// Workspaces have become ready.
func (a *ages) passed(o reconcile.Outcome, now time.Time) (applied, ready []time.Duration) {
	if o.Commit != "" && o.Commit != a.tip {
		if a.tip != "" && !o.CommittedAt.IsZero() && len(a.made) < maxOnTheirWay {
			a.made[o.Commit] = o.CommittedAt
		}
		if a.tip == "" {
			a.applied = o.Commit
		}
		a.tip = o.Commit
	}
	if o.Carried && o.Commit != a.applied {
		if made, known := a.made[o.Commit]; known && !o.Unchanged {
			applied = append(applied, age(made, now))
		}
		a.applied = o.Commit
	}
	if o.Unchanged {
		return applied, nil
	}
	needed := map[string]bool{a.tip: true}
	reached := make(map[workspace.Key]string, len(o.Reports))
	for _, r := range o.Reports {
		if r.DesiredCommit != "" {
			needed[r.DesiredCommit] = true
		}
		if !serves(r.State) || r.ObservedCommit == "" {
			needed[r.ObservedCommit] = true
			reached[r.Key] = a.reached[r.Key]
			continue
		}
		made, known := a.made[r.ObservedCommit]
		if before := a.reached[r.Key]; known && before != r.ObservedCommit {
			ready = append(ready, age(made, now))
		}
		reached[r.Key] = r.ObservedCommit
	}
	a.reached = reached
	for commit := range a.made {
		if !needed[commit] {
			delete(a.made, commit)
		}
	}
	return applied, ready
}

// age is the time since a commit. The clock of its author may be ahead.
func age(made, now time.Time) time.Duration { return max(now.Sub(made), 0) }
