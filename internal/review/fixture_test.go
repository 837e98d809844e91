// SPDX-License-Identifier: Apache-2.0

package review_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/plan"
	"syncer.dev/syncer/internal/review"
	"syncer.dev/syncer/internal/review/reviewtest"
	"syncer.dev/syncer/internal/status"
	"syncer.dev/syncer/internal/workspace"
)

// office is everything around a Reviewer, with what it was asked for.
type office struct {
	t     *testing.T
	forge *reviewtest.Repository

	mu       sync.Mutex
	basis    review.Basis
	basisErr error
	planErr  error
	refused  map[int]bool // pull requests whose plan is blocked
	plans    []int        // numbers of the pull requests that were planned
	onPlan   func(review.PullRequest)
	recorded []string
	recErr   error
	observed review.Observed
	known    bool
	history  []string // commits of the branch, oldest first
	times    map[string]time.Time
}

func newOffice(t *testing.T) *office {
	return &office{
		t: t, forge: reviewtest.NewRepository(), basis: review.Basis{Tip: "tip1", Facts: "facts1"}, refused: map[int]bool{},
		times: map[string]time.Time{},
	}
}

const interval = time.Minute

// after lets time pass in a bubble of testing/synctest.
func after(d time.Duration) { time.Sleep(d) }

// reviewer returns a process that has just started.
func (o *office) reviewer(change ...func(*review.Options)) *review.Reviewer {
	options := review.Options{
		Cluster:  "demo",
		Target:   "main",
		Interval: interval,
		Forge:    o.forge.Forge(),
		Planner:  o,
		Recorder: o,
		Progress: o,
		Render: func(p plan.Plan, pr review.PullRequest, limit int) string {
			return fmt.Sprintf("### %s of #%d at %s, at most %d bytes", p.Verdict().Line, pr.Number, pr.Head, limit)
		},
		Environments: true,
	}
	for _, c := range change {
		c(&options)
	}
	return review.New(options)
}

func (o *office) Basis(context.Context) (review.Basis, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.basis, o.basisErr
}

func (o *office) Plan(_ context.Context, pr review.PullRequest) (plan.Plan, error) {
	o.mu.Lock()
	o.plans = append(o.plans, pr.Number)
	hook, err, refused := o.onPlan, o.planErr, o.refused[pr.Number]
	o.mu.Unlock()
	if hook != nil {
		hook(pr)
	}
	p := plan.Plan{Cluster: "demo", Head: pr.Head}
	if refused {
		p.Problems = []diag.Diagnostic{diag.Errorf(diag.InvalidValue, "no such model").In("phi.yaml")}
	}
	return p, err
}

func (o *office) Record(_ context.Context, pr review.PullRequest, p plan.Plan) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.recErr != nil {
		return o.recErr
	}
	o.recorded = append(o.recorded, fmt.Sprint(pr.Number, " ", p.Head))
	return nil
}

func (o *office) Observed() (review.Observed, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.observed, o.known
}

func (o *office) Contains(_ context.Context, tip, commit string) (bool, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	at := slices.Index(o.history, commit)
	return at >= 0 && at <= slices.Index(o.history, tip), nil
}

func (o *office) Recent(_ context.Context, tip string, since time.Time, n int) ([]string, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	var out []string
	for at := slices.Index(o.history, tip); at >= 0 && len(out) < n; at-- {
		if c := o.history[at]; !o.times[c].Before(since) {
			out = append(out, c)
		}
	}
	return out, nil
}

// set changes the office while a Reviewer runs.
func (o *office) set(change func()) {
	o.mu.Lock()
	defer o.mu.Unlock()
	change()
}

// planned returns the pull requests that were planned since the last call.
func (o *office) planned() []int {
	o.mu.Lock()
	defer o.mu.Unlock()
	out := o.plans
	o.plans = nil
	return out
}

// pass makes a Pass that must succeed, and returns how many writes it caused.
func (o *office) pass(r *review.Reviewer) int {
	o.t.Helper()
	before := o.forge.Writes()
	if _, err := r.Pass(o.t.Context()); err != nil {
		o.t.Fatal(err)
	}
	return o.forge.Writes() - before
}

func (o *office) planStatus(commit string) review.CommitStatus {
	return o.forge.Statuses(commit)["syncer/demo/plan"]
}

func (o *office) readyStatus(commit string) review.CommitStatus {
	return o.forge.Statuses(commit)["syncer/demo/ready"]
}

// head returns the head of an open pull request.
func (o *office) head(number int) string {
	o.t.Helper()
	pr, err := o.forge.Forge().PullRequest(o.t.Context(), number)
	if err != nil {
		o.t.Fatal(err)
	}
	return pr.Head
}

// comment returns the only comment of syncer.
func (o *office) comment(number int) string {
	o.t.Helper()
	all := o.forge.Comments(number)
	all = slices.DeleteFunc(all, func(c reviewtest.Comment) bool { return !c.Own })
	if len(all) != 1 {
		o.t.Fatalf("%d comments of syncer on #%d: %+v", len(all), number, all)
	}
	return all[0].Body
}

// report returns the report on a Workspace.
func report(name string, state status.State, commit string, change ...func(*status.Report)) *status.Report {
	r := &status.Report{
		Key:            workspace.Key{Namespace: "default", Name: name},
		State:          state,
		ObservedCommit: commit,
		Endpoint:       "http://" + name + ".default.svc:80",
		Conditions: []status.Condition{{
			Type: status.ResourceReady, Status: "True", Reason: "PoolReady", Message: "pool " + name + ": 1 of 1 nodes",
			LastTransitionTime: time.Now(),
		}},
		Pools: []status.Pool{{Name: name}},
	}
	for _, c := range change {
		c(r)
	}
	return r
}

// observe makes these reports what is true, after a pass over a commit.
func (o *office) observe(commit string, reports ...*status.Report) {
	o.set(func() {
		o.observed, o.known = review.Observed{Commit: commit, Reports: reports}, true
		if !slices.Contains(o.history, commit) {
			o.history = append(o.history, commit)
		}
	})
}

// reviews returns the outcomes that a Reviewer has counted.
func reviews(r *review.Reviewer) map[review.State]int {
	return maps.Clone(r.Stats().Reviews)
}
