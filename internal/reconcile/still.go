// SPDX-License-Identifier: Apache-2.0

package reconcile

import (
	"context"
	"maps"
	"reflect"
	"slices"
	"time"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/unavailable"
	"syncer.dev/syncer/internal/plan"
	"syncer.dev/syncer/internal/reviewed"
	"syncer.dev/syncer/internal/workspace"
	"syncer.dev/syncer/internal/workspace/suspension"
)

// fixpoint is what a pass has observed that changed nothing: it wrote nothing, recorded nothing, and left its own
// inputs as they were. Another pass with the same inputs would do the same again; see the package comment.
type fixpoint struct {
	inputs      string // Revision.Inputs
	allowEmpty  bool
	state       uint64 // cluster.State.Version
	pools       []capacity.LivePool
	unavailable unavailable.Offerings
	lost        map[string]bool // pools that get no nodes
	quota       capacity.Quota
	quotaErr    string
	records     *reviewed.Records
	until       time.Time // when progress is to be recorded; zero: nothing waits
	ends        time.Time // when the next suspension of the source ends; zero: none does
	pause       time.Time // when what is known of pools and offerings changes by itself; zero: it does not
	out         Outcome
}

// still reports whether the pass would do what the last one did, which is nothing, and ends the pass if so.
func (l *Loop) still(ctx context.Context, p *pass, due Due) bool {
	f := l.fix
	reached := func(at time.Time) bool { return !at.IsZero() && !p.now.Before(at) }
	switch {
	case f == nil || due.Everything || l.settings.Thorough || p.out.Err != nil:
		return false
	case l.revision.Inputs != f.inputs || l.revision.AllowEmpty != f.allowEmpty, l.asksAgain(f):
		return false
	case p.state.Version == 0 || p.state.Version != f.state:
		return false
	case reached(f.until), reached(f.ends), reached(f.pause), !f.out.Plan.Holds(l.revision.Commit, p.now):
		return false
	case l.pools.Overdue() || !reflect.DeepEqual(l.listed, f.pools), !l.sameOfferings(f):
		return false
	case textOf(p.seen.quotaErr) != f.quotaErr || !reflect.DeepEqual(p.seen.quota, f.quota):
		return false
	case !sameRecords(l.records, f.records):
		return false
	}
	return l.answersHold(ctx, p)
}

// answersHold reports whether what the cluster answers without an event is what it was: the objects that Workspaces
// refer to are asked for again when it is time.
func (l *Loop) answersHold(ctx context.Context, p *pass) bool {
	due := func() bool {
		at := l.due()
		return !at.IsZero() && !p.now.Before(at)
	}
	if l.due != nil && !due() {
		return true
	}
	return l.engine.Unchanged(ctx, *l.revision, p.now) && (l.due == nil || !due())
}

// sameOfferings reports whether the executor knows the same of what Azure has.
func (l *Loop) sameOfferings(f *fixpoint) bool {
	return slices.Equal(l.pools.Unavailable().Entries, f.unavailable.Entries) &&
		maps.Equal(l.pools.Unprovisionable(), f.lost)
}

// asksAgain reports whether commits are to be asked what they allow to be deleted: a trailer is in no input.
func (l *Loop) asksAgain(f *fixpoint) bool {
	return f.out.Plan.Guard.Mass.Any() && l.revision.Commit != f.out.Commit
}

// keep remembers the pass if it changed nothing; leaving is Loop.leaving as the pass began.
func (l *Loop) keep(p *pass, leaving map[workspace.Key]reviewed.CarriedOut) {
	o := &p.out
	switch {
	case o.Err != nil, o.Retry, !p.fresh, !l.poolsOK: // also a pass that has asked neither, after one that could not read
		return
	case l.pools.Outdated(p.now), l.pools.Overdue():
		return
	case len(o.Changes) > 0, o.Recorded != "", p.reportsChanged, !maps.Equal(l.leaving, leaving):
		return
	case p.state.Version == 0, len(p.judged) > 0, p.unidentified > 0, !nothingToDo(&p.plan):
		return
	}
	f := fixpoint{
		inputs:      l.revision.Inputs,
		allowEmpty:  l.revision.AllowEmpty,
		ends:        suspension.Next(l.input.Set, p.now),
		state:       p.state.Version,
		pools:       l.listed,
		unavailable: l.pools.Unavailable(),
		lost:        maps.Clone(l.pools.Unprovisionable()),
		pause:       l.pools.Changes(p.now),
		quota:       p.seen.quota,
		quotaErr:    textOf(p.seen.quotaErr),
		records:     l.records,
	}
	if !l.dirtyAt.IsZero() {
		f.until = l.dirtyAt.Add(l.settings.Debounce)
	}
	f.out = *o
	f.out.Previous, f.out.Objects = nil, nil
	f.out.Reports, f.out.Settled = l.reports, l.settled(p)
	l.fix = &f
}

// nothingToDo reports whether a plan changes nothing, also no pool whose change waits for its turn or for the end of a
// back-off, and asks the API server about nothing again: what it refuses now it may accept later. An object that is
// held is not applied, so that the server has no say.
func nothingToDo(p *plan.Plan) bool {
	for _, c := range p.Changes {
		if c.Op != plan.NoOp && (c.Op != plan.Hold || c.Object != nil && !c.Held) {
			return false
		}
	}
	return true
}

// repeat ends a pass that would do what the last one did.
func (l *Loop) repeat(p *pass) Outcome {
	out := l.fix.out
	out.Commit, out.Plan.Head, out.Unchanged = l.revision.Commit, l.revision.Commit, true
	out.Recorded, out.Carried, out.CommittedAt = "", !l.following, l.revision.CommittedAt
	p.ended()
	out.Subject, out.Took, out.Ran = l.revision.Subject, p.out.Took, p.out.Ran
	if !out.Plan.Guard.Mass.Held() {
		l.before = out.Commit // as carried does
	}
	l.health.Passed(p.now, l.follows.States)
	l.health.Failed(l.pools.Failures())
	return out
}

func sameRecords(a, b *reviewed.Records) bool {
	if a == nil || b == nil {
		return a == b
	}
	return reflect.DeepEqual(*a, *b) // the same map is equal at once
}

func textOf(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
