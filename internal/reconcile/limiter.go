package reconcile

import (
	"errors"
	"time"

	"syncer.dev/syncer/internal/capacity"
)

// limiter bounds the pool operations that are in flight at once. Operations on different pools of a cluster are accepted
// side by side but race on shared networks, so it starts with one, grows by one after every three that went well, up to
// maxInFlight, and falls back to one at the first sign of trouble.
type limiter struct {
	limit int
	clean int
}

const (
	maxInFlight  = 3
	growAfter    = 3
	firstBackoff = 15 * time.Second
	maxBackoff   = 10 * time.Minute
)

func newLimiter() limiter { return limiter{limit: 1} }

// done takes note of how an operation went.
func (l *limiter) done(err error) {
	if err != nil {
		l.limit, l.clean = 1, 0
		return
	}
	if l.clean++; l.clean >= growAfter && l.limit < maxInFlight {
		l.limit, l.clean = l.limit+1, 0
	}
}

// backoff remembers until when a pool is better left alone.
type backoff map[string]pause

type pause struct {
	until time.Time
	step  time.Duration
	err   error
	etag  string // of the pool whose operation failed late
}

// seen takes note of how the last operation on a pool of ours ended. One that failed late, after it had been accepted, is as
// much a failure as one that was refused; writing the pool again at once would only fail again.
func (b backoff) seen(p *capacity.LivePool, now time.Time) {
	switch {
	case !p.Owned:
	case p.State == capacity.Succeeded && !now.Before(b[p.Name].until):
		delete(b, p.Name)
	case p.State == capacity.Failed && b[p.Name].etag != p.ETag:
		b.failed(p.Name, &capacity.CloudError{Class: capacity.Classify(p.ErrorCode, p.Error), Code: p.ErrorCode, Message: p.Error}, now)
		last := b[p.Name]
		last.etag = p.ETag
		b[p.Name] = last
	}
}

// failed notes trouble with a pool and picks the time to try again: what Azure asked for, at once for a lock that passes by
// itself, long for what only a person or time can change, and doubling for the rest.
func (b backoff) failed(pool string, err error, now time.Time) {
	step := min(max(2*b[pool].step, firstBackoff), maxBackoff)
	var trouble *capacity.CloudError
	if errors.As(err, &trouble) {
		switch trouble.Class {
		case capacity.ClassBusy, capacity.ClassConflict:
			step = 0
		case capacity.ClassQuota, capacity.ClassCapacity, capacity.ClassUnavailable, capacity.ClassPermission, capacity.ClassInvalid:
			step = maxBackoff
		}
		step = max(step, trouble.RetryAfter)
	}
	b[pool] = pause{until: now.Add(step), step: step, err: err}
}

// blocked returns the trouble for which the pool is left alone for now, or nil.
func (b backoff) blocked(pool string, now time.Time) error {
	if p, ok := b[pool]; ok && now.Before(p.until) {
		return p.err
	}
	return nil
}
