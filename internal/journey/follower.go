// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"slices"
	"time"

	"syncer.dev/syncer/internal/plan"
	"syncer.dev/syncer/internal/reconcile"
	"syncer.dev/syncer/internal/status"
	"syncer.dev/syncer/internal/workspace"
)

// Follower follows the commits of one source on their way to one cluster. New returns one; only one goroutine may use
// it. It belongs to one term of a leader: the next leader has another one.
type Follower struct {
	cluster, ref string

	ways  []*way // the oldest first
	tip   arrival
	began bool // a pass was seen that made a plan
	// target is the commit that last changed each Workspace.
	target map[workspace.Key]string
}

// arrival is the commit that is the tip.
type arrival struct {
	commit, subject string
	committed, seen time.Time
	fetch           reconcile.Ran
	planned         bool
}

// maxWays bounds the commits that are followed at once: Workspaces that never become ready must not keep all of them.
const maxWays = 100

// maxAge is how long before its fetch a commit may have been made for the way to begin there. A commit that was pushed
// later than that, or by a clock that is ahead, begins with the fetch. The day is a guess.
const maxAge = 24 * time.Hour

// New returns a Follower. ref is the branch, tag or commit that is followed.
func New(cluster, ref string) *Follower {
	return &Follower{cluster: cluster, ref: ref, target: map[workspace.Key]string{}}
}

// Passed takes the outcome of a pass that ended now, and returns the spans that have ended with it.
func (f *Follower) Passed(o reconcile.Outcome, now time.Time) []Span {
	f.arrived(o, now)
	if o.Unchanged || o.Plan.Head == "" || o.Plan.Head != f.tip.commit {
		return nil
	}
	p := newPassed(o, now)
	p.continues = !f.began
	f.begin(p)
	var out []Span
	for _, w := range f.ways {
		out = append(out, w.passed(p)...)
	}
	f.began, f.tip.planned = true, true
	var open []*way
	for _, w := range f.ways {
		if !w.over() {
			open = append(open, w)
			continue
		}
		out = append(out, w.end(now, ""))
	}
	for len(open) > maxWays {
		out = append(out, open[0].abandon(now)...)
		open = open[1:]
	}
	f.ways = slices.Clone(open)
	return out
}

// arrived records the tip.
func (f *Follower) arrived(o reconcile.Outcome, now time.Time) {
	if o.Commit == "" || o.Commit == f.tip.commit {
		return
	}
	f.tip = arrival{commit: o.Commit, subject: o.Subject, committed: o.CommittedAt, seen: now}
	for _, r := range o.Ran {
		if r.Step == reconcile.StepFetch {
			f.tip.fetch, f.tip.seen = r, r.Began
		}
	}
}

// start is when the way of the tip begins.
func (a arrival) start() time.Time {
	if a.committed.IsZero() || a.committed.After(a.seen) || a.seen.Sub(a.committed) > maxAge {
		return a.seen
	}
	return a.committed
}

// begin finds the commits that begin their way with a pass, and lets Workspaces join the way of their commit.
func (f *Follower) begin(p *passed) {
	target := make(map[workspace.Key]string, len(p.o.Reports))
	for _, r := range p.o.Reports {
		target[r.Key] = targetOf(r)
		if commit := target[r.Key]; commit != "" && f.sets(r, p) {
			f.way(commit, p).join(r, p, commit)
		}
	}
	if f.began && !f.tip.planned && p.writes() { // plain objects, presets, and what is removed
		w := f.way(f.tip.commit, p)
		for i := range p.o.Plan.Changes {
			c := p.o.Plan.Changes[i]
			if r := p.reports[c.Workspace]; c.Op != plan.NoOp && r != nil && !f.follows(c.Workspace) {
				w.join(r, p, target[c.Workspace])
			}
		}
	}
	f.target = target
}

// sets reports whether a commit sets out on its way to a Workspace: it is the first to change it so. A process that
// has just begun continues the ways of those that are not at their end, as the status branch has them.
func (f *Follower) sets(r *status.Report, p *passed) bool {
	if f.began {
		return f.target[r.Key] != targetOf(r)
	}
	was := p.previous[r.Key]
	switch {
	case was == nil:
		return p.result(r) == ""
	case targetOf(was) != targetOf(r):
		return true
	case p.result(r) != "":
		return false
	}
	return r.State == status.Pending || r.DesiredCommit != "" || targetOf(r) == f.tip.commit
}

// follows reports whether a Workspace is on its way with any commit.
func (f *Follower) follows(key workspace.Key) bool {
	return slices.ContainsFunc(f.ways, func(w *way) bool { return w.stops[key] != nil && w.stops[key].result == "" })
}

// way returns the way of a commit, which may begin with this.
func (f *Follower) way(commit string, p *passed) *way {
	if i := slices.IndexFunc(f.ways, func(w *way) bool { return w.commit == commit }); i >= 0 {
		return f.ways[i]
	}
	w := &way{
		commit: commit, trace: TraceOf(f.cluster, commit), stops: map[workspace.Key]*stop{}, pools: map[string]*lasting{},
		start: p.now,
	}
	w.attributes = []Attribute{{KeyCommit, commit}, {KeyRef, f.ref}, {KeyCluster, f.cluster}}
	if commit == f.tip.commit {
		w.start, w.isTip = f.tip.start(), true
		w.attributes = append(w.attributes, Attribute{KeySubject, f.tip.subject})
		if !f.tip.committed.IsZero() {
			w.attributes = append(w.attributes, Attribute{KeyCommitted, f.tip.committed.UTC().Format(time.RFC3339)})
		}
		w.arrived = f.tip
	}
	f.ways = append(f.ways, w)
	return w
}

// targetOf returns the commit that last changed a Workspace.
func targetOf(r *status.Report) string {
	if r.DesiredCommit != "" {
		return r.DesiredCommit
	}
	return r.ObservedCommit
}
