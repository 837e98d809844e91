// SPDX-License-Identifier: Apache-2.0

package app

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"syncer.dev/syncer/internal/app/adapters"
	"syncer.dev/syncer/internal/app/monitoring"
	"syncer.dev/syncer/internal/app/ondemand"
	"syncer.dev/syncer/internal/app/pages"
	"syncer.dev/syncer/internal/app/statusbranch"
	"syncer.dev/syncer/internal/apply/inquiry"
	"syncer.dev/syncer/internal/components"
	"syncer.dev/syncer/internal/config"
	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/git"
	"syncer.dev/syncer/internal/page/access"
	"syncer.dev/syncer/internal/reconcile"
	"syncer.dev/syncer/internal/redact"
	"syncer.dev/syncer/internal/review"
	"syncer.dev/syncer/internal/status/events"
	"syncer.dev/syncer/internal/watch"
	"syncer.dev/syncer/internal/wellknown"
)

// place is that of one cluster in a Daemon: what there is of it also while its kubeconfig cannot be used. With a
// client it has a member.
type place struct {
	config config.Config
	health *components.Health
	fleet  *monitoring.Fleet
	hints  chan struct{} // gets a signal when the repository may have changed
	heard  chan struct{} // gets a signal when this process, and maybe no other, has heard of a change
	passes *ondemand.Passes
	log    *slog.Logger
	shown  *pages.Publisher

	repository *git.Repository
	connect    func() (*member, error) // again, after an UnusableError
	member     atomic.Pointer[member]
	joined     chan<- struct{} // gets a signal when a member has come
}

func newPlace(c config.Config, s *setup) *place {
	place := &place{
		config: c, health: NewHealth(c), fleet: monitoring.NewFleet(c.Cluster), hints: make(chan struct{}, 1),
		heard: make(chan struct{}, 1), passes: s.passes, log: s.log, joined: s.joined,
	}
	place.shown = pages.NewPublisher(c, s.page, place.health)
	return place
}

// watched is what health and metrics read of the cluster.
func (s *place) watched() monitoring.Loop {
	l := monitoring.Loop{
		Name:     s.config.Cluster,
		Health:   s.health,
		Interval: s.config.Source.Interval,
		Cluster:  adapters.NoCloud{},
		Cloud:    adapters.NoCloud{},
		Fleet:    s.fleet,
		Reviews:  func() (review.Stats, bool) { return review.Stats{}, false },
	}
	if m := s.member.Load(); m != nil {
		m.watch(&l)
	}
	return l
}

// onPage is what the page reads of the cluster.
func (s *place) onPage() pages.Cluster {
	recorded := statusbranch.Of(s.repository, s.config)
	return pages.Cluster{
		Config: s.config,
		API:    asked{s},
		History: func(ctx context.Context) ([]events.Commit, error) {
			return recorded.History(ctx, shownCommits)
		},
	}
}

// shownCommits is how many commits of the status branch the page looks for transitions in.
const shownCommits = 1000

// run runs the loop of the cluster, once it can be used.
func (s *place) run(
	ctx context.Context,
	newLoop func(*member) *reconcile.Loop,
	stop func(reconcile.Outcome) bool,
) reconcile.Outcome {
	if s.member.Load() == nil {
		if last, ok := s.await(ctx, stop); !ok {
			return last
		}
	}
	return s.member.Load().run(ctx, newLoop, stop)
}

// retryConnect is the longest time between two looks at a kubeconfig that cannot be used. It is ours: a look reads a
// file.
const retryConnect = 10 * time.Second

// await looks at the kubeconfig until it can be used: when it has changed, when a pass is due, and from time to time.
// Each look that fails is a pass that fails. It returns the last one, and false, if ctx has ended or stop accepts a
// failure.
func (s *place) await(ctx context.Context, stop func(reconcile.Outcome) bool) (reconcile.Outcome, bool) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	changed, err := watch.Paths(ctx, configDebounce, adapters.KubeconfigFiles(s.config)...)
	if err != nil {
		s.log.Debug("a kubeconfig cannot be watched, and is looked at from time to time", "error", err)
	}
	every := time.NewTicker(retryConnect)
	defer every.Stop()
	said := ""
	for {
		m, err := s.connect()
		if err == nil {
			s.log.Info("the kubeconfig of the cluster can be used now", "cluster", s.config.Cluster)
			s.member.Store(m)
			signal(s.joined)
			return reconcile.Outcome{}, true
		}
		if text := err.Error(); text != said {
			said = text
			s.log.Error("the kubeconfig of a cluster cannot be used; the other clusters go on, and syncer tries again",
				"cluster", s.config.Cluster, "error", diag.Redacted(err, redact.Text))
		}
		o := s.failed(err)
		if stop(o) {
			return o, false
		}
		select {
		case <-ctx.Done():
			return o, false
		case <-changed:
		case <-every.C:
		case <-s.hints:
		}
	}
}

// failed is a pass over a cluster whose kubeconfig cannot be used.
func (s *place) failed(err error) reconcile.Outcome {
	now := time.Now()
	s.health.Set(components.Kubernetes, err, now)
	s.health.Passed(now, nil)
	o := reconcile.Outcome{Err: err, Retry: true}
	s.tellOf(o, duty{})
	return o
}

// duty is what this process does of a pass, if several share the cluster.
type duty struct {
	role    string // in words
	nothing string // why it carries out nothing; "" if it does
	leader  string // identity of the process that carries passes out instead; "" if that is unknown
}

// tellOf counts and shows a pass, and answers the clients that wait for one.
func (s *place) tellOf(o reconcile.Outcome, d duty) {
	s.fleet.Passed(o, time.Now())
	r := ondemand.Result{
		APIVersion: wellknown.APIVersion, Kind: ondemand.Kind, Cluster: s.config.Cluster, Commit: o.Commit,
		Recorded: o.Recorded, States: map[string]int{}, Settled: o.Settled && d.nothing == "", Error: d.nothing,
		Leader: d.leader,
	}
	for i := range o.Reports {
		r.States[string(o.Reports[i].State)]++
	}
	if o.Err != nil {
		r.Error = diag.Redacted(o.Err, redact.Text).Error()
	}
	s.shown.Passed(o, d.role, time.Now())
	_, began := s.health.Passes()
	s.passes.Passed(began, r)
}

// asked answers the questions of the page, once there is a client.
type asked struct{ *place }

var errNoClient = errors.New("the kubeconfig of the cluster cannot be used")

// Identify implements access.Authority.
func (a asked) Identify(ctx context.Context, token string) (access.Identity, error) {
	if m := a.member.Load(); m != nil {
		return m.inquiry.Identify(ctx, token)
	}
	return access.Identity{}, errNoClient
}

// MayList implements access.Authority.
func (a asked) MayList(ctx context.Context, who access.Identity, namespace string) (bool, error) {
	if m := a.member.Load(); m != nil {
		return m.inquiry.MayList(ctx, who, namespace)
	}
	return false, errNoClient
}

// Events implements pages.API.
func (a asked) Events(ctx context.Context, namespace string, objects []string) ([]inquiry.Event, error) {
	if m := a.member.Load(); m != nil {
		return m.inquiry.Events(ctx, namespace, objects)
	}
	return nil, errNoClient
}
