// SPDX-License-Identifier: Apache-2.0

package rollout

import (
	"testing"
	"time"

	"syncer.dev/syncer/internal/cluster"
)

// TestUntil: what Look says stays the same until that time, and is another then.
func TestUntil(t *testing.T) {
	now := time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)
	server := cluster.Workload{Ref: cluster.Ref{Kind: "StatefulSet"}, Replicas: 1, Updating: true}
	remadeNow := server
	remadeNow.Updating, remadeNow.Created = false, now
	healthyNow := server
	healthyNow.Updating, healthyNow.Current, healthyNow.Ready, healthyNow.Endpoints = false, true, 1, 1
	down := &Reported{Served: true, NotReadySince: now}
	for name, tt := range map[string]struct {
		w    cluster.Workload
		was  *Reported
		want time.Duration // 0 for never
	}{
		"a restart that lasts too long":        {server, down, 3*time.Hour + 1},
		"created again, and not reported":      {remadeNow, nil, 10 * time.Minute},
		"healthy":                              {healthyNow, down, 0},
		"never served":                         {server, &Reported{NotReadySince: now}, 0},
		"not reported, and created long since": {server, nil, 0},
	} {
		t.Run(name, func(t *testing.T) {
			at := Until(&tt.w, tt.was, now)
			if tt.want == 0 {
				if !at.IsZero() {
					t.Errorf("until %s, want never", at)
				}
				return
			}
			if got := at.Sub(now); got != tt.want {
				t.Fatalf("until %s, want %s", got, tt.want)
			}
			why1, under1 := Look(&tt.w, tt.was, now)
			why2, under2 := Look(&tt.w, tt.was, at.Add(-1))
			why3, under3 := Look(&tt.w, tt.was, at)
			if why1 != why2 || under1 != under2 || why2 == why3 && under2 == under3 {
				t.Errorf("%q %t, before %q %t, then %q %t", why1, under1, why2, under2, why3, under3)
			}
		})
	}
}
