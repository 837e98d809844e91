// SPDX-License-Identifier: Apache-2.0

package timetable

import (
	"testing"
	"time"
)

var every = Intervals{Source: 30 * time.Second, Cloud: 15 * time.Second}

// TestNoLookStarvesAnother polls so frequently that a poll is always due; the list of pools is due all the same.
func TestNoLookStarvesAnother(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	tt := Timetable{every: every, poll: now.Add(-time.Second), sync: now.Add(time.Hour)}
	tt.Plan(Ended{InFlight: true, Listed: now.Add(-time.Minute)}, now)
	if due := tt.Wait(t.Context(), Events{}); !due.Source || !due.Cloud {
		t.Errorf("due: %+v, want both", due)
	}
}

// TestEventsDoNotPutOffARetry has events start passes more often than a failed step is repeated: the time of the retry
// stays, and the list of pools is due with it.
func TestEventsDoNotPutOffARetry(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	tt := Timetable{every: every, poll: now.Add(time.Hour), sync: now.Add(time.Hour)}
	tt.Plan(Ended{Retry: true}, now)
	first := tt.retry
	if first.Before(now.Add(time.Second)) || first.After(now.Add(time.Minute)) {
		t.Fatalf("the retry is due at %s", first)
	}
	for range 100 {
		now = now.Add(50 * time.Millisecond)
		tt.Plan(Ended{Retry: true}, now)
	}
	if !tt.retry.Equal(first) {
		t.Errorf("passes put the retry off from %s to %s", first, tt.retry)
	}
	tt.Plan(Ended{Retry: true}, first)
	if !tt.retry.After(first) {
		t.Errorf("after the retry the next one is due at %s", tt.retry)
	}
	tt.Plan(Ended{}, first)
	if !tt.retry.IsZero() {
		t.Errorf("a pass without failure leaves a retry at %s", tt.retry)
	}
}

// TestMore: what a pass has left is due at once, and alone: it asks neither Git nor Azure.
func TestMore(t *testing.T) {
	now := time.Now()
	tt := Timetable{every: Intervals{All: time.Hour}, poll: now.Add(time.Hour), sync: now.Add(time.Hour)}
	tt.Plan(Ended{More: true}, now)
	if due := tt.Wait(t.Context(), Events{}); due != (Due{}) || time.Since(now) > time.Minute {
		t.Errorf("due: %+v", due)
	}
	tt.Plan(Ended{}, now)
	if !tt.more.IsZero() {
		t.Errorf("a pass that has left nothing is followed by one at %s", tt.more)
	}
}
