// SPDX-License-Identifier: Apache-2.0

package reconcile

import (
	"testing"
	"time"

	"syncer.dev/syncer/internal/capacity/capacitytest"
)

// TestNoLookStarvesAnother polls so frequently that a poll is always due; the list of pools is due all the same.
func TestNoLookStarvesAnother(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	l := New(Settings{Interval: 30 * time.Second, CloudInterval: 15 * time.Second}, Parts{Cloud: capacitytest.NewFake()})
	l.poolsAt = now.Add(-time.Minute)
	tt := timetable{poll: now.Add(-time.Second), sync: now.Add(time.Hour)}
	tt.plan(l, Outcome{InFlight: true}, now)
	if due := tt.wait(t.Context(), Events{}); !due.Source || !due.Cloud {
		t.Errorf("due: %+v, want both", due)
	}
}

// TestEventsDoNotPutOffARetry has events start passes more often than a failed step is repeated: the time of the retry
// stays, and the list of pools is due with it.
func TestEventsDoNotPutOffARetry(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	l := New(Settings{Interval: 30 * time.Second, CloudInterval: 15 * time.Second}, Parts{Cloud: capacitytest.NewFake()})
	tt := timetable{poll: now.Add(time.Hour), sync: now.Add(time.Hour)}
	tt.plan(l, Outcome{Retry: true}, now)
	first := tt.retry
	if first.Before(now.Add(time.Second)) || first.After(now.Add(time.Minute)) {
		t.Fatalf("the retry is due at %s", first)
	}
	for range 100 {
		now = now.Add(50 * time.Millisecond)
		tt.plan(l, Outcome{Retry: true}, now)
	}
	if !tt.retry.Equal(first) {
		t.Errorf("passes put the retry off from %s to %s", first, tt.retry)
	}
	tt.plan(l, Outcome{Retry: true}, first)
	if !tt.retry.After(first) {
		t.Errorf("after the retry the next one is due at %s", tt.retry)
	}
	tt.plan(l, Outcome{}, first)
	if !tt.retry.IsZero() {
		t.Errorf("a pass without failure leaves a retry at %s", tt.retry)
	}
}
