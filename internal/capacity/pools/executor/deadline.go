// SPDX-License-Identifier: Apache-2.0

package executor

import (
	"fmt"
	"time"

	"syncer.dev/syncer/internal/capacity"
)

// DefaultGPUDeadline is how long the GPUs of a pool may take to become allocatable after the pool was written. Booting
// a node and installing the driver takes up to fifteen minutes; the default is twice that.
const DefaultGPUDeadline = 30 * time.Minute

// How long operations may take. AKS usually creates a pool in five to seven minutes; a deletion waits until the pods
// are drained.
const (
	stuckAfter         = 45 * time.Minute
	stuckDeletingAfter = 60 * time.Minute
	// spotGrace is how long a machine of a spot pool may be away before it counts as taken. A node that restarts is back
	// before that.
	spotGrace = 2 * time.Minute
	// spotDeadline is how long a spot machine that syncer asked for may take to join the cluster: booting takes up to
	// fifteen minutes.
	spotDeadline = 15 * time.Minute
	// wakingTime is how long the nodes of a cluster that was stopped take to come back. A process that has just started
	// cannot know whether the cluster was stopped, since it stops with it.
	wakingTime = 15 * time.Minute
)

// nodes counts the nodes of a cluster by pool. A nil map means that they are unknown.
type nodes struct {
	ready  map[string]int // Ready, with allocatable GPUs
	joined map[string]int // known to the cluster at all
}

// deadlines finds overdue pools: operations that do not end, and GPUs that do not become allocatable. The start of an
// operation comes from the pool's own tag where the tag is certain, so that a restart keeps the deadline.
type deadlines map[string]poolAge

// poolAge is how long one pool has been in its present condition.
type poolAge struct {
	state    capacity.PoolState
	since    time.Time // first observed in this state by this process
	complete time.Time // last observed or reported with all its GPUs
	stopped  time.Time // last observed stopped
	due      time.Time // the deadline that has passed; zero while the pool is on time
	noticed  time.Time // when this process noticed that the deadline has passed
	aborted  bool      // the operation in flight was aborted once

	unprovisionableSince time.Time // since when the pool is known to get no nodes; zero while it may get some
}

// observe records the state of a pool and returns the error of a passed deadline, or nil.
func (d deadlines) observe(
	p *capacity.LivePool,
	n nodes,
	gpuDeadline time.Duration,
	now time.Time,
) *capacity.CloudError {
	s := d[p.Name]
	if s.state != p.State {
		s.aborted = s.aborted && p.State.Busy()
		s.state, s.since = p.State, now
	}
	s.due = time.Time{}
	var overdue *capacity.CloudError
	switch {
	case p.Stopped:
		s.stopped = now // the deadline begins when it is started
	case p.State.Busy():
		overdue = s.checkOperation(p, now)
		if overdue == nil && p.State != capacity.Creating {
			overdue = s.checkSpot(p, n, now)
		}
	case p.State == capacity.Succeeded && p.Count > 0 && n.ready != nil:
		if n.ready[p.Name] >= p.Count {
			s.complete = now
		} else if overdue = s.checkSpot(p, n, now); overdue == nil {
			overdue = s.checkGPUs(p, n, gpuDeadline, now)
		}
	}
	if s.due.IsZero() {
		s.noticed = time.Time{}
	} else if s.noticed.IsZero() {
		s.noticed = now
	}
	d[p.Name] = s
	return overdue
}

// checkOperation returns an error when the operation in flight is overdue.
func (s *poolAge) checkOperation(p *capacity.LivePool, now time.Time) *capacity.CloudError {
	began, limit := s.since, stuckAfter
	switch p.State {
	case capacity.Creating:
		if !p.Changed.IsZero() { // only syncer creates this pool, so the tag is from the write that started the creation
			began = p.Changed
		}
	case capacity.Deleting:
		limit = stuckDeletingAfter
	case capacity.Updating, capacity.Scaling, capacity.Canceling:
	default:
		return nil // not ours: upgrades by AKS or a user have no deadline
	}
	if now.Sub(began) <= limit {
		return nil
	}
	s.due = began.Add(limit)
	next := "syncer aborts the operation once"
	if s.aborted || p.State == capacity.Canceling {
		next = "aborting the operation did not help"
	}
	return &capacity.CloudError{
		Class:   capacity.ClassStuck,
		Code:    "OperationStuck",
		Message: fmt.Sprintf("the pool has been %s for more than %s; %s", p.State, limit, next),
	}
}

// checkGPUs returns an error when GPUs of a pool have not become allocatable in time.
func (s *poolAge) checkGPUs(
	p *capacity.LivePool,
	n nodes,
	gpuDeadline time.Duration,
	now time.Time,
) *capacity.CloudError {
	began := p.Changed
	for _, later := range []time.Time{s.complete, s.stopped} {
		if later.After(began) {
			began = later
		}
	}
	if began.IsZero() {
		began = s.since
	}
	if now.Sub(began) <= gpuDeadline {
		return nil
	}
	s.due = began.Add(gpuDeadline)
	code, what := capacity.CodeGPUsMissing, "have no allocatable GPUs"
	if n.joined != nil && n.joined[p.Name] == 0 {
		code, what = capacity.CodeNodesMissing, "have not joined the cluster"
	}
	return &capacity.CloudError{
		Class: capacity.ClassNoGPUs,
		Code:  code,
		Message: fmt.Sprintf(
			"Azure reports %s, but %d of %d nodes %s after %s",
			p.State, p.Count-n.ready[p.Name], p.Count, what, gpuDeadline,
		),
	}
}

// checkSpot returns an error when machines of a spot pool are gone: Azure takes them back at any time, and reports the
// pool as before. A machine that is there without GPUs is another matter.
func (s *poolAge) checkSpot(p *capacity.LivePool, n nodes, now time.Time) *capacity.CloudError {
	if !p.Spot || n.joined == nil || n.joined[p.Name] >= p.Count || s.complete.IsZero() && p.Changed.IsZero() {
		return nil
	}
	if now.Sub(s.stopped) < wakingTime {
		return nil
	}
	gone := p.Count - n.joined[p.Name]
	failure := func(code, what string) *capacity.CloudError {
		return &capacity.CloudError{
			Class:   capacity.ClassSpotTaken,
			Code:    code,
			Message: fmt.Sprintf("%d of %d spot machines are gone: %s", gone, p.Count, what),
		}
	}
	switch {
	case s.complete.After(p.Changed): // syncer has not asked for others since
		if p.State.Busy() || now.Sub(s.complete) <= spotGrace {
			return nil
		}
		s.due = s.complete.Add(spotGrace)
		return failure(capacity.CodeSpotTaken, "Azure took them back; syncer asks for others")
	case now.Sub(p.Changed) > spotDeadline && !p.State.Busy():
		s.due = p.Changed.Add(spotDeadline)
		return failure(capacity.CodeSpotMissing, fmt.Sprintf(
			"syncer asked for them at %s, and Azure has none to give", clock(p.Changed),
		))
	case s.complete.IsZero():
		return nil // the first ones are on their way
	}
	return failure(capacity.CodeSpotAwaited, fmt.Sprintf(
		"Azure took them back; syncer asked for others at %s, and waits for Azure to have some", clock(p.Changed),
	))
}

// clock is a time of the day for users.
func clock(t time.Time) string { return t.UTC().Format("15:04 UTC") }

// setUnprovisionable records whether a pool will get no nodes.
func (d deadlines) setUnprovisionable(name string, is bool, now time.Time) {
	s := d[name]
	switch {
	case !is:
		s.unprovisionableSince = time.Time{}
	case s.unprovisionableSince.IsZero():
		s.unprovisionableSince = now
	}
	d[name] = s
}

// mustAbort reports whether syncer has to abort the operation in flight on a pool.
func (d deadlines) mustAbort(p *capacity.LivePool, now time.Time) bool {
	s := d[p.Name]
	return p.Owned && !p.System && p.State.Busy() && p.State != capacity.Canceling && !s.aborted && !s.due.IsZero() &&
		now.After(s.due)
}

// markAborted records that the operation in flight on a pool was aborted.
func (d deadlines) markAborted(name string) {
	s := d[name]
	s.aborted = true
	d[name] = s
}

// forget drops the pools that no longer exist.
func (d deadlines) forget(live map[string]capacity.LivePool) {
	for name := range d {
		if _, exists := live[name]; !exists {
			delete(d, name)
		}
	}
}
