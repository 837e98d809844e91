// Package execute carries out changes to agent pools: how many at once, when again after trouble, and what trouble teaches.
//
// A plan says what should change; this package says what may be started now. It sees what a LIST told, starts operations and
// returns, and keeps in memory only what makes it gentler: everything that it must know after a restart is on the pools, in
// their state and tags, or in Unavailable, which its user records.
package execute

import (
	"errors"
	"slices"
	"time"

	"syncer.dev/syncer/internal/capacity"
)

// Settings are how an Executor behaves.
type Settings struct {
	Cluster string // decides about jitter, so that two syncers do not act in step
	// GPUDeadline is when a pool that was made, but whose GPUs have not appeared, counts as failed; 0 is DefaultGPUDeadline.
	GPUDeadline time.Duration
}

// Executor carries out changes to the pools of one cluster. Only one goroutine may use it.
type Executor struct {
	cloud    capacity.Cloud
	settings Settings

	limiter  limiter
	backoff  backoff
	late     late
	quota    quota
	known    capacity.Unavailable
	recorded capacity.Unavailable // that part of known which a restart will know too

	busy    int               // operations in flight in the cluster, whoever started them
	flights map[string]flight // those that we started and have not seen end
	live    map[string]capacity.LivePool
	lost    map[string]bool
	trouble map[string]error
}

// flight is an operation that we started.
type flight struct {
	grows bool // it asks for more nodes
	etag  string
	ended bool // well; its nodes have yet to come
}

// Result is how one change went.
type Result struct {
	Change  capacity.PoolChange
	Started bool  // Azure has accepted it
	Err     error // why not; nil also when it has to wait for others
	New     bool  // Err is from now, not remembered
}

// New returns an Executor that has not seen anything yet.
func New(cloud capacity.Cloud, s Settings) *Executor {
	if s.GPUDeadline == 0 {
		s.GPUDeadline = DefaultGPUDeadline
	}
	return &Executor{cloud: cloud, settings: s, limiter: newLimiter(), backoff: backoff{}, late: late{}, flights: map[string]flight{}}
}

// Remember takes in what was recorded before this process began: what cannot be had, and for pools when their nodes were last
// known to be complete.
func (e *Executor) Remember(u capacity.Unavailable, complete map[string]time.Time) {
	e.recorded = u
	e.known = capacity.UnavailableOf(slices.Concat(u.Blocks, e.known.Blocks))
	for name, at := range complete {
		s := e.late[name]
		s.complete = at
		e.late[name] = s
	}
}

// Recorded takes note that what Unavailable returned is recorded.
func (e *Executor) Recorded() { e.recorded = e.known }

// Unavailable is what is known not to be had.
func (e *Executor) Unavailable() capacity.Unavailable { return e.known }

// Lost names the pools that have no node and, as things are, will get none: their size is not to be had.
func (e *Executor) Lost() map[string]bool { return e.lost }

// Broken names the pools whose GPUs have not appeared in time.
func (e *Executor) Broken() map[string]bool {
	out := map[string]bool{}
	for name, err := range e.trouble {
		var t *capacity.CloudError
		if errors.As(err, &t) && t.Class == capacity.ClassNoGPUs {
			out[name] = true
		}
	}
	return out
}

// Trouble is what is wrong with a pool, or nil: something is late; or, where a change is still due, Azure refused it for a cause
// that does not pass by itself.
func (e *Executor) Trouble(pool string, due bool) error {
	if err := e.trouble[pool]; err != nil || !due {
		return err
	}
	var t *capacity.CloudError
	if err := e.backoff[pool].err; errors.As(err, &t) {
		switch t.Class.Action() {
		case capacity.ActBlock, capacity.ActRelax, capacity.ActSurface:
			return err
		}
	}
	return nil
}
