// SPDX-License-Identifier: Apache-2.0

package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"

	"syncer.dev/syncer/internal/app/access"
	"syncer.dev/syncer/internal/app/adapters"
	"syncer.dev/syncer/internal/app/forges"
	"syncer.dev/syncer/internal/app/monitoring"
	"syncer.dev/syncer/internal/app/ondemand"
	"syncer.dev/syncer/internal/app/pages"
	"syncer.dev/syncer/internal/app/pullrequest"
	"syncer.dev/syncer/internal/app/tips"
	"syncer.dev/syncer/internal/app/upstream"
	"syncer.dev/syncer/internal/config"
	"syncer.dev/syncer/internal/engine"
	"syncer.dev/syncer/internal/git"
	"syncer.dev/syncer/internal/git/local"
	"syncer.dev/syncer/internal/git/remote"
	"syncer.dev/syncer/internal/page"
	"syncer.dev/syncer/internal/reconcile"
	"syncer.dev/syncer/internal/render"
	"syncer.dev/syncer/internal/watch"
)

// setup is what a Daemon runs for one configuration: a place for each cluster. They share the fetches of the
// repository, the hints that it has changed, and the cache of rendered objects; a cluster that cannot be reached, or
// whose kubeconfig cannot be used, does not stop the others.
type setup struct {
	config   config.Config
	places   []*place
	tips     *tips.Tips // nil for one cluster
	until    Until
	log      *slog.Logger
	rendered *render.Cache
	accepted *upstream.Accepted
	passes   *ondemand.Passes
	page     *page.Page
	due      <-chan struct{} // a client asks for a pass
	joined   chan struct{}   // gets a signal when a cluster can be used that could not
	told     chan struct{}   // gets a signal when another process, which follows, has heard of a change
}

// newSetup creates the adapters of a configuration. It contacts no server.
func newSetup(c config.Config, d *Daemon) (*setup, error) {
	s := &setup{
		config: c, until: d.options.Until, log: d.options.Log, rendered: d.rendered, accepted: &d.accepted,
		passes: &d.passes, page: d.page, due: d.due,
		joined: make(chan struct{}, 1), told: make(chan struct{}, 1),
	}
	var repo *git.Repository
	open := func(c config.Config) (_ *git.Repository, err error) {
		if repo == nil {
			repo, err = access.AsDaemon(c)
		}
		return repo, err
	}
	each := c.Each()
	var unusable []error
	for _, one := range each {
		place, err := s.place(one, open)
		if err != nil && len(each) > 1 {
			err = fmt.Errorf("cluster %s: %w", one.Cluster, err)
		}
		if passes := (*adapters.UnusableError)(nil); errors.As(err, &passes) {
			unusable = append(unusable, err)
		} else if err != nil {
			return nil, err
		}
		place.repository = repo
		s.places = append(s.places, place)
	}
	if len(unusable) == len(s.places) { // nothing would run
		return nil, errors.Join(unusable...)
	}
	if len(s.places) > 1 {
		s.tips = tips.New(repo.Fetch, c.Source.Interval, s.hint)
	}
	return s, nil
}

// place returns that of one cluster; with an adapters.UnusableError it has no member yet.
func (s *setup) place(c config.Config, open func(config.Config) (*git.Repository, error)) (*place, error) {
	place := newPlace(c, s)
	place.connect = func() (*member, error) {
		p, err := adapters.Connect(c, open)
		if err != nil {
			return nil, err
		}
		return newMember(place, p, s)
	}
	m, err := place.connect()
	if err == nil {
		place.member.Store(m)
	}
	return place, err
}

// watched is what health and metrics read.
func (s *setup) watched() []monitoring.Loop {
	var loops []monitoring.Loop
	for _, one := range s.places {
		loops = append(loops, one.watched())
	}
	return loops
}

// onPage is what the page shows.
func (s *setup) onPage() page.Options {
	if s.config.Page.Access == config.AccessNone {
		return page.Options{}
	}
	var clusters []pages.Cluster
	for _, one := range s.places {
		clusters = append(clusters, one.onPage())
	}
	return pages.Options(s.config, clusters, s.log)
}

// names are those of the clusters.
func (s *setup) names() []string {
	var names []string
	for _, one := range s.places {
		names = append(names, one.config.Cluster)
	}
	return names
}

// run runs the loops, with what wakes them, and returns when all have ended.
func (s *setup) run(ctx context.Context) reconcile.Outcome {
	ctx, stop := context.WithCancel(ctx)
	var beside, loops sync.WaitGroup
	defer beside.Wait()
	defer stop()
	pushed := make(chan struct{}, 1)
	push := func() { signal(pushed) }
	heard := func() {
		push()
		s.passOn()
	}
	if s.until != OnePass {
		log := pullrequest.Log(s.log)
		beside.Go(func() {
			forges.Listen(ctx, s.config.Review.Webhook, log, heard, func() {
				s.hintReviews()
				s.passOn()
			})
		})
	}
	if dir, ok := remote.LocalPath(s.config.Source.URL); ok {
		changed, err := watch.Paths(ctx, sourceDebounce, local.WatchPaths(dir)...)
		if err != nil {
			s.log.Warn("syncer cannot watch the repository, and polls it", "path", dir, "error", err)
		}
		beside.Go(func() { forward(ctx, changed, push) })
	}
	beside.Go(func() { forward(ctx, s.due, heard) })
	beside.Go(func() { forward(ctx, s.told, push) })
	beside.Go(func() { s.forwardHints(ctx, pushed) })
	outcomes := make([]reconcile.Outcome, len(s.places))
	for i, one := range s.places {
		loops.Go(func() { outcomes[i] = one.run(ctx, s.loop, s.ends) })
	}
	loops.Wait()
	return joined(outcomes)
}

// ends reports whether a loop is done with an outcome.
func (s *setup) ends(o reconcile.Outcome) bool {
	switch s.until {
	case OnePass:
		return !o.Starting
	case Settled:
		return o.Settled
	}
	return false
}

// loop returns a loop for a member.
func (s *setup) loop(m *member) *reconcile.Loop {
	log := s.log
	if len(s.places) > 1 {
		log = log.With("cluster", m.config.Cluster)
	}
	return NewLoop(
		m.parts,
		access.NewReader(m.config, s.rendered),
		upstream.Source{Repository: m.parts.Repository, Config: m.config, Accepted: s.accepted, Tips: s.tips},
		engine.PreviewUpdates,
		log,
		m.health,
	)
}

// hint tells each loop that the repository may have changed.
func (s *setup) hint() {
	for _, one := range s.places {
		signal(one.hints)
	}
}

// passOn tells the processes that lead, where this one does not, of what only this one may have heard.
func (s *setup) passOn() {
	for _, one := range s.places {
		signal(one.heard)
	}
}

// forwardHints passes hints on to all loops until ctx ends.
func (s *setup) forwardHints(ctx context.Context, pushed <-chan struct{}) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-pushed:
		}
		if s.tips != nil {
			s.tips.Expire(ctx)
		}
		s.hint()
	}
}

// hintReviews tells the reviewers that pull requests may have changed.
func (s *setup) hintReviews() {
	for _, one := range s.places {
		if m := one.member.Load(); m != nil {
			m.reviews.Hint()
		}
	}
}

// joined is the outcome of all clusters.
func joined(all []reconcile.Outcome) reconcile.Outcome {
	if len(all) == 1 {
		return all[0]
	}
	var out reconcile.Outcome
	for _, o := range all {
		out.Reports = append(out.Reports, o.Reports...)
		out.Problems = append(out.Problems, o.Problems...)
		out.Changes = append(out.Changes, o.Changes...)
		out.PoolWrites += o.PoolWrites
		out.Err = errors.Join(out.Err, o.Err)
	}
	return out
}
