// SPDX-License-Identifier: Apache-2.0

package lease

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	coordinationv1 "k8s.io/client-go/kubernetes/typed/coordination/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/leaderelection"

	"syncer.dev/syncer/internal/clock"
	"syncer.dev/syncer/internal/fence"
)

// Options name the Lease, and the times of the election. All candidates have the same.
type Options struct {
	Namespace string
	Name      string
	Identity  string // of this process; no other has it

	Duration      time.Duration // after which others take a lease over that is not renewed
	RenewDeadline time.Duration // for which the leader tries to renew it, before it stops leading
	Retry         time.Duration // between two renewals, and about that between two tries of a follower

	// Yield decides whether the leader gives the lease back for another candidate that asks for it. Nil is never.
	Yield func(other string) bool
	// Told is called in the leader when another candidate has called Tell. It must not block. It may be nil.
	Told func()
}

// Limit is the age from which a lease does not permit writes: the leader gives up a little earlier where it is not
// stopped, and others take over later.
func (o Options) Limit() time.Duration { return o.RenewDeadline + o.Retry }

// Phases are what a process does while it has the lease and while it has not. Each function returns soon after its
// context is done.
type Phases struct {
	Follow func(ctx context.Context)
	// Lead may return before its context is done; Run then gives the lease back and returns.
	Lead func(ctx context.Context)
}

// Lease is one candidate.
type Lease struct {
	options Options
	api     coordinationv1.LeasesGetter
	fence   *fence.Fence
	log     *slog.Logger

	mu     sync.Mutex
	holder string // that was seen last
	leads  bool
	freed  string // resourceVersion of the free Lease that was tried last
	tells  int    // how often this process has told the leader of a change
	heard  string // what another process has told last
}

// New returns a candidate, and closes the fence. The namespace is that of options without one. It sends no request.
func New(o Options, config *rest.Config, namespace string, f *fence.Fence, log *slog.Logger) (*Lease, error) {
	o.Namespace = cmp.Or(o.Namespace, namespace)
	api, err := coordinationv1.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("make client: %w", err)
	}
	l := &Lease{options: o, api: api, fence: f, log: log}
	none := leaderelection.LeaderCallbacks{OnStartedLeading: func(context.Context) {}, OnStoppedLeading: func() {}}
	if _, err := l.elector(none, nil); err != nil {
		return nil, err // of the times
	}
	f.Require(o.Limit())
	return l, nil
}

// Role says in words what this process does.
func (l *Lease) Role() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.leads && l.fence.MayWrite() != nil:
		return "leader until now, the lease has run out"
	case l.leads:
		return "leader"
	case l.holder == "":
		return "follower, no process leads"
	}
	return "follower, " + l.holder + " leads"
}

// Leads reports whether this process leads, and may write.
func (l *Lease) Leads() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.leads && l.fence.MayWrite() == nil
}

// Run follows and leads until ctx is done, or until Lead returns by itself. It then gives the lease back, if it has it.
func (l *Lease) Run(ctx context.Context, p Phases) {
	for ctx.Err() == nil {
		if l.term(ctx, p) {
			return
		}
	}
}

// term is one run of the election.
type term struct {
	elector *leaderelection.LeaderElector
	stop    func()        // ends it, and gives the lease back
	elected chan struct{} // is closed once this process has the lease
	lost    chan struct{} // is closed at the end
	other   chan struct{} // gets a signal when another process has it
	over    chan struct{} // gets a signal when this process has it no more
}

// term stands for election, leads if it wins, and ends with the lease. It returns true after Lead has returned by
// itself.
func (l *Lease) term(ctx context.Context, p Phases) (finished bool) {
	// The election outlives ctx: no other process may lead before Lead has returned.
	election, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	t := term{
		stop: stop, elected: make(chan struct{}), lost: make(chan struct{}), other: make(chan struct{}, 1),
		over: make(chan struct{}, 1),
	}
	var err error
	t.elector, err = l.elector(leaderelection.LeaderCallbacks{
		OnStartedLeading: func(context.Context) { close(t.elected) },
		OnStoppedLeading: func() { close(t.lost) },
		OnNewLeader:      func(holder string) { l.see(holder, t.other) },
	}, func() { t.over <- struct{}{} })
	if err != nil {
		l.log.Error("the election cannot start", "error", err) // New has checked it
		return true
	}
	go t.elector.Run(election)
	if l.follow(ctx, p.Follow, t) {
		return l.lead(ctx, p.Lead, t)
	}
	l.end(t)
	return false
}

// see takes over who has the lease.
func (l *Lease) see(holder string, other chan<- struct{}) {
	l.mu.Lock()
	l.holder = holder
	l.mu.Unlock()
	if holder == "" || holder == l.options.Identity {
		return
	}
	select {
	case other <- struct{}{}:
	default:
	}
}

// follow returns true once this process is elected, and false when ctx is done or it is time for another try: the lease
// is free, or this term has had it already.
func (l *Lease) follow(ctx context.Context, phase func(context.Context), t term) bool {
	first := time.NewTimer(l.options.Retry) // where the API server is away, no leader is known
	defer first.Stop()
	select { // the first try mostly decides, and following is then not worth its start
	case <-t.elected:
		return true
	case <-ctx.Done():
		return false
	case <-t.over: // its answers came too late for being elected
		return false
	case <-t.other:
	case <-first.C:
	}
	work, cancel := context.WithCancel(ctx)
	var running sync.WaitGroup
	defer running.Wait()
	defer cancel()
	free := make(chan struct{}, 1)
	l.log.Info("following", "lease", l.options.Name, "role", l.Role())
	running.Go(func() { phase(work) })
	running.Go(func() { l.watchFree(work, free) })
	select {
	case <-t.elected:
		return true
	case <-ctx.Done():
	case <-t.over:
	case <-free:
	}
	return false
}

// lead leads until the lease is lost, or leading has ended.
func (l *Lease) lead(ctx context.Context, phase func(context.Context), t term) (ended bool) {
	l.setLeads(true)
	defer l.setLeads(false)
	l.log.Info("leading", "lease", l.options.Name, "identity", l.options.Identity)
	work, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		phase(work)
	}()
	asked := make(chan struct{}, 1)
	var watching sync.WaitGroup
	defer watching.Wait()
	defer cancel()
	watching.Go(func() { l.watchOthers(work, asked) })
	for lost := false; !lost; {
		select {
		case <-done:
			l.end(t)
			return ctx.Err() == nil
		case <-asked:
			l.yield(ctx, cancel, done, t)
			return false
		case <-t.over: // the election itself tries for a while longer
			lost = true
		case <-t.lost:
			lost = true
		}
	}
	l.fence.Close()
	l.log.Warn("the lease is lost; this process follows from now on", "lease", l.options.Name)
	cancel()
	l.end(t)
	<-done
	return false
}

// yield ends leading, gives the lease back, and leaves it to the candidate that has asked for it, which hears of that
// at once. If it does not come, this process stands again.
func (l *Lease) yield(ctx context.Context, cancel func(), done <-chan struct{}, t term) {
	l.log.Info("giving the lease to another process", "lease", l.options.Name)
	cancel()
	<-done
	l.end(t)
	l.setLeads(false)
	_ = clock.Sleep(ctx, 2*l.options.Retry)
}

// end ends a run of the election, which gives back what it has.
func (l *Lease) end(t term) {
	l.fence.Close()
	t.stop()
	<-t.lost
	l.fence.Close() // a renewal was under way
}

func (l *Lease) setLeads(leads bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.leads = leads
}

// elector returns client-go's election; over is called when the term has lost the lease.
func (l *Lease) elector(calls leaderelection.LeaderCallbacks, over func()) (*leaderelection.LeaderElector, error) {
	return leaderelection.NewLeaderElector(leaderelection.LeaderElectionConfig{
		Lock:            newLock(l.options, l.api, l.fence, over),
		LeaseDuration:   l.options.Duration,
		RenewDeadline:   l.options.RenewDeadline,
		RetryPeriod:     l.options.Retry,
		ReleaseOnCancel: true,
		Name:            l.options.Name,
		Callbacks:       calls,
	})
}
