// SPDX-License-Identifier: Apache-2.0

package executor

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"syncer.dev/syncer/internal/capacity"
)

// recordPatience is how long a deletion or an abort waits until the block that it proves is recorded. A status branch
// that is not writable must not keep a Workspace from another size for longer.
const recordPatience = 2 * time.Minute

// holdsEvidence reports whether a pool is the only evidence of an unavailable offering: without the pool, a restart
// would not know the block and request the same offering again.
func (e *Executor) holdsEvidence(c capacity.PoolChange, now time.Time) bool {
	removes := c.Op == capacity.Delete || c.Desired != nil && c.Desired.Count == 0
	return removes && c.Live != nil && e.unprovisionable[c.Name] && !explains(e.recorded, c.Live, now) &&
		now.Sub(e.deadlines[c.Name].unprovisionableSince) < recordPatience
}

// Ensure starts creating and updating pools, as many as the limiter allows, and first aborts overdue operations. It
// returns one Result for each creation and update in changes, and does not wait for the operations to end.
func (e *Executor) Ensure(ctx context.Context, changes []capacity.PoolChange, now time.Time) []Result {
	e.abort(ctx, now)
	return e.start(ctx, changes, now, e.cloud.Ensure, capacity.Create, capacity.Update)
}

// Release starts deleting pools. Deletions share the limiter with creations and updates. It returns one Result for each
// deletion in changes.
func (e *Executor) Release(ctx context.Context, changes []capacity.PoolChange, now time.Time) []Result {
	return e.start(ctx, changes, now, e.cloud.Delete, capacity.Delete)
}

// start starts the changes with one of the given operations, in order.
func (e *Executor) start(
	ctx context.Context,
	changes []capacity.PoolChange,
	now time.Time,
	do func(context.Context, capacity.PoolChange) error,
	ops ...capacity.Op,
) []Result {
	var out []Result
	for _, c := range changes {
		if !slices.Contains(ops, c.Op) {
			continue
		}
		r := Result{Change: c}
		switch err := e.backoff.blocked(c, now); {
		case err != nil:
			r.Err = err
		case e.halted(c, now) != nil:
			r.Err = e.halted(c, now)
		case e.holdsEvidence(c, now):
		case c.Live != nil && e.outlived(c.Live, now):
		case e.busy < e.limiter.limit:
			r.Err = do(ctx, c)
			r.Started, r.New = r.Err == nil, r.Err != nil
			e.started(c, r.Err, now)
		}
		out = append(out, r)
	}
	return out
}

// listPatience is how long a list of pools may be older than an operation of ours that Azure has accepted: because it
// could not be read again, or comes from a replica that is behind. The figure is syncer's own guess; it only spares
// writes that the ETag would refuse.
const listPatience = 2 * time.Minute

// outlived reports whether a pool is as it was listed before an operation of ours: nothing may follow from it.
func (e *Executor) outlived(p *capacity.LivePool, now time.Time) bool {
	op, ours := e.operations[p.Name]
	return ours && op.etag != "" && op.etag == p.ETag && now.Sub(op.began) < listPatience
}

// started records Azure's answer to a change: an operation in flight, or a failure.
func (e *Executor) started(c capacity.PoolChange, err error, now time.Time) {
	if errors.Is(err, context.Canceled) {
		return
	}
	grown := growth(c)
	if err == nil {
		e.busy++
		op := operation{grows: grown > 0, began: now}
		if c.Live != nil {
			op.etag = c.Live.ETag
		}
		e.operations[c.Name] = op
		e.backoff.accepted(c.Name)
		delete(e.halts, c.Op == capacity.Delete)
		if c.Desired != nil && grown > 0 {
			e.quota.reserve(c.Desired.SKU, c.Desired.Priority(), grown*c.Desired.SKU.VCPUs)
		}
		return
	}
	e.backoff.failed(c, err, now)
	var t *capacity.CloudError
	if !errors.As(err, &t) {
		return
	}
	e.count(t)
	e.haltFor(c.Op == capacity.Delete, t, now)
	if t.Class.Contended() {
		e.limiter.contended()
	}
	if t.Class == capacity.ClassQuota {
		e.quota.invalidate(now)
	}
	if d := c.Desired; d != nil && (t.Class != capacity.ClassUnknown || e.repeated(d.SKU.Name, d.Priority(), t.Code)) {
		e.known = e.known.Record(t, attempt(d.SKU, d.Spot, d.Zones, d.ManagedDisk), now, e.settings.Cluster)
	}
}

// growth is the number of nodes that a change adds.
func growth(c capacity.PoolChange) int {
	switch {
	case c.Desired == nil:
		return 0
	case c.Live == nil:
		return c.Desired.Count
	}
	return max(c.Desired.Count-c.Live.Count, 0)
}

// Leave sets which pools nothing may happen to: an operation on them that is overdue goes on. A nil func is none.
func (e *Executor) Leave(stays func(*capacity.LivePool) bool) { e.stays = stays }

// abort aborts overdue operations, each of them once.
func (e *Executor) abort(ctx context.Context, now time.Time) {
	for _, name := range slices.Sorted(maps.Keys(e.live)) { // in order, so that a run can be repeated
		p := e.live[name]
		if !e.deadlines.mustAbort(&p, now) || e.stays != nil && e.stays(&p) {
			continue
		}
		if explains(e.known, &p, now) && !explains(e.recorded, &p, now) &&
			now.Sub(e.deadlines[name].noticed) < recordPatience {
			continue // after the abort, a restart would not know the block
		}
		if err := e.cloud.Abort(ctx, capacity.PoolChange{Name: name, Live: &p}); err == nil {
			e.deadlines.markAborted(name)
			e.backoff.failed(capacity.PoolChange{Name: name}, e.errs[name], now)
		}
	}
}
