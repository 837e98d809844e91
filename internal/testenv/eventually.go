// SPDX-License-Identifier: Apache-2.0

package testenv

import (
	"context"
	"time"
)

// Waiter is what waiting needs of a test; *testing.T is one.
type Waiter interface {
	Helper()
	Fatalf(format string, args ...any)
	Context() context.Context
	Deadline() (deadline time.Time, ok bool)
}

const (
	// grace is the part of a test's time that is left, after its last poll, to report what it waited for and to
	// stop what it started.
	grace = 20 * time.Second
	poll  = 20 * time.Millisecond
)

// Context returns the context of a test, which ends a little before the test's deadline ("go test -timeout"): a busy
// machine may take all that time. The caller must call the function that it returns with it.
func Context(t Waiter) (context.Context, context.CancelFunc) {
	deadline, ok := t.Deadline()
	if !ok {
		return context.WithCancel(t.Context())
	}
	return context.WithDeadline(t.Context(), deadline.Add(-grace))
}

// Eventually polls until ok returns "". It fails the test with the last complaint of ok a little before the test's
// deadline, and has no limit of its own.
func Eventually(t Waiter, what string, ok func() (complaint string)) {
	t.Helper()
	ctx, cancel := Context(t)
	defer cancel()
	for {
		complaint := ok()
		if complaint == "" {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatalf("%s: %s", what, complaint)
			return
		case <-time.After(poll):
		}
	}
}
