package reconcile

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"time"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/execute"
	"syncer.dev/syncer/internal/plan"
	"syncer.dev/syncer/internal/status"
)

// Settings is the part of the configuration that the loop itself needs.
type Settings struct {
	Policy        plan.Policy
	Version       string        // of syncer, for the trailer of status commits
	Interval      time.Duration // between polls of the source
	CloudInterval time.Duration // between lists of pools while an operation is in flight
	Debounce      time.Duration // how long progress is gathered before it is recorded
	Resync        time.Duration // everything is looked at again at least this often
	GPUDeadline   time.Duration // after which GPUs that have not appeared count as a failure; 0 for a default
}

// Loop keeps one cluster equal to one source. Make it with New; only one goroutine may use it.
type Loop struct {
	settings Settings
	source   Source
	recorder Recorder
	cluster  Cluster
	look     Look  // nil: nobody looks
	cloud    Cloud // nil: nodes are brought
	read     func(Revision) (plan.Input, error)
	log      *slog.Logger
	health   *Health

	// What was last read. A step that fails leaves the old value, and the pass knows that it is old.
	revision *Revision
	input    plan.Input
	outside  outside
	listed   []capacity.LivePool
	poolsAt  time.Time // zero: never read
	stale    bool      // the pools were written to since
	sourceOK bool      // Git answered when last asked, and what it said could be read
	poolsOK  bool      // Azure answered when last asked
	failing  int       // passes in a row in which something could not be used

	// What was last recorded; recorded is nil until the recorder has been read.
	recorded map[string][]byte
	reports  []status.Report
	dirtyAt  time.Time // since when there is progress that is not recorded yet

	pools *execute.Executor // nil: nodes are brought
	told  map[string]string // last trouble that was logged, by component, so that it is said once
}

// Parts are what a Loop works with.
type Parts struct {
	Source   Source
	Recorder Recorder
	Cluster  Cluster
	Look     Look  // for what others make; nil: nobody looks, and nothing is known of it
	Cloud    Cloud // nil: nodes are brought
	// Read turns a revision into Workspaces and presets.
	Read   func(Revision) (plan.Input, error)
	Log    *slog.Logger
	Health *Health
}

// New returns a Loop that has not looked at anything yet.
func New(s Settings, p Parts) *Loop {
	l := &Loop{
		settings: s, source: p.Source, recorder: p.Recorder, cluster: p.Cluster, look: p.Look, cloud: p.Cloud, read: p.Read,
		log: p.Log, health: p.Health, told: map[string]string{},
	}
	if p.Cloud != nil {
		l.pools = execute.New(p.Cloud, execute.Settings{Cluster: s.Policy.Cluster, GPUDeadline: s.GPUDeadline})
	}
	return l
}

// Events wake the loop before its time. A nil channel never does.
type Events struct {
	Source  <-chan struct{} // the repository has changed
	Cluster <-chan struct{} // something of ours in the cluster has changed
}

// Run passes until ctx is done, or until stop says that the outcome is good enough. It returns the last outcome.
func (l *Loop) Run(ctx context.Context, ev Events, stop func(Outcome) bool) Outcome {
	due := Due{Source: true, Cloud: true}
	var last Outcome
	var t timetable
	for ctx.Err() == nil {
		t.passed(l, due, time.Now())
		last = l.Pass(ctx, due)
		if stop(last) {
			return last
		}
		t.plan(l, last, time.Now())
		due = t.wait(ctx, ev)
	}
	return last
}

// timetable holds when which look is due. The times are absolute, so that one kind of look, however frequent, does not put
// off another. A zero time is never.
type timetable struct {
	poll   time.Time // ask Git
	sync   time.Time // look at everything
	cloud  time.Time // list pools
	retry  time.Time // try everything again
	record time.Time // record progress
}

// passed sets the times that follow from the beginning of a pass.
func (t *timetable) passed(l *Loop, due Due, now time.Time) {
	if due.Source {
		t.poll = now.Add(jitter(l.settings.Interval))
	}
	if due.Cloud {
		t.sync = now.Add(l.settings.Resync)
	}
}

// plan sets the times that follow from the outcome of a pass.
func (t *timetable) plan(l *Loop, last Outcome, now time.Time) {
	t.cloud, t.retry, t.record = time.Time{}, time.Time{}, time.Time{}
	// What has just failed is due again with the retry, and not before.
	if l.cloud != nil && !last.Retry {
		t.cloud = l.poolsAt.Add(l.settings.CloudInterval)
		if !last.InFlight {
			t.cloud = l.poolsAt.Add(idleFactor * l.settings.CloudInterval)
		}
	}
	switch {
	case last.Starting:
		t.retry = now.Add(startingDelay)
	case last.Retry:
		t.retry = now.Add(jitter(min(l.settings.Interval, retryDelay<<min(l.failing, 10))))
	}
	if !l.dirtyAt.IsZero() && !last.Retry {
		t.record = l.dirtyAt.Add(l.settings.Debounce)
	}
}

// wait sleeps until something makes the next pass due, and says what.
func (t *timetable) wait(ctx context.Context, ev Events) Due {
	next := t.poll
	for _, at := range []time.Time{t.sync, t.cloud, t.retry, t.record} {
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
	case <-timer.C:
	}
	now := time.Now()
	reached := func(at time.Time) bool { return !at.IsZero() && !now.Before(at) }
	all := reached(t.sync) || reached(t.retry)
	return Due{Source: pushed || all || reached(t.poll), Cloud: all || reached(t.cloud)}
}

const (
	// idleFactor is how much more rarely pools are listed while nothing is in flight: often enough to notice soon that Azure
	// does not answer, or that somebody has changed a pool of ours.
	idleFactor    = 4
	startingDelay = 100 * time.Millisecond
	retryDelay    = 5 * time.Second
)

// jitter spreads d by a tenth either way, so that many syncers do not poll one server in step.
func jitter(d time.Duration) time.Duration {
	return time.Duration(float64(d) * (0.9 + 0.2*rand.Float64()))
}
