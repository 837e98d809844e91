// SPDX-License-Identifier: Apache-2.0

package fence

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// ErrNotLeader is the cause of every refusal: another process may lead. It counts as context.Canceled, since the term
// of the leader is over: the error says nothing about the server or the object, and is not reported.
var ErrNotLeader error = notLeader{}

type notLeader struct{}

// Error says that another process may lead.
func (notLeader) Error() string {
	return "this process may not write, because it does not hold the lease"
}

// Is makes it a cancellation.
func (notLeader) Is(target error) bool { return target == context.Canceled }

// Fence says whether this process may write now. The zero value, and nil, are those of a process without a lease: it
// always may. A Fence is safe for concurrent use.
type Fence struct {
	mu      sync.Mutex
	limit   time.Duration // zero: no lease is needed
	renewed time.Time     // when the present lease was sent; zero: there is none
}

// Require makes writing need a lease that is younger than limit. Until it is renewed there is none.
func (f *Fence) Require(limit time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.limit, f.renewed = limit, time.Time{}
}

// Renewed takes over that the server has accepted the lease. The time is that before the request was sent: others count
// the life of the lease from a later moment.
func (f *Fence) Renewed(sent time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.renewed = sent
}

// Close ends the lease, before it is given back or as soon as another process has it.
func (f *Fence) Close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.renewed = time.Time{}
}

// MayWrite returns nil if a write may begin now, and otherwise an error that wraps ErrNotLeader.
func (f *Fence) MayWrite() error {
	if f == nil {
		return nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.limit == 0 {
		return nil
	}
	if f.renewed.IsZero() {
		return ErrNotLeader
	}
	if age := age(f.renewed, time.Now()); age >= f.limit {
		return fmt.Errorf("%w: it was renewed %s ago, and counts for %s", ErrNotLeader, age.Round(time.Second), f.limit)
	}
	return nil
}

// age is the time since then, by the clock that shows more. The monotonic clock of Linux goes on while a process is
// stopped, and stands still while the machine is suspended; the other clock may be set back, and goes on.
func age(then, now time.Time) time.Duration {
	return max(now.Sub(then), now.Round(0).Sub(then.Round(0)))
}
