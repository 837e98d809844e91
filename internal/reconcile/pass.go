// SPDX-License-Identifier: Apache-2.0

package reconcile

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/components"
	"syncer.dev/syncer/internal/desired"
	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/engine"
	"syncer.dev/syncer/internal/plan"
	"syncer.dev/syncer/internal/plan/divide"
	"syncer.dev/syncer/internal/plan/reviews"
	"syncer.dev/syncer/internal/status"
	"syncer.dev/syncer/internal/workspace"
)

// Outcome is the result of a pass.
type Outcome struct {
	Commit string // revision of the plan; "" if none is readable
	// CommittedAt is when the revision was committed; zero if the source does not say.
	CommittedAt time.Time
	Subject     string // first paragraph of its message; "" if the source does not say
	Reports     []*status.Report
	// Previous are the reports before the pass: those of the pass before, or of the status branch.
	Previous []*status.Report
	Objects  []*cluster.Object // that were live as the pass began
	Problems []diag.Diagnostic
	Changes  cluster.ChangeSet
	// PoolWrites counts the pool operations that the pass started.
	PoolWrites int
	Recorded   string // status commit; "" if there was none
	InFlight   bool   // pool operations are in progress, or due
	Retry      bool   // a step failed that syncer repeats soon
	Starting   bool   // the first listing of the cluster is not complete
	More       bool   // the next pass goes on with what this one has left, which decided nothing in it
	// Settled reports that nothing is left to do or to wait for.
	Settled bool
	// Unchanged reports that nothing has changed since a pass that changed nothing, so that this one ended at once.
	Unchanged bool
	// Plan is the decision of the pass; zero if it made none.
	Plan plan.Plan
	// Seen is what the plan follows from.
	Seen Seen
	// Carried reports that the pass has carried out its plan, or has found it carried out.
	Carried bool
	// Took is how long the steps of the pass took; a step that was left out is not in it.
	Took map[Step]time.Duration
	// Ran are the runs of the steps, in the order in which they ended, without the pass itself.
	Ran []Ran
	// Err joins the errors of the components that failed in this pass.
	Err error
}

// pass is the state of one pass, which its steps fill in.
type pass struct {
	now     time.Time
	began   time.Time // by the clock that measures, which is not the one that decides
	fresh   bool      // the revision is the present tip: otherwise the plan deletes nothing
	desired desired.Desired
	state   cluster.State
	plan    plan.Plan
	part    divide.Division                  // of the plan, that this loop carries out
	unread  string                           // why no review could be read so far
	judged  map[workspace.Key]reviews.Judged // what was reviewed of the Workspaces that change
	// identified means that plans are compared with reviews, by the digests of the inputs; unidentified counts the
	// Workspaces whose digests the next passes compute.
	identified   bool
	unidentified int
	poolErrs     map[workspace.Key]error
	objErrs      map[workspace.Key][]error
	// unreached are the Workspaces with objects that Apply or Prune did not reach, because the server became unreachable.
	unreached map[workspace.Key]error
	held      map[workspace.Key]*plan.Workspace // whose changes a policy holds
	// nodePoolErrs are the errors of applying NodePools.
	nodePoolErrs map[workspace.Key]error
	// notReleased are the errors of deleting pools, by name of the pool.
	notReleased map[string]error
	objects     []status.Object // plain objects that the API server refuses
	// waiting are the changes that are held back, by Workspace; nil until a report needs them.
	waiting map[workspace.Key][]*plan.Change
	active  []*plan.Change  // those that a report reads
	raised  map[string]bool // keys of the warnings that hold in this pass
	seen    poolsSeen
	// reportsChanged says that the reports are not those of the pass before.
	reportsChanged bool
	out            Outcome
}

func (l *Loop) newPass() *pass {
	return &pass{
		now:          l.now(),
		poolErrs:     map[workspace.Key]error{},
		objErrs:      map[workspace.Key][]error{},
		nodePoolErrs: map[workspace.Key]error{},
		unreached:    map[workspace.Key]error{},
		held:         map[workspace.Key]*plan.Workspace{},
		notReleased:  map[string]error{},
		raised:       map[string]bool{},
		began:        time.Now(),
		out:          Outcome{Took: map[Step]time.Duration{}},
	}
}

// Pass observes once, carries out the plan, and reports. It never waits for Azure or for a pod.
func (l *Loop) Pass(ctx context.Context, due Due) Outcome {
	p := l.newPass()
	defer l.begin()()
	l.fetch(ctx, p, due)
	if l.revision == nil {
		p.out.Retry = true
		return l.end(p)
	}
	p.out.Commit, p.out.CommittedAt = l.revision.Commit, l.revision.CommittedAt
	p.out.Subject = l.revision.Subject
	l.list(ctx, p, due)
	l.readReviews(ctx, p, due)
	if l.following && due.Source {
		l.folder.Forget() // the leader writes it
	}
	restored := l.restore(ctx, p, due)
	if !l.observe(ctx, p) {
		l.fix = nil
		return l.end(p)
	}
	l.lookAtPools(ctx, p)
	if restored && l.still(ctx, p, due) {
		return l.repeat(p)
	}
	l.fix = nil
	p.out.Previous, p.out.Objects = l.reports, p.state.Objects
	if l.decide(ctx, p) && !l.following {
		before := l.leaving
		l.converge(ctx, p)
		p.out.Carried = !p.out.Retry
		l.carried(p)
		l.forget(p)
		if restored {
			l.report(ctx, p)
			l.keep(p, before)
		}
	}
	return l.end(p)
}

// fetch fetches the tip from Git, and reads it if its content is new.
func (l *Loop) fetch(ctx context.Context, p *pass, due Due) {
	if !due.Source && l.revision != nil {
		p.fresh = l.sourceOK
		return
	}
	defer p.timed(StepFetch)()
	l.sourceOK = false
	rev, err := l.source.Fetch(ctx)
	if l.componentFailed(p, components.Git, "fetch", err) {
		return
	}
	p.fresh = true
	input, fresh, err := l.engine.Load(rev)
	if l.componentFailed(p, components.Git, "read", err) {
		p.fresh = false
		return
	}
	if fresh {
		l.input = input
		l.log = l.base.With("commit", short(rev.Commit))
		l.log.Info("read revision", "workspaces", len(input.Set.Workspaces), "problems", len(input.Set.Problems))
		for _, n := range rev.Notices {
			l.log.Warn(n)
		}
		for _, pr := range input.Set.Problems {
			l.log.Warn(pr.String(), problemAttrs(pr)...)
		}
	} else if l.revision == nil || l.revision.Commit != rev.Commit {
		l.log = l.base.With("commit", short(rev.Commit))
	}
	l.revision, l.sourceOK = &rev, true
}

// list reads the pools by one LIST.
func (l *Loop) list(ctx context.Context, p *pass, due Due) {
	if !due.Cloud && !l.stale && !l.poolsAt.IsZero() {
		return
	}
	l.poolsOK = false
	pools, err := l.cloud.Pools(ctx)
	if l.componentFailed(p, components.Azure, "list pools", err) {
		return
	}
	l.listed, l.poolsAt, l.stale, l.poolsOK = pools, p.now, false, true
}

// observe reads the cluster. If that fails, the pass ends without a plan, and the last reports stay.
func (l *Loop) observe(ctx context.Context, p *pass) bool {
	defer p.timed(StepObserve)()
	state, err := l.cluster.Observe(ctx)
	if l.componentFailed(p, components.Kubernetes, "observe", err) {
		return false
	}
	p.state = state
	if l.poolsAt.IsZero() {
		return false // a size chosen without knowing the pools could move a running model
	}
	return true
}

// observed returns the input of the plan in addition to the source.
func (l *Loop) observed(p *pass) engine.Observed {
	out := engine.Observed{Observed: desired.Observed{
		Pools:     l.listed,
		State:     p.state,
		Live:      true,
		Now:       p.now,
		FirstSeen: l.firstSeen(),
		Reported:  l.reported(),

		ObjectsWait: l.objectsWait,
	}, Reviews: l.reviewed(p)}
	out.Deletions = l.allowed(p)
	if !p.fresh {
		out.Stale = "syncer cannot read Git at the moment"
	}
	if !l.poolsOK {
		out.Stale = "syncer cannot read Azure at the moment"
	}
	out.Quota, out.QuotaErr = p.seen.quota, p.seen.quotaErr
	out.Unavailable = l.pools.Unavailable()
	out.Unprovisionable, out.WithoutGPUs = l.pools.Unprovisionable(), l.pools.WithoutGPUs()
	return out
}

// decide makes the plan.
func (l *Loop) decide(ctx context.Context, p *pass) bool {
	defer p.timed(StepPlan)()
	r, err := l.engine.Plan(ctx, *l.revision, l.observed(p))
	if l.componentFailed(p, components.Kubernetes, "plan", err) {
		return false
	}
	p.desired, p.plan, p.out.Plan = r.Desired, r.Plan, r.Plan
	l.objectsWait = r.Plan.Guard.ObjectsWait
	p.part = divide.Of(l.share, &p.plan, !l.settings.Policy.Rollout.Off())
	l.judge(p, r)
	for key, text := range r.Unresolved {
		l.logOnce(p, "reference/"+key, text)
	}
	for _, problem := range r.Set.Problems {
		if !slices.Contains(l.input.Set.Problems, problem) {
			l.logOnce(p, "problem/"+problem.String(), problem.String(), problemAttrs(problem)...)
		}
	}
	for _, w := range p.plan.Warnings {
		l.logOnce(p, "plan/"+w, w)
	}
	return true
}

// Plan returns the plan that the next pass would make, and carries out nothing. It observes everything again.
func (l *Loop) Plan(ctx context.Context) (plan.Plan, error) {
	p := l.newPass()
	due := Due{Source: true, Cloud: true}
	l.fetch(ctx, p, due)
	if l.revision != nil && p.fresh {
		l.list(ctx, p, due)
		l.readReviews(ctx, p, due)
		if l.restore(ctx, p, due) && l.observe(ctx, p) {
			l.lookAtPools(ctx, p)
			if l.decide(ctx, p) && p.out.Err == nil {
				return p.plan, nil
			}
		}
	}
	return plan.Plan{}, cmp.Or(p.out.Err, ctx.Err())
}

// componentFailed records the result of a step that depends on a component, and reports whether it is an error. It logs
// the error of each step once, until it changes or ends: another step of the same component may succeed meanwhile.
func (l *Loop) componentFailed(p *pass, component, step string, err error) bool {
	if errors.Is(err, context.Canceled) { // or the lease is lost: see package fence
		p.out.Retry = true
		return true
	}
	l.health.Set(component, err, p.now)
	key := component + " " + step
	if err == nil {
		if l.logged[key] != "" {
			l.log.Info(recovered(component), "step", step)
			delete(l.logged, key)
		}
		return false
	}
	p.out.Retry = true
	p.out.Err = errors.Join(p.out.Err, err)
	var starting interface{ Starting() bool }
	if errors.As(err, &starting) && starting.Starting() {
		p.out.Starting = true
		return true // expected, so not logged
	}
	if text := err.Error(); l.logged[key] != text {
		l.logged[key] = text
		l.log.Error(broken(component), "step", step, "error", diag.Redacted(err, status.Redact))
	}
	return true
}

// broken says what a failing component costs.
func broken(component string) string {
	if component == components.Status {
		return "the status cannot be recorded; everything else goes on, and syncer tries again"
	}
	return component + " cannot be used; nothing is deleted, and syncer tries again"
}

// recovered says that a component works again.
func recovered(component string) string {
	if component == components.Status {
		return "the status is recorded again"
	}
	return component + " answers again"
}

// logOnce logs a warning when it first holds, and again only after it has not held for a whole pass.
func (l *Loop) logOnce(p *pass, key, text string, attrs ...any) {
	p.raised[key] = true
	if l.logged[key] != text {
		l.logged[key] = text
		l.log.Warn(text, attrs...)
	}
}

// forget drops the warnings that no longer hold, so that they are logged again when they come back.
func (l *Loop) forget(p *pass) {
	maps.DeleteFunc(l.logged, func(key, _ string) bool { return strings.Contains(key, "/") && !p.raised[key] })
}

// end closes the pass.
func (l *Loop) end(p *pass) Outcome {
	l.health.Passed(p.now, l.follows.States)
	l.health.Failed(l.pools.Failures())
	p.out.Reports, p.out.Seen = l.reports, l.seen(p)
	p.out.Settled, p.out.More = l.settled(p), p.unidentified > 0
	p.ended()
	return p.out
}

// settled reports whether nothing is left to do or to wait for: no Workspace changes any more, and Git has its report.
func (l *Loop) settled(p *pass) bool {
	if p.out.Retry || p.out.InFlight || p.unidentified > 0 || p.out.Commit == "" || !l.dirtyAt.IsZero() ||
		!p.plan.Empty() {
		return false
	}
	for i := range p.desired.Workloads {
		if w := p.desired.Workloads[i]; w.Binding.Next != "" && p.held[w.Key] == nil {
			return false // the Workspace moves to other nodes
		}
	}
	for _, held := range p.held {
		if held.HeldBy.Passes() {
			return false
		}
	}
	if l.follows.States[string(status.Pending)]+l.follows.States[string(status.NotReady)] == 0 {
		return true
	}
	for _, r := range l.reports {
		if r.State == status.Pending || r.State == status.NotReady {
			w := l.input.Set.Find(r.Key)
			halted := p.plan.Guard.Halted.Reason(r.Key) != ""
			if !halted && (w == nil || !w.Suspended()) {
				return false
			}
		}
	}
	return true
}

func short(hash string) string { return hash[:min(len(hash), 12)] }
