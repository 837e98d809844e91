// SPDX-License-Identifier: Apache-2.0

package app

import (
	"context"
	"fmt"
	"sync"
	"time"

	"syncer.dev/syncer/internal/app/adapters"
	"syncer.dev/syncer/internal/app/elections"
	"syncer.dev/syncer/internal/app/monitoring"
	"syncer.dev/syncer/internal/app/pullrequest"
	"syncer.dev/syncer/internal/app/telling"
	"syncer.dev/syncer/internal/apply/inquiry"
	"syncer.dev/syncer/internal/apply/lease"
	"syncer.dev/syncer/internal/clock"
	"syncer.dev/syncer/internal/notify"
	"syncer.dev/syncer/internal/otlp"
	"syncer.dev/syncer/internal/reconcile"
	"syncer.dev/syncer/internal/review"
)

// member is the part of a Daemon for one cluster that has a client: its adapters, its loop, and its place in an
// election.
type member struct {
	*place
	parts   *adapters.Parts
	reviews *pullrequest.Reviewer // nil without a forge
	lease   *lease.Lease          // nil if this process always writes, or if there are shards
	shards  *elections.Candidates // nil without shards
	teller  *telling.Teller
	notify  *notify.Notifier // nil without receivers
	traces  *otlp.Exporter   // nil without a collector
	inquiry *inquiry.API
}

// newMember creates the adapters of one cluster. It contacts no server.
func newMember(place *place, p *adapters.Parts, s *setup) (*member, error) {
	m, c := &member{place: place, parts: p}, place.config
	var err error
	if m.inquiry, err = p.Cluster.Inquire(); err != nil {
		return nil, &adapters.UnusableError{Err: err}
	}
	m.listeners(s.log, s.until == Cancelled)
	m.tracing(s.log, s.until == Cancelled)
	if s.until == Cancelled { // what ends by itself neither waits for a lease nor takes it from a daemon
		told := func() {
			signal(s.told)
			m.reviews.Hint()
		}
		if m.lease, m.shards, err = elections.Stand(c, p.Cluster, p.Fences, s.log, told); err != nil {
			return nil, fmt.Errorf("lease: %w", err)
		}
		if m.shards != nil {
			p.Share = m.shards.Holder.Begin
		}
	}
	if s.until != OnePass {
		if m.reviews, err = pullrequest.NewReviewer(c, p, s.log); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// watch adds what health and metrics read of the member.
func (m *member) watch(l *monitoring.Loop) {
	l.Cluster, l.Cloud = m.parts.Cluster, m.parts.Cloud
	l.Reviews = func() (review.Stats, bool) { return m.reviews.Stats() }
	switch {
	case m.lease != nil:
		l.Lease = m.lease
	case m.shards != nil:
		l.Lease, l.Shards = m.shards, m.shards.Held
	}
}

// run runs the loop until ctx is done or stop accepts an outcome, and the reviewer beside it. Where there is an
// election, both only while this process leads; a follower observes and plans, so that it can lead at once.
func (m *member) run(
	ctx context.Context,
	newLoop func(*member) *reconcile.Loop,
	stop func(reconcile.Outcome) bool,
) (last reconcile.Outcome) {
	m.parts.Cluster.Start(ctx)
	defer m.sendTraces(ctx)()
	ctx, cancel := context.WithCancel(ctx)
	var telling sync.WaitGroup
	defer telling.Wait()
	defer cancel()
	telling.Go(func() { m.tell(ctx) })
	wakes := reconcile.Events{Cluster: m.parts.Cluster.Changes(), Source: m.hints}
	if m.shards != nil {
		loop, traced := newLoop(m), m.traced()
		telling.Go(func() { m.announce(ctx) })
		return m.shards.Beside(ctx, m.reviews.Run, m.hints, func(ctx context.Context) reconcile.Outcome {
			return loop.Run(ctx, wakes, func(o reconcile.Outcome) bool {
				share := m.shards.Holder.Share()
				m.teller.Passed(o, share.Has, time.Now())
				if share.Fleet() {
					m.reviews.Passed(o)
					traced(o)
				}
				m.passed(o, m.shards.Nothing(), m.shards.Leader)
				return stop(o)
			})
		})
	}
	lead := func(ctx context.Context, loop *reconcile.Loop) {
		ctx, cancel := context.WithCancel(ctx)
		var beside sync.WaitGroup
		defer beside.Wait()
		defer cancel()
		beside.Go(func() { m.announce(ctx) })
		beside.Go(func() { m.reviews.Run(ctx) })
		traced := m.traced()
		last = loop.Run(ctx, wakes, func(o reconcile.Outcome) bool {
			m.teller.Passed(o, nil, time.Now())
			traced(o)
			m.reviews.Passed(o)
			m.passed(o, "", nil)
			return stop(o)
		})
	}
	if m.lease == nil {
		lead(ctx, newLoop(m))
		return last
	}
	var loop *reconcile.Loop // that of a term knows nothing that another leader has changed since
	m.lease.Run(ctx, lease.Phases{
		Follow: func(ctx context.Context) {
			loop = newLoop(m)
			loop.Follow(ctx, wakes, func(o reconcile.Outcome) {
				nothing := "this replica carries out nothing, and tells the leader (" + m.lease.Role() + ")"
				m.passed(o, nothing, m.lease.Holder)
			})
		},
		Lead: func(ctx context.Context) {
			if loop == nil {
				loop = newLoop(m)
			}
			lead(ctx, loop)
			loop = nil
		},
	})
	return last
}

// announce sends what the teller has heard of, until ctx ends.
func (m *member) announce(ctx context.Context) {
	var sending sync.WaitGroup
	defer sending.Wait()
	sending.Go(func() { m.teller.Run(ctx) })
	if m.notify != nil {
		m.notify.Run(ctx)
	}
}

// tellEvery is the least time between two messages to the processes that lead. Each costs them a poll. It is ours.
const tellEvery = time.Second

// tell tells the processes that lead of each change that this one has heard of, until ctx ends.
func (m *member) tell(ctx context.Context) {
	var leaders interface {
		Tell(ctx context.Context) error
	}
	switch {
	case m.lease != nil:
		leaders = m.lease
	case m.shards != nil:
		leaders = m.shards
	default:
		return
	}
	for {
		select {
		case <-ctx.Done():
			return
		case <-m.heard:
		}
		if err := leaders.Tell(ctx); err != nil && ctx.Err() == nil {
			m.log.Warn("the leader does not hear of a change before its next poll", "error", err)
		}
		if clock.Sleep(ctx, tellEvery) != nil {
			return
		}
	}
}

// passed counts and shows a pass, and answers the clients that wait for one. With a reason for which it has carried out
// nothing, it is no success for them, and leader returns the identity of the process that they may ask.
func (m *member) passed(o reconcile.Outcome, nothing string, leader func() string) {
	d := duty{role: nothing, nothing: nothing}
	if m.lease != nil {
		d.role = m.lease.Role()
	}
	if nothing != "" {
		d.leader = leader()
	}
	m.tellOf(o, d)
}
