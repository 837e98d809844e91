package execute

import (
	"fmt"
	"time"

	"syncer.dev/syncer/internal/capacity"
)

// DefaultGPUDeadline is how long GPUs may take to appear once a pool was written: booting and installing a driver take up to
// fifteen minutes.
const DefaultGPUDeadline = 30 * time.Minute

// How long operations may take. Creating takes five to seven minutes as a rule, deleting waits for pods to be drained.
const (
	stuckAfter         = 45 * time.Minute
	stuckDeletingAfter = 60 * time.Minute
)

// late tells operations that do not end, and pools whose GPUs do not appear. Since when something has been so is read from
// the pool's own tag where that is certain, so that a restart does not begin to count anew.
type late map[string]sighting

type sighting struct {
	state    capacity.PoolState
	since    time.Time // first seen in this state by this process
	complete time.Time // last seen with all its GPUs
	due      time.Time // when it became late; zero when it is not
	noticed  time.Time // when this process noticed that it is late
	aborted  bool      // the operation in flight was given up once

	lostSince time.Time // since when it is known that it will get no nodes; zero when it is not
}

// see takes note of a pool, and returns what is late about it, or nil.
func (l late) see(p *capacity.LivePool, ready map[string]int, gpuDeadline time.Duration, now time.Time) *capacity.CloudError {
	s := l[p.Name]
	if s.state != p.State {
		s.aborted = s.aborted && p.State.Busy()
		s.state, s.since = p.State, now
	}
	s.due = time.Time{}
	defer func() {
		if s.due.IsZero() {
			s.noticed = time.Time{}
		} else if s.noticed.IsZero() {
			s.noticed = now
		}
		l[p.Name] = s
	}()
	switch {
	case p.State.Busy():
		began, limit := s.since, stuckAfter
		switch p.State {
		case capacity.Creating:
			if !p.Changed.IsZero() { // nobody else creates it: the tag is from the write that did
				began = p.Changed
			}
		case capacity.Deleting:
			limit = stuckDeletingAfter
		case capacity.Updating, capacity.Scaling, capacity.Canceling:
		default:
			return nil // somebody's upgrade takes as long as it takes
		}
		if now.Sub(began) <= limit {
			return nil
		}
		s.due = began.Add(limit)
		what := "it is given up once"
		if s.aborted || p.State == capacity.Canceling {
			what = "giving it up has not helped"
		}
		return &capacity.CloudError{Class: capacity.ClassStuck, Code: "OperationStuck", Message: fmt.Sprintf("%s has not ended in %s; %s", p.State, limit, what)}
	case p.State != capacity.Succeeded || p.Count == 0 || ready == nil:
		return nil
	case ready[p.Name] >= p.Count:
		s.complete = now
		return nil
	}
	began := p.Changed
	if s.complete.After(began) {
		began = s.complete
	}
	if began.IsZero() {
		began = s.since
	}
	if now.Sub(began) <= gpuDeadline {
		return nil
	}
	s.due = began.Add(gpuDeadline)
	return &capacity.CloudError{
		Class: capacity.ClassNoGPUs, Code: "GPUsMissing",
		Message: fmt.Sprintf("Azure says %s, but %d of %d nodes have not shown their GPUs in %s", p.State, p.Count-ready[p.Name], p.Count, gpuDeadline),
	}
}

// lost takes note of whether a pool will get no nodes.
func (l late) lost(name string, is bool, now time.Time) {
	s := l[name]
	switch {
	case !is:
		s.lostSince = time.Time{}
	case s.lostSince.IsZero():
		s.lostSince = now
	}
	l[name] = s
}

// toAbort reports whether the operation in flight on a pool is to be given up.
func (l late) toAbort(p *capacity.LivePool, now time.Time) bool {
	s := l[p.Name]
	return p.Owned && !p.System && p.State.Busy() && p.State != capacity.Canceling && !s.aborted && !s.due.IsZero() && now.After(s.due)
}

func (l late) aborted(name string) {
	s := l[name]
	s.aborted = true
	l[name] = s
}

// forget drops the pools that are gone.
func (l late) forget(live map[string]capacity.LivePool) {
	for name := range l {
		if _, there := live[name]; !there {
			delete(l, name)
		}
	}
}
