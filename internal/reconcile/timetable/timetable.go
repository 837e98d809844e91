// SPDX-License-Identifier: Apache-2.0

// Package timetable decides when the next pass of a loop is due, and what it observes, and waits for that.
package timetable

import (
	"context"
	"math"
	"math/rand/v2"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
)

// Due selects the costly observations of a pass. For the others the pass uses those of the pass before.
type Due struct {
	Source bool // fetch the tip from Git
	Cloud  bool // list the pools
	// Everything makes the pass compute everything, also what seems unchanged.
	Everything bool
}

// Events start a pass before its time. A nil channel never does.
type Events struct {
	Source  <-chan struct{} // the repository has changed
	Cluster <-chan struct{} // an owned object has changed
}

// Intervals are the longest times between observations of a kind; zero for none.
type Intervals struct {
	Source time.Duration // between polls of Git
	Cloud  time.Duration // between lists of pools while an operation is in flight
	All    time.Duration // between passes that observe everything
	Record time.Duration // from the first progress to the status commit that records it
}

// Ended is the part of the outcome of a pass that the next one is due by.
type Ended struct {
	Starting  bool // the first listing of the cluster is not complete
	Retry     bool // a step failed
	InFlight  bool // pool operations are in progress
	Unchanged bool
	More      bool      // the pass has left something to the next one
	Listed    time.Time // when the pools were listed last
	Dirty     time.Time // of the first progress that is not recorded yet; zero: all is
	// Resumes returns when the next suspension ends. A nil func is never.
	Resumes func(now time.Time) time.Time
}

// Timetable holds the time at which each kind of observation is due. The times are absolute, so that a frequent kind
// does not delay another. A zero time is never.
type Timetable struct {
	every   Intervals
	retries wait.Backoff // the remaining delays between retries; zero: all of them

	poll   time.Time // poll Git
	sync   time.Time // observe everything
	cloud  time.Time // list pools
	retry  time.Time // repeat a failed pass
	record time.Time // record progress
	full   time.Time // compute everything, also what seems unchanged
	ends   time.Time // a suspension ends
	more   time.Time // go on with what a pass has left
}

// Of returns a Timetable in which nothing is due.
func Of(every Intervals) *Timetable { return &Timetable{every: every} }

// Passed sets the times that follow from the beginning of a pass.
func (t *Timetable) Passed(due Due, now time.Time) {
	if due.Source {
		t.poll = now.Add(jitter(t.every.Source))
	}
	if due.Cloud {
		t.sync = now.Add(t.every.All)
	}
}

// Plan sets the times that follow from the end of a pass.
func (t *Timetable) Plan(last Ended, now time.Time) {
	t.cloud, t.record, t.ends, t.more = time.Time{}, time.Time{}, time.Time{}, time.Time{}
	if last.More {
		t.more = now.Add(moreDelay)
	}
	if last.Resumes != nil {
		t.ends = last.Resumes(now)
	}
	// A failed step is due again with the retry, and not before.
	if t.every.Cloud > 0 && !last.Retry {
		t.cloud = last.Listed.Add(t.every.Cloud)
		if !last.InFlight {
			t.cloud = last.Listed.Add(idleFactor * t.every.Cloud)
		}
	}
	switch {
	case last.Starting:
		t.retry = now.Add(startingDelay)
	case !last.Retry:
		t.retry, t.retries = time.Time{}, wait.Backoff{}
	case t.retry.IsZero() || !now.Before(t.retry): // passes that events start do not put it off
		t.retry = now.Add(jitter(t.retryDelay()))
	}
	if !last.Dirty.IsZero() && !last.Retry {
		t.record = last.Dirty.Add(t.every.Record)
	}
	if !last.Unchanged {
		t.full = now.Add(t.every.All)
	}
}

// Wait sleeps until the next pass is due, and returns its observations.
func (t *Timetable) Wait(ctx context.Context, ev Events) Due {
	next := t.poll
	for _, at := range []time.Time{t.sync, t.cloud, t.retry, t.record, t.full, t.ends, t.more} {
		if !at.IsZero() && at.Before(next) {
			next = at
		}
	}
	timer := time.NewTimer(time.Until(next))
	defer timer.Stop()
	pushed := false
	select {
	case <-ctx.Done():
		return Due{}
	case <-ev.Source:
		pushed = true
	case <-ev.Cluster:
		pushed = gather(ctx, ev)
	case <-timer.C:
	}
	now := time.Now()
	reached := func(at time.Time) bool { return !at.IsZero() && !now.Before(at) }
	all := reached(t.sync) || reached(t.retry) || reached(t.full)
	return Due{Source: pushed || all || reached(t.poll), Cloud: all || reached(t.cloud), Everything: reached(t.full)}
}

// gather waits until the cluster is quiet for a moment: what changes at once is seen by one pass, and recorded by one
// commit. It reports whether the repository has changed meanwhile, which is not kept waiting.
func gather(ctx context.Context, ev Events) (pushed bool) {
	most := time.NewTimer(gatherMost)
	defer most.Stop()
	for {
		calm := time.NewTimer(gatherQuiet)
		select {
		case <-ev.Cluster:
			calm.Stop()
			continue
		case <-ev.Source:
			pushed = true
		case <-ctx.Done():
		case <-most.C:
		case <-calm.C:
		}
		calm.Stop()
		return pushed
	}
}

const (
	// idleFactor multiplies CloudInterval while no operation is in flight: the loop still lists pools often enough to
	// notice that Azure is unreachable, or that another client has changed an owned pool.
	idleFactor    = 4
	startingDelay = 100 * time.Millisecond
	// moreDelay leaves room between passes that go on with the same for the events that wait. It is ours.
	moreDelay = 20 * time.Millisecond
	// gatherQuiet is how long no event of the cluster may come until those before it start a pass, and gatherMost how long
	// the first of them waits. Informers deliver the events of one cause within milliseconds. Both are ours.
	gatherQuiet = 20 * time.Millisecond
	gatherMost  = 100 * time.Millisecond
)

// FirstRetry is the delay after a first failure. It is a guess.
const FirstRetry = 10 * time.Second

// retryDelay returns the delay after one more failed pass: FirstRetry, doubling up to the interval between polls of
// Git, which the user sets.
func (t *Timetable) retryDelay() time.Duration {
	if t.retries == (wait.Backoff{}) {
		t.retries = wait.Backoff{
			Duration: min(FirstRetry, t.every.Source),
			Factor:   2,
			Steps:    math.MaxInt32,
			Cap:      t.every.Source,
		}
	}
	return t.retries.Step()
}

// jitter spreads d by a tenth either way, so that many syncers do not poll one server in step.
func jitter(d time.Duration) time.Duration {
	return time.Duration(float64(d) * (0.9 + 0.2*rand.Float64()))
}
