package reconcile

import (
	"context"
	"errors"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/plan"
	"syncer.dev/syncer/internal/status"
	"syncer.dev/syncer/internal/workspace"
)

// Due says which of the costly looks a pass takes. What is not due is taken from the pass before.
type Due struct {
	Source bool // ask Git for the tip
	Cloud  bool // list the pools
}

// Outcome is how a pass ended.
type Outcome struct {
	Commit   string // revision that was acted on; "" when none could be read
	Reports  []status.Report
	Problems []workspace.Problem
	Changes  cluster.ChangeSet
	// PoolWrites counts the pool operations that were started.
	PoolWrites int
	Recorded   string // status commit; "" when nothing was written
	InFlight   bool   // pool operations are under way, or due
	Retry      bool   // something failed that is worth trying again soon
	Starting   bool   // the cluster is still being listed for the first time
	// Settled says that nothing is left to do or to wait for.
	Settled bool
	// Trouble is what could not be used in this pass, if anything.
	Trouble error
}

// pass is one pass in the making.
type pass struct {
	now      time.Time
	fresh    bool // Git answered in this pass: only then may anything be deleted
	desired  plan.Desired
	state    cluster.State
	plan     plan.Plan
	poolErrs map[workspace.Key]error
	objErrs  map[workspace.Key][]error
	// nodePoolErrs are the errors of applying NodePools.
	nodePoolErrs map[workspace.Key]error
	out          Outcome
}

// Pass looks at everything once, does what can be done now, and reports. It never waits for Azure or for a pod.
func (l *Loop) Pass(ctx context.Context, due Due) Outcome {
	p := &pass{now: time.Now(), poolErrs: map[workspace.Key]error{}, objErrs: map[workspace.Key][]error{}, nodePoolErrs: map[workspace.Key]error{}}
	l.fetch(ctx, p, due)
	if l.revision == nil {
		p.out.Retry = true
		return l.end(p)
	}
	p.out.Commit = l.revision.Commit
	l.list(ctx, p, due)
	recalled := l.recall(ctx, p)
	if l.observe(ctx, p) && l.decide(ctx, p) {
		l.converge(ctx, p)
		if recalled {
			l.report(ctx, p)
		}
	}
	return l.end(p)
}

// fetch asks Git for the tip, and reads it when its content is new.
func (l *Loop) fetch(ctx context.Context, p *pass, due Due) {
	if !due.Source && l.revision != nil {
		p.fresh = l.sourceOK
		return
	}
	l.sourceOK = false
	rev, err := l.source.Fetch(ctx)
	if l.trouble(p, ComponentGit, err) {
		return
	}
	p.fresh = true
	if l.revision == nil || rev.Inputs != l.revision.Inputs {
		input, err := l.read(rev)
		if l.trouble(p, ComponentGit, err) {
			p.fresh = false
			return
		}
		l.input = input
		l.log.Info("read revision", "commit", short(rev.Commit), "workspaces", len(input.Set.Workspaces), "problems", len(input.Set.Problems))
		for _, n := range rev.Notices {
			l.log.Warn(n, "commit", short(rev.Commit))
		}
		for _, pr := range input.Set.Problems {
			l.log.Warn(pr.String(), "commit", short(rev.Commit))
		}
	}
	l.revision, l.sourceOK = &rev, true
}

// list reads the pools, by one LIST.
func (l *Loop) list(ctx context.Context, p *pass, due Due) {
	if l.cloud == nil || (!due.Cloud && !l.stale && !l.poolsAt.IsZero()) {
		return
	}
	l.poolsOK = false
	pools, err := l.cloud.Pools(ctx)
	if l.trouble(p, ComponentAzure, err) {
		return
	}
	l.listed, l.poolsAt, l.stale, l.poolsOK = pools, p.now, false, true
}

// observe reads the cluster. Without it nothing can be decided: the pass ends, and what was reported stays.
func (l *Loop) observe(ctx context.Context, p *pass) bool {
	state, err := l.cluster.Observe(ctx)
	if l.trouble(p, ComponentKubernetes, err) {
		return false
	}
	p.state = state
	if l.cloud != nil && l.poolsAt.IsZero() {
		return false // a size chosen without knowing the pools could move a running model
	}
	return true
}

// see gathers what the plan depends on besides the source.
func (l *Loop) see(ctx context.Context, p *pass) (plan.Observed, error) {
	seen := plan.Observed{Pools: l.listed, State: p.state, Live: true, Now: p.now}
	if l.pools == nil {
		return seen, nil
	}
	ready := map[string]int{}
	for _, n := range p.state.Nodes {
		if n.Ready && n.GPUs > 0 {
			ready[n.Pool]++
		}
	}
	l.pools.See(l.listed, ready, p.now)
	quota, err := l.pools.Quota(ctx, p.now)
	seen.Quota, seen.Unavailable, seen.Lost, seen.Broken = quota, l.pools.Unavailable(), l.pools.Lost(), l.pools.Broken()
	return seen, err
}

// decide makes the plan.
func (l *Loop) decide(ctx context.Context, p *pass) bool {
	policy := l.settings.Policy
	input, err := l.lookOutside(ctx, p)
	if err != nil {
		return false
	}
	seen, quotaErr := l.see(ctx, p)
	seen.Found = l.outside.found
	desired, err := plan.Desire(ctx, input.Set, input.Catalog, input.Renderer, policy, seen)
	if err != nil {
		return false // only when ctx is done
	}
	objects := make([]*unstructured.Unstructured, len(desired.Objects))
	for i, o := range desired.Objects {
		objects[i] = o.Content
	}
	previews, err := l.cluster.Preview(ctx, objects)
	if l.trouble(p, ComponentKubernetes, err) {
		return false
	}
	stale := ""
	if !p.fresh {
		stale = "Git cannot be read right now"
	}
	if l.cloud != nil && !l.poolsOK {
		stale = "Azure cannot be read right now"
	}
	p.desired = desired
	p.plan = plan.AgainstLive(plan.LiveInput{
		Policy: policy, Head: l.revision.Commit, AllowEmpty: l.revision.AllowEmpty, Stale: stale,
		Side: plan.Side{Set: input.Set, Desired: desired}, Seen: seen, Previews: previews,
		Quota: func() (capacity.Quota, error) { return seen.Quota, quotaErr },
	})
	for _, w := range p.plan.Warnings {
		l.once(ComponentGit+"/"+w, w)
	}
	return true
}

// trouble notes how a component did, says trouble once until it changes or ends, and reports whether there was any.
func (l *Loop) trouble(p *pass, component string, err error) bool {
	if errors.Is(err, context.Canceled) {
		return true
	}
	l.health.set(component, err, p.now)
	if err == nil {
		if l.told[component] != "" {
			l.log.Info(component + " answers again")
			delete(l.told, component)
		}
		return false
	}
	p.out.Retry = true
	p.out.Trouble = errors.Join(p.out.Trouble, err)
	var starting interface{ Starting() bool }
	if errors.As(err, &starting) && starting.Starting() {
		p.out.Starting = true
		return true // not news yet
	}
	if text := err.Error(); l.told[component] != text {
		l.told[component] = text
		l.log.Error(component+" cannot be used; nothing is deleted, and it is tried again", "error", status.Redact(text))
	}
	return true
}

// once logs a warning the first time it comes up.
func (l *Loop) once(key, text string) {
	if l.told[key] != text {
		l.told[key] = text
		l.log.Warn(text)
	}
}

// end closes the pass.
func (l *Loop) end(p *pass) Outcome {
	states := map[string]int{}
	for _, r := range l.reports {
		states[string(r.State)]++
	}
	l.failing++
	if !p.out.Retry {
		l.failing = 0
	}
	l.health.passed(p.now, states)
	p.out.Reports = l.reports
	p.out.Settled = l.settled(p)
	return p.out
}

// settled reports whether nothing is left to do or to wait for: every Workspace has come to rest, and Git says so.
func (l *Loop) settled(p *pass) bool {
	if p.out.Retry || p.out.InFlight || p.out.Commit == "" || !l.dirtyAt.IsZero() || !p.plan.Empty() {
		return false
	}
	for i := range p.desired.Wishes {
		if p.desired.Wishes[i].Binding.Next != "" {
			return false // a server is on its way to other nodes
		}
	}
	for _, r := range l.reports {
		if r.State == status.Pending || r.State == status.NotReady {
			w := l.input.Set.Find(r.Key)
			if w == nil || !w.Suspended() {
				return false
			}
		}
	}
	return true
}

func short(hash string) string { return hash[:min(len(hash), 12)] }
