// SPDX-License-Identifier: Apache-2.0

package review

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/plan"
	"syncer.dev/syncer/internal/status"
)

// Planner makes the plans of pull requests. It executes nothing of their heads, and hands no credentials to them.
type Planner interface {
	// Basis identifies all that plans into the target follow from, except their heads. It is cheap.
	Basis(ctx context.Context) (Basis, error)
	// Plan makes the plan of a pull request, compared with the commit where it forked off its target. The error is, or
	// wraps, an *InputError if the pull request itself is the reason, and ErrMoved if Git has another head than pr.
	Plan(ctx context.Context, pr PullRequest) (plan.Plan, error)
}

// Basis is what plans follow from, except the head of a pull request.
type Basis struct {
	Tip   string // commit of the target
	Facts string // digest of what may change often: prices, quota, what is live
}

// InputError means that no plan can be made of a pull request, whenever one tries.
type InputError struct {
	// Problems say where, if that is known.
	Problems []diag.Diagnostic
	Err      error
}

// Error returns the text of the error.
func (e *InputError) Error() string { return e.Err.Error() }

// Unwrap returns the error.
func (e *InputError) Unwrap() error { return e.Err }

// Renderer writes a plan as Markdown of at most limit bytes, without the marker. The same plan is the same text.
type Renderer func(p plan.Plan, pr PullRequest, limit int) string

// Recorder keeps what reviewers were shown.
type Recorder interface {
	// Record keeps the values of a plan that the comment of a pull request shows. It writes nothing if they are kept.
	Record(ctx context.Context, pr PullRequest, p plan.Plan) error
}

// Progress says what syncer has carried out. It is safe for concurrent use.
type Progress interface {
	// Observed returns what is true now; false if nothing is known yet. The caller does not change it.
	Observed() (Observed, bool)
	// Contains reports whether a commit is part of the history of another one.
	Contains(ctx context.Context, tip, commit string) (bool, error)
	// Recent returns the commits of the branch up to tip that were written since a time, along first parents, at most n.
	Recent(ctx context.Context, tip string, since time.Time, n int) ([]string, error)
}

// Observed is the outcome of the last pass of the loop that got as far as a report.
type Observed struct {
	Commit  string // that was carried out
	Reports []*status.Report
	// Errors are those of files from which no Workspace could be read. No report is about them.
	Errors []diag.Diagnostic
}

// Options configure a Reviewer.
type Options struct {
	Cluster  string
	Target   string        // branch that pull requests are merged into
	Interval time.Duration // between lists of open pull requests

	Forge    Forge
	Planner  Planner
	Render   Renderer
	Recorder Recorder // nil: nothing is recorded
	Progress Progress // nil: merged commits are not followed
	// Environments keeps the deployments of a Forge that is a Deployer.
	Environments bool
	Log          *slog.Logger
}

// Reviewer reviews the pull requests of one repository for one cluster. One goroutine calls Run, Pass or One; the other
// methods are safe for concurrent use.
type Reviewer struct {
	options  Options
	hints    chan struct{}
	progress chan struct{}

	open   map[int]PullRequest
	closed map[int]bool // were open, and it is not known yet what became of them
	said   map[int]said // by number of an open pull request
	basis  Basis
	logged map[string]string // last error, by what failed
	failed bool              // the last Pass, and not only single pull requests or what follows merged commits

	follower follower

	mu    sync.Mutex
	stats Stats
}

// said is what a pull request was told last.
type said struct {
	head  string
	basis Basis
	at    time.Time
	told  bool // the commit status is that of the plan
	// failed counts the attempts since the last one that succeeded, and retry is when the next is due.
	failed int
	retry  time.Time
}

// New returns a Reviewer that has not looked yet.
func New(o Options) *Reviewer {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Reviewer{
		options:  o,
		hints:    make(chan struct{}, 1),
		progress: make(chan struct{}, 1),
		open:     map[int]PullRequest{},
		closed:   map[int]bool{},
		said:     map[int]said{},
		logged:   map[string]string{},
		follower: newFollower(o),
		stats:    Stats{Reviews: map[State]int{}},
	}
}

// Hint says that pull requests may have changed. The next look comes soon. Hint never blocks, and many hints are one.
func (r *Reviewer) Hint() { signal(r.hints) }

// Progressed says that what Progress returns may have changed. It causes no look at the pull requests.
func (r *Reviewer) Progressed() { signal(r.progress) }

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default: // one is waiting
	}
}

// Stats counts what a Reviewer has done.
type Stats struct {
	Open     int           // pull requests at the last look
	Reviews  map[State]int // by outcome
	Failures int           // looks and reviews that ended with an error
	Err      error         // of the last look; nil if it succeeded, or if there was none
	// LastSuccess is the end of the last look without an error.
	LastSuccess time.Time
	PausedUntil time.Time // the forge asks to wait
}

// Stats returns the counts. The caller may change them.
func (r *Reviewer) Stats() Stats {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := r.stats
	out.Reviews = map[State]int{}
	for s, n := range r.stats.Reviews {
		out.Reviews[s] = n
	}
	return out
}

func (r *Reviewer) count(change func(*Stats)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	change(&r.stats)
}
