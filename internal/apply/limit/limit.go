// SPDX-License-Identifier: Apache-2.0

package limit

import (
	"context"
	"slices"
	"sync"
	"time"
)

// Limiter bounds the requests in flight. Its methods may be called concurrently.
type Limiter struct {
	mu       sync.Mutex
	window   window
	inFlight int
	queue    []chan struct{} // of those who wait, the oldest first; closed when its place is there
	until    time.Time       // no request goes before
}

// New returns a Limiter of First places.
func New() *Limiter {
	return &Limiter{window: window{size: First, fastest: map[string]time.Duration{}}}
}

// longestPause bounds what a server may ask for: a day would be a mistake, or malice of a proxy.
const longestPause = time.Minute

// Acquire waits for a place, and returns the time at which the request goes. The error is that of ctx. Who gets a place
// calls Release.
func (l *Limiter) Acquire(ctx context.Context) (time.Time, error) {
	l.mu.Lock()
	if l.free() && len(l.queue) == 0 {
		l.inFlight++
		l.mu.Unlock()
		return time.Now(), nil
	}
	l.window.full = true
	mine := make(chan struct{})
	l.queue = append(l.queue, mine)
	l.mu.Unlock()
	select {
	case <-mine:
		return time.Now(), nil
	case <-ctx.Done():
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if i := slices.Index(l.queue, mine); i >= 0 {
		l.queue = slices.Delete(l.queue, i, i+1)
	} else { // the place came at the same time
		l.inFlight--
		l.next()
	}
	return time.Time{}, ctx.Err()
}

// Release gives the place of a request back, and learns from its answer.
func (l *Limiter) Release(sent time.Time, a Answer) {
	now := time.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.inFlight--
	l.window.full = l.window.full || len(l.queue) > 0
	l.window.answered(sent, now, a)
	if until := now.Add(min(a.RetryAfter, longestPause)); a.RetryAfter > 0 && until.After(l.until) {
		l.until = until
		time.AfterFunc(until.Sub(now), func() {
			l.mu.Lock()
			defer l.mu.Unlock()
			l.next()
		})
	}
	l.next()
}

// Places returns how many requests may be in flight now, without regard to a pause.
func (l *Limiter) Places() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.window.places()
}

// free reports whether a request may go. The caller holds the lock, as for next.
func (l *Limiter) free() bool { return l.inFlight < l.window.places() && !time.Now().Before(l.until) }

// next gives places to those who wait.
func (l *Limiter) next() {
	for len(l.queue) > 0 && l.free() {
		close(l.queue[0])
		l.queue = l.queue[1:]
		l.inFlight++
	}
}
