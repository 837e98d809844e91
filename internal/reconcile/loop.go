// SPDX-License-Identifier: Apache-2.0

package reconcile

import (
	"context"
	"log/slog"
	"time"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/pools/executor"
	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/components"
	"syncer.dev/syncer/internal/desired"
	"syncer.dev/syncer/internal/engine"
	"syncer.dev/syncer/internal/reconcile/follows"
	"syncer.dev/syncer/internal/reconcile/nodegroups"
	"syncer.dev/syncer/internal/reconcile/timetable"
	"syncer.dev/syncer/internal/reviewed"
	"syncer.dev/syncer/internal/shard"
	"syncer.dev/syncer/internal/status"
	"syncer.dev/syncer/internal/status/shared"
	"syncer.dev/syncer/internal/weblink"
	"syncer.dev/syncer/internal/workspace"
	"syncer.dev/syncer/internal/workspace/suspension"
)

// Settings is the part of the configuration that the loop uses.
type Settings struct {
	Policy        desired.Policy
	Depth         engine.Depth  // of previews
	Version       string        // of syncer, for the trailer of status commits
	Interval      time.Duration // between polls of the source
	CloudInterval time.Duration // between lists of pools while an operation is in flight; 0 for Resync
	Debounce      time.Duration // delay before a status commit that only records progress
	Resync        time.Duration // longest time between passes that observe everything
	GPUDeadline   time.Duration // after which missing GPUs count as a failure; 0 for a default
	Review        ReviewSettings
	Links         weblink.Links // to the forge of the source
	// Thorough makes every pass compute everything, also what cannot have changed. It is for comparisons in tests.
	Thorough bool
}

// ReviewSettings say how plans are compared with what was reviewed.
type ReviewSettings struct {
	reviewed.Policy
	// Signed means that only signed reviews count. What the status branch says of itself then does not count either:
	// after a restart, syncer believes what it finds in the cluster.
	Signed bool
}

// Due and Events are what starts a pass.
type (
	Due    = timetable.Due
	Events = timetable.Events
)

// Loop keeps one cluster equal to one source. New returns one; only one goroutine may use it.
type Loop struct {
	settings Settings
	parts    Parts
	source   Source
	recorder Recorder
	cluster  Cluster
	cloud    Cloud
	engine   *engine.Engine
	base     *slog.Logger
	log      *slog.Logger // base with the commit, once there is one
	health   *components.Health
	now      func() time.Time

	// The last observation. A step that fails leaves the old value, and sets the flag that it is out of date.
	revision *Revision
	input    desired.Input
	listed   []capacity.LivePool
	poolsAt  time.Time // of the list; zero: none so far
	stale    bool      // syncer has written to pools since
	sourceOK bool      // the last fetch succeeded, and its revision is readable
	poolsOK  bool      // the last list of pools succeeded

	// The last status commit, which the folder knows once the loop has read it.
	folder   status.Folder
	told     []*status.Report // those that it records
	reports  []*status.Report
	readAt   time.Time // when the loop has read the status branch
	dirtyAt  time.Time // of the first progress that is not recorded yet
	recordAt time.Time // before which the loop does not try again to record, after a failure

	reviews Reviews
	records *reviewed.Records // nil: none were read so far
	leaving map[workspace.Key]reviewed.CarriedOut

	// What follows from the last reports, and from the nodes; and what the reports follow from.
	follows  follows.Follows
	nodes    nodegroups.Counts
	reporter reporter

	// What commits allow to be deleted: see allowed.
	commits Commits
	before  string               // the last commit whose deletions were carried out
	since   string               // before, when those of gone went
	from    string               // the first commit of this process, if since is not known
	gone    map[cluster.Ref]bool // Workspaces and plain objects that have gone since
	// objectsWait reports that plain objects wait to be deleted; see plan.Guard.
	objectsWait bool

	fix       *fixpoint        // the last pass, if it changed nothing
	due       func() time.Time // Parts.Due
	following bool             // the loop carries out and records nothing

	share  shard.Share // that the present pass may write
	others shared.Others

	pools  *executor.Executor
	logged map[string]string // last error or warning, by step or key, so that the loop logs each once
}

// Parts are the dependencies of a Loop.
type Parts struct {
	Source   Source
	Recorder Recorder
	Cluster  Cluster
	Look     Look // reads external references; nil: they stay unresolved
	// Due returns the next time at which the cluster may answer otherwise without an event: about a reference, or about an
	// object with a contested field. The zero time is never. A nil func means that Look says it in each pass.
	Due     func() time.Time
	Cloud   Cloud // capacity.NoPools if the nodes are not in agent pools
	Reviews Reviews
	Commits Commits // nil: the last commit alone says what may be deleted
	// Share begins a pass, and returns the part of the cluster that it may write; end is called when the pass has ended.
	// A nil func is the whole cluster.
	Share func() (share shard.Share, end func())
	// Read loads and validates the Workspaces and presets of a revision.
	Read   func(Revision) (desired.Input, error)
	Log    *slog.Logger
	Health *components.Health
	// Now is the clock that passes decide by; nil: time.Now. A process whose clock is wrong has another one.
	Now func() time.Time
}

// New returns a Loop without any observation.
func New(s Settings, p Parts) *Loop {
	if p.Now == nil {
		p.Now = time.Now
	}
	return &Loop{
		settings: s,
		parts:    p,
		source:   p.Source,
		recorder: p.Recorder,
		reviews:  p.Reviews,
		commits:  p.Commits,
		cluster:  p.Cluster,
		cloud:    p.Cloud,
		due:      p.Due,
		base:     p.Log,
		log:      p.Log,
		health:   p.Health,
		now:      p.Now,
		logged:   map[string]string{},
		engine: engine.New(
			engine.Settings{Policy: s.Policy, Read: p.Read, Depth: s.Depth, Review: s.Review.Policy},
			planned{p.Cluster, engine.SettlerOf(p.Cluster), p.Look},
		),
		pools: executor.New(p.Cloud, executor.Settings{Cluster: s.Policy.Cluster, GPUDeadline: s.GPUDeadline}),
	}
}

// Run runs passes until ctx is done, or until stop accepts the outcome of one. It returns the last outcome.
func (l *Loop) Run(ctx context.Context, ev Events, stop func(Outcome) bool) Outcome {
	due := Due{Source: true, Cloud: true}
	var last Outcome
	t := timetable.Of(timetable.Intervals{
		Source: l.settings.Interval, Cloud: l.settings.CloudInterval, All: l.settings.Resync, Record: l.settings.Debounce,
	})
	for ctx.Err() == nil {
		t.Passed(due, time.Now())
		last = l.Pass(ctx, due)
		if stop(last) {
			return last
		}
		t.Plan(l.ended(last), time.Now())
		due = t.Wait(ctx, ev)
	}
	return last
}

// ended is what the next pass is due by.
func (l *Loop) ended(last Outcome) timetable.Ended {
	out := timetable.Ended{
		Starting: last.Starting, Retry: last.Retry, InFlight: last.InFlight, Unchanged: last.Unchanged, More: last.More,
		Listed: l.poolsAt, Dirty: l.dirtyAt,
	}
	if l.input.Set != nil {
		out.Resumes = func(now time.Time) time.Time { return suspension.Next(l.input.Set, now) }
	}
	return out
}

// Follow observes and plans as Run does, and carries out and records nothing: another process does. It hands each
// outcome over. What it has read makes the first pass of Run after it a quick one.
func (l *Loop) Follow(ctx context.Context, ev Events, passed func(Outcome)) {
	l.following, l.fix = true, nil // what changes nothing for a leader may be a change for a follower, and the reverse
	l.Run(ctx, ev, func(o Outcome) bool {
		passed(o)
		return false
	})
	l.following, l.fix = false, nil
	l.folder.Forget()
}
