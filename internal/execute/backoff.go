package execute

import (
	"errors"
	"fmt"
	"hash/fnv"
	"slices"
	"time"

	"syncer.dev/syncer/internal/capacity"
)

// backoff remembers until when a pool is better left alone.
type backoff map[string]pause

type pause struct {
	until    time.Time
	step     time.Duration
	err      error
	etag     string // of the pool whose operation failed late
	deleting bool   // it is the deletion that failed
	// wish is what was asked for when only a person could help: another wish is tried at once.
	wish string
}

const (
	firstBackoff   = 15 * time.Second
	maxBackoff     = 10 * time.Minute
	surfaceBackoff = 30 * time.Minute // roles and policies change without a word to us
	busyJitter     = 5 * time.Second
)

// seen takes note of how the last operation on a pool of ours ended. One that failed late, after it had been accepted, is as
// much a failure as one that was refused; writing the pool again at once would only fail again.
func (b backoff) seen(p *capacity.LivePool, now time.Time) {
	switch {
	case p.State == capacity.Succeeded && !now.Before(b[p.Name].until):
		delete(b, p.Name)
	case p.State == capacity.Failed && b[p.Name].etag != p.ETag:
		t := &capacity.CloudError{Class: capacity.Classify(p.ErrorCode, p.Error), Code: p.ErrorCode, Message: p.Error}
		b.failed(capacity.PoolChange{Name: p.Name}, t, now)
		last := b[p.Name]
		last.etag = p.ETag
		b[p.Name] = last
	}
}

// failed notes trouble with a pool and picks the time to try again: what Azure asked for, soon for a lock that passes by
// itself, long for what only a person can change, and doubling for the rest.
func (b backoff) failed(c capacity.PoolChange, err error, now time.Time) {
	next := pause{err: err, deleting: c.Op == capacity.Delete, step: min(max(2*b[c.Name].step, firstBackoff), maxBackoff)}
	wait := next.step
	var trouble *capacity.CloudError
	if errors.As(err, &trouble) {
		switch trouble.Class.Action() {
		case capacity.ActWait:
			next.step, wait = b[c.Name].step, jitter(c.Name, now, busyJitter)
		case capacity.ActDelete:
			next.step, wait = 0, 0
		case capacity.ActBlock, capacity.ActRelax:
			// Whether and when is a matter of what is unavailable; this only keeps a fault in that from turning in circles.
			wait = firstBackoff
		case capacity.ActSurface:
			wait, next.wish = surfaceBackoff, wishOf(c)
		}
		wait = max(wait, trouble.RetryAfter)
	}
	next.until = now.Add(wait)
	b[c.Name] = next
}

// accepted forgets trouble with a pool, though not how long the last wait was: the operation may still fail.
func (b backoff) accepted(name string) {
	if p, ok := b[name]; ok {
		b[name] = pause{step: p.step}
	}
}

// blocked returns the trouble for which a change is left alone for now, or nil. That a pool could not be made is no reason not to
// delete it.
func (b backoff) blocked(c capacity.PoolChange, now time.Time) error {
	p, ok := b[c.Name]
	if !ok || !now.Before(p.until) || c.Op == capacity.Delete && !p.deleting || p.wish != "" && p.wish != wishOf(c) {
		return nil
	}
	return p.err
}

// wishOf identifies what a change asks for.
func wishOf(c capacity.PoolChange) string {
	if c.Desired == nil {
		return string(c.Op)
	}
	d := c.Desired
	return fmt.Sprintln(c.Op, d.SKU.Name, d.Count, d.Spot, d.ManagedDisk, d.OSSKU, d.DiskGiB, d.Labels, slices.Sorted(slices.Values(d.Taints)))
}

// jitter returns a part of most that follows from the name and the time.
func jitter(name string, now time.Time, most time.Duration) time.Duration {
	h := fnv.New64a()
	_, _ = fmt.Fprint(h, name, now.UnixNano())
	return time.Duration(h.Sum64() % uint64(most))
}
