// SPDX-License-Identifier: Apache-2.0

package executor

import (
	"slices"
	"time"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/unavailable"
)

// Observe updates the executor from a list of all pools of the cluster. ready counts, by pool, the nodes that are Ready
// and have allocatable GPUs; nil means that the nodes are unknown.
func (e *Executor) Observe(pools []capacity.LivePool, ready map[string]int, now time.Time) {
	e.busy, e.live = 0, map[string]capacity.LivePool{}
	e.unprovisionable, e.errs = map[string]bool{}, map[string]error{}
	e.known = e.known.Expired(now)
	if e.began.IsZero() || now.Sub(e.seen) > wakingTime { // who has not looked for that long knows as little
		e.began, e.served = now, false
	}
	e.seen = now
	e.unblock(pools, ready)
	waking := e.waking(pools, ready, now)
	for i := range pools {
		p := &pools[i]
		e.live[p.Name] = *p
		if p.State.Busy() || e.outlived(p, now) {
			e.busy++
		}
		if !p.Owned || p.System {
			continue
		}
		failed := p.State == capacity.Failed && e.backoff[p.Name].etag != p.ETag
		e.backoff.observe(p, now)
		overdue := e.deadlines.observe(p, nodes{ready, e.joined}, e.settings.GPUDeadline, now)
		if overdue != nil && waking && overdue.Class != capacity.ClassStuck && !e.deadlines[p.Name].complete.IsZero() {
			overdue = nil
		}
		if overdue != nil {
			e.errs[p.Name] = overdue
		}
		e.learn(p, overdue, failed, now)
		e.unprovisionable[p.Name] = e.isUnprovisionable(p, overdue, ready, now)
		e.deadlines.setUnprovisionable(p.Name, e.unprovisionable[p.Name], now)
	}
	e.completed(ready)
	e.deadlines.forget(e.live)
}

// waking reports whether missing nodes that were there once may be those of a cluster that has just been started: this
// process, which may run in the cluster, has not watched for long, and has not seen a node of ours that is ready.
func (e *Executor) waking(pools []capacity.LivePool, ready map[string]int, now time.Time) bool {
	for i := range pools {
		p := &pools[i]
		e.served = e.served || p.Owned && !p.System && ready[p.Name] > 0
	}
	return !e.served && now.Sub(e.began) < wakingTime
}

// unblock removes the blocks of a size once a pool of that size, written after the block, has all its nodes. The time
// comes from the pool's own tag, so that a restart removes the same blocks.
func (e *Executor) unblock(pools []capacity.LivePool, ready map[string]int) {
	for i := range pools {
		p := &pools[i]
		if !p.Owned || p.System || p.State != capacity.Succeeded || p.Count == 0 || ready[p.Name] < p.Count ||
			p.Changed.IsZero() {
			continue
		}
		a := attemptOf(p)
		delete(e.unknown, offering{a.SKU.Name, capacity.PriorityOf(a.Spot)})
		e.known = e.known.Worked(a.SKU, capacity.PriorityOf(a.Spot), p.Changed, p.Changed.Add(e.settings.GPUDeadline))
	}
}

// learn blocks offerings after a failed or overdue operation; failed says that the failure has not been seen before.
// The block dates from the write that started the
// operation, so that a restart records the same block and no new one.
func (e *Executor) learn(p *capacity.LivePool, overdue *capacity.CloudError, failed bool, now time.Time) {
	failure := overdue
	at := p.Changed
	switch {
	case overdue != nil && overdue.Class == capacity.ClassStuck &&
		p.State != capacity.Creating && p.State != capacity.Scaling:
		return // the operation asks for no nodes
	case overdue != nil && overdue.Class == capacity.ClassSpotTaken && overdue.Code != capacity.CodeSpotMissing:
		return // there may be others
	case overdue != nil:
		if due := e.deadlines[p.Name].due; !due.IsZero() {
			at = due
		}
	case p.State == capacity.Failed:
		failure = lastError(p)
	default:
		return
	}
	if failed {
		e.count(failure)
		e.haltFor(false, failure, now)
	}
	if failure.Class == capacity.ClassUnknown && (!failed || !e.repeated(p.Size, p.Priority(), failure.Code)) {
		return
	}
	if at.IsZero() || at.After(now) {
		at = e.deadlines[p.Name].since
	}
	e.known = e.known.Record(failure, attemptOf(p), at, e.settings.Cluster).Expired(now)
}

// lastError is the error of the last operation on a pool.
func lastError(p *capacity.LivePool) *capacity.CloudError {
	return &capacity.CloudError{Class: capacity.Classify(p.ErrorCode, p.Error), Code: p.ErrorCode, Message: p.Error}
}

// attemptOf describes what a live pool asked Azure for.
func attemptOf(p *capacity.LivePool) unavailable.Attempt {
	sku, ok := capacity.LookupSKU(p.Size)
	if !ok {
		sku = capacity.SKU{Name: p.Size}
	}
	return attempt(sku, p.Spot, p.Zones, p.ManagedDisk)
}

// attempt describes a request for nodes: an ephemeral OS disk is a constraint that a managed disk does not have.
func attempt(sku capacity.SKU, spot bool, zones []string, managedDisk bool) unavailable.Attempt {
	a := unavailable.Attempt{SKU: sku, Spot: spot, Zones: zones}
	if !managedDisk {
		a.Constraints = []unavailable.Constraint{unavailable.EphemeralDisk}
	}
	return a
}

// isUnprovisionable reports whether a pool has no ready node and known blocks say that it will get none.
func (e *Executor) isUnprovisionable(
	p *capacity.LivePool,
	overdue *capacity.CloudError,
	ready map[string]int,
	now time.Time,
) bool {
	ended := p.State == capacity.Failed || p.State == capacity.Canceled ||
		overdue != nil && (overdue.Class == capacity.ClassNoGPUs || overdue.Class == capacity.ClassSpotTaken)
	if !ended || ready == nil || ready[p.Name] > 0 {
		return false
	}
	return explains(e.known, p, now)
}

// explains reports whether unavailable offerings say that a pool will get no nodes: its size is blocked, or its size is
// available with a managed disk only and the pool has an ephemeral one.
func explains(u unavailable.Offerings, p *capacity.LivePool, now time.Time) bool {
	a := attemptOf(p)
	_, _, blocked := u.Blocked(a.SKU, capacity.PriorityOf(a.Spot), now)
	needsManagedDisk := slices.Contains(u.Dropped(a.SKU, capacity.PriorityOf(a.Spot), now), unavailable.EphemeralDisk)
	return blocked || needsManagedDisk && !p.ManagedDisk
}

// completed updates the limiter from operations of ours that have ended, and forgets them. An operation that added
// nodes stays until the nodes are ready.
func (e *Executor) completed(ready map[string]int) {
	for name, op := range e.operations {
		p, exists := e.live[name]
		if exists && (p.State.Busy() || p.ETag == op.etag) { // the list may be older than the operation
			continue
		}
		succeeded := !exists || p.State == capacity.Succeeded
		switch {
		case succeeded && !op.succeeded:
			e.limiter.succeeded()
			op.succeeded = true
		case !succeeded && capacity.Classify(p.ErrorCode, p.Error).Contended():
			e.limiter.contended()
		}
		if op.grows && exists && p.State == capacity.Succeeded && ready[name] < p.Count {
			e.operations[name] = op
			continue
		}
		delete(e.operations, name)
	}
}
