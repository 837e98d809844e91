// SPDX-License-Identifier: Apache-2.0

package testenv

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

// waiter is a test that has ten minutes.
type waiter struct {
	*testing.T
	deadline time.Time
	failed   string
}

func (w *waiter) Deadline() (time.Time, bool) { return w.deadline, !w.deadline.IsZero() }

func (w *waiter) Fatalf(format string, args ...any) { w.failed = fmt.Sprintf(format, args...) }

// TestEventually waits for as long as the test may run, less the time to report, and no longer.
func TestEventually(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		after := func(d time.Duration) func() string {
			return func() string {
				if time.Since(start) < d {
					return "not yet"
				}
				return ""
			}
		}
		w := &waiter{T: t, deadline: start.Add(10 * time.Minute)}
		if Eventually(w, "early", after(9*time.Minute)); w.failed != "" {
			t.Error(w.failed)
		}
		if Eventually(w, "late", after(10*time.Minute)); w.failed != "late: not yet" {
			t.Errorf("the test fails with %q", w.failed)
		}
		if took := time.Since(start); took != 10*time.Minute-grace {
			t.Errorf("it waited for %s", took)
		}
		w = &waiter{T: t}
		if Eventually(w, "without a deadline", after(time.Hour)); w.failed != "" {
			t.Error(w.failed)
		}
		ctx, cancel := Context(w)
		cancel()
		if !errors.Is(ctx.Err(), context.Canceled) {
			t.Errorf("context: %v", ctx.Err())
		}
	})
}
