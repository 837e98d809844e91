// SPDX-License-Identifier: Apache-2.0

package monitoring_test

import (
	"testing"
	"time"

	"syncer.dev/syncer/internal/app/monitoring"
	"syncer.dev/syncer/internal/components"
)

// TestStuck checks that a loop without a pass for ten polls, and at least ten minutes, is not alive.
func TestStuck(t *testing.T) {
	s := &monitoring.State{}
	s.Use(monitoring.Loop{Health: components.NewHealth(components.Git), Interval: 30 * time.Second})
	if err := s.Alive(time.Now().Add(9 * time.Minute)); err != nil {
		t.Errorf("after 9 minutes: %v", err)
	}
	if err := s.Alive(time.Now().Add(11 * time.Minute)); err == nil || err.Error() != "no pass for 11m0s" {
		t.Errorf("after 11 minutes: %v", err)
	}
	s.Use(monitoring.Loop{Health: components.NewHealth(components.Git), Interval: 2 * time.Minute})
	if err := s.Alive(time.Now().Add(19 * time.Minute)); err != nil {
		t.Errorf("after 19 minutes with polls every two: %v", err)
	}
}
