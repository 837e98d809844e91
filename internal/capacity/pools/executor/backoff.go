// SPDX-License-Identifier: Apache-2.0

package executor

import (
	"errors"
	"fmt"
	"hash/fnv"
	"math"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"

	"syncer.dev/syncer/internal/capacity"
)

// backoff holds changes to a pool back after a failure, by pool.
type backoff map[string]pause

type pause struct {
	until    time.Time
	delays   wait.Backoff // the rest of poolDelays; zero: all of it
	err      error
	etag     string // of the pool whose operation failed after Azure had accepted it
	deleting bool   // the failed operation was the deletion
	// request is the desired state that needs a user's action. Another desired state is tried at once.
	request  string
	surfaced int // refusals in a row that only a person's action ends
}

const (
	firstBackoff   = 15 * time.Second
	maxBackoff     = 10 * time.Minute
	surfaceBackoff = 30 * time.Minute // after the first refusal that only a person's action ends; it doubles
	// maxSurfaceBackoff is the longest time between such tries: syncer's own compromise between needless writes and a
	// person that has acted.
	maxSurfaceBackoff = 6 * time.Hour
	busyJitter        = 5 * time.Second
)

// poolDelays are the delays after consecutive failures of a pool. They are syncer's own; a longer Retry-After of Azure
// overrides them.
var poolDelays = wait.Backoff{Duration: firstBackoff, Factor: 2, Steps: math.MaxInt32, Cap: maxBackoff}

// next returns the delay after another failure, and the rest of the delays.
func (p pause) next() (time.Duration, wait.Backoff) {
	left := p.delays
	if left == (wait.Backoff{}) {
		left = poolDelays
	}
	step := left.Step()
	return step, left
}

// observe records how the last operation on an owned pool ended. An operation that fails after Azure accepted it counts
// like a refused one: an immediate retry would fail again.
func (b backoff) observe(p *capacity.LivePool, now time.Time) {
	switch {
	case p.State == capacity.Succeeded && !now.Before(b[p.Name].until):
		delete(b, p.Name)
	case p.State == capacity.Failed && b[p.Name].etag != p.ETag:
		b.failed(capacity.PoolChange{Name: p.Name}, lastError(p), now)
		last := b[p.Name]
		last.etag = p.ETag
		b[p.Name] = last
	}
}

// failed records an error and picks the time of the next try: soon for a lock that ends by itself, late for an error
// that needs a user, doubling otherwise, and never before Azure's Retry-After.
func (b backoff) failed(c capacity.PoolChange, err error, now time.Time) {
	delay, left := b[c.Name].next()
	next := pause{err: err, deleting: c.Op == capacity.Delete, delays: left}
	var cloudErr *capacity.CloudError
	if errors.As(err, &cloudErr) {
		switch cloudErr.Class.Action() {
		case capacity.ActWait:
			next.delays, delay = b[c.Name].delays, jitter(c.Name, now, busyJitter)
		case capacity.ActDelete:
			next.delays, delay = wait.Backoff{}, 0
		case capacity.ActBlock, capacity.ActRelax:
			// The block of the offering decides when to retry. This delay only prevents a busy loop if there is no block.
			delay = firstBackoff
		case capacity.ActSurface:
			next.request = requestOf(c)
			if last := b[c.Name]; last.request == next.request {
				next.surfaced = last.surfaced
			}
			delay = surfaceDelay(next.surfaced)
			next.surfaced++
		}
		delay = max(delay, cloudErr.RetryAfter)
	}
	next.until = now.Add(delay)
	b[c.Name] = next
}

// accepted clears the error of a pool but keeps the last delay: the operation may still fail.
func (b backoff) accepted(name string) {
	if p, ok := b[name]; ok {
		b[name] = pause{delays: p.delays, request: p.request, surfaced: p.surfaced}
	}
}

// blocked returns the error that holds a change back, or nil. A failed creation does not hold the deletion of the pool
// back.
func (b backoff) blocked(c capacity.PoolChange, now time.Time) error {
	p, ok := b[c.Name]
	if !ok || !now.Before(p.until) || c.Op == capacity.Delete && !p.deleting ||
		p.request != "" && p.request != requestOf(c) {
		return nil
	}
	return p.err
}

// requestOf identifies the desired state of a change.
func requestOf(c capacity.PoolChange) string {
	if c.Desired == nil {
		return string(c.Op)
	}
	d := c.Desired
	return fmt.Sprintln(
		c.Op,
		d.SKU.Name,
		d.Count,
		d.Spot,
		d.ManagedDisk,
		d.OSSKU,
		d.DiskGiB,
		d.Labels,
		slices.Sorted(slices.Values(d.Taints)),
	)
}

// jitter returns a duration below most, derived from the name and the time.
func jitter(name string, now time.Time, most time.Duration) time.Duration {
	h := fnv.New64a()
	_, _ = fmt.Fprint(h, name, now.UnixNano())
	return time.Duration(h.Sum64() % uint64(most))
}
