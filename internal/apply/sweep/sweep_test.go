// SPDX-License-Identifier: Apache-2.0

package sweep_test

import (
	"fmt"
	"testing"
	"time"

	"syncer.dev/syncer/internal/apply/sweep"
)

var start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// TestEveryObjectOnceEvenly walks through one interval in steps: each object comes once, and no step has more than
// twice its share of 6,000 objects.
func TestEveryObjectOnceEvenly(t *testing.T) {
	const objects, interval = 6000, time.Hour
	times := map[string]int{}
	for at := start; at.Before(start.Add(interval)); at = at.Add(sweep.Step(interval)) {
		n := 0
		for i := range objects {
			name := fmt.Sprintf("Service/default/workspace-%d", i)
			if sweep.Due(name, interval, at, at.Add(sweep.Step(interval))) {
				times[name]++
				n++
			}
		}
		if share := objects / 60; n > 2*share || n < share/2 {
			t.Errorf("%d objects in one step, want about %d", n, share)
		}
	}
	for name, n := range times {
		if n != 1 {
			t.Errorf("%s came %d times", name, n)
		}
	}
	if len(times) != objects {
		t.Errorf("%d objects came", len(times))
	}
}

func TestDue(t *testing.T) {
	for _, tt := range []struct {
		name     string
		interval time.Duration
		from, to time.Duration
		want     bool
	}{
		{"a whole interval", time.Hour, 0, time.Hour, true},
		{"many intervals", time.Hour, 0, 24 * time.Hour, true},
		{"no time", time.Hour, time.Minute, time.Minute, false},
		{"backwards", time.Hour, time.Hour, 0, false},
		{"off", 0, 0, time.Hour, false},
		{"before 1970", time.Hour, -100 * 365 * 24 * time.Hour, -100*365*24*time.Hour + time.Hour, true},
	} {
		if got := sweep.Due("a", tt.interval, start.Add(tt.from), start.Add(tt.to)); got != tt.want {
			t.Errorf("%s: %t", tt.name, got)
		}
	}
	if sweep.Step(time.Hour) != time.Minute || sweep.Step(time.Second) != time.Second {
		t.Error("steps")
	}
}
