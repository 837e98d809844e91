// SPDX-License-Identifier: Apache-2.0

package executor

import (
	"errors"
	"slices"
	"time"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/unavailable"
)

// Settings configure an Executor.
type Settings struct {
	Cluster string // seeds the jitter, so that two instances do not retry in step
	// GPUDeadline is the time from writing a pool until missing GPUs count as a failure; 0 means DefaultGPUDeadline.
	GPUDeadline time.Duration
}

// Executor carries out changes to the pools of one cluster. It is not safe for concurrent use.
type Executor struct {
	cloud    capacity.Cloud
	settings Settings

	limiter   limiter
	backoff   backoff
	deadlines deadlines
	quota     quota
	known     unavailable.Offerings
	recorded  unavailable.Offerings // the persisted part of known

	began    time.Time      // of the first observation
	seen     time.Time      // of the last observation
	served   bool           // a node of ours was ready since began
	joined   map[string]int // nodes that the cluster knows, by pool; nil: unknown
	unknown  map[offering]streak
	failures map[Failure]int
	halts    map[bool]halt // by whether the refused write was a deletion

	busy            int                  // operations in flight in the cluster, ours or not
	operations      map[string]operation // our operations that have not completed
	live            map[string]capacity.LivePool
	unprovisionable map[string]bool
	errs            map[string]error // of passed deadlines, by pool

	stays func(*capacity.LivePool) bool // see Leave
}

// operation is an operation that this process started.
type operation struct {
	grows     bool   // it adds nodes
	etag      string // of the pool before the operation; "" for a creation
	began     time.Time
	succeeded bool // it ended well, and its nodes are not ready yet
}

// Result is the outcome of one change in a pass.
type Result struct {
	Change  capacity.PoolChange
	Started bool  // Azure accepted the change
	Err     error // why it did not start; nil also while the limiter or unrecorded evidence holds it back
	New     bool  // Err is from this pass, not from an earlier one
}

// New returns an Executor without any observation.
func New(cloud capacity.Cloud, s Settings) *Executor {
	if s.GPUDeadline == 0 {
		s.GPUDeadline = DefaultGPUDeadline
	}
	return &Executor{
		cloud:      cloud,
		settings:   s,
		limiter:    newLimiter(),
		backoff:    backoff{},
		deadlines:  deadlines{},
		operations: map[string]operation{},
		unknown:    map[offering]streak{},
		failures:   map[Failure]int{},
		halts:      map[bool]halt{},
	}
}

// Restore adds the unavailable offerings that an earlier process persisted.
func (e *Executor) Restore(u unavailable.Offerings) {
	e.recorded = u
	e.known = unavailable.New(slices.Concat(u.Entries, e.known.Entries))
}

// Complete sets when the nodes of each pool were last reported complete. The caller calls it before Observe in every
// pass, so that old and new processes measure deadlines from the same time.
func (e *Executor) Complete(reported map[string]time.Time) {
	for name, at := range reported {
		s := e.deadlines[name]
		s.complete = at
		e.deadlines[name] = s
	}
}

// Joined sets how many nodes of each pool the cluster knows, ready or not; nil means that they are unknown. The caller
// calls it before Observe in every pass.
func (e *Executor) Joined(nodes map[string]int) { e.joined = nodes }

// MarkRecorded notes that the caller persisted what Unavailable returns.
func (e *Executor) MarkRecorded() { e.recorded = e.known }

// Unavailable returns the offerings that are known to be unavailable.
func (e *Executor) Unavailable() unavailable.Offerings { return e.known }

// Unprovisionable returns the pools that have no node and will get none, because their offering is unavailable.
func (e *Executor) Unprovisionable() map[string]bool { return e.unprovisionable }

// WithoutGPUs returns the pools whose nodes or GPUs are missing, and that have to be written again: past the deadline,
// and spot pools whose machines Azure has taken.
func (e *Executor) WithoutGPUs() map[string]bool {
	out := map[string]bool{}
	for name, err := range e.errs {
		var t *capacity.CloudError
		if errors.As(err, &t) && (t.Class == capacity.ClassNoGPUs ||
			t.Class == capacity.ClassSpotTaken && t.Code != capacity.CodeSpotAwaited) {
			out[name] = true
		}
	}
	return out
}

// Overdue reports whether a pool has passed a deadline.
func (e *Executor) Overdue() bool { return len(e.errs) > 0 }

// Busy reports whether an operation is in flight, ours or not: by the list, or by what this process has started since.
func (e *Executor) Busy() bool { return e.busy > 0 }

// Outdated reports whether the list of pools is older than an operation of ours: nothing may follow from it.
func (e *Executor) Outdated(now time.Time) bool {
	for _, p := range e.live {
		if e.outlived(&p, now) {
			return true
		}
	}
	return false
}

// Changes returns the next time at which time alone changes what the executor says, and the caller does not learn it
// otherwise: from Unavailable, Unprovisionable and Overdue, after Observe. It is zero for never. What it holds back in
// Ensure and Release is not part of it.
func (e *Executor) Changes(now time.Time) time.Time {
	next := e.known.Changes(now)
	for name, p := range e.backoff { // LastError says no more once its time is over
		ends := e.live[name].State == capacity.Succeeded && p.until.After(now)
		if ends && (next.IsZero() || p.until.Before(next)) {
			next = p.until
		}
	}
	return next
}

// LastError returns the error of a pool, or nil: a passed deadline or, while a change is due, a refusal by Azure that
// does not end by itself.
func (e *Executor) LastError(pool string, due bool) error {
	if err := e.errs[pool]; err != nil || !due {
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
