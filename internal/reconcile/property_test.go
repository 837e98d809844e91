// SPDX-License-Identifier: Apache-2.0

package reconcile_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"syncer.dev/syncer/internal/reconciletest"
	"syncer.dev/syncer/internal/render"
)

// TestTheBillIsSafe runs random files, failures, unmanaged pods and restarts against the unmodified loop. The Simulator
// checks every write. After the failures every allowed Workspace runs, no unneeded pool is left, and the loop writes
// nothing more, also after a restart.
func TestTheBillIsSafe(t *testing.T) {
	const groups, sequences = 8, 40 / slowdown
	for group := range uint64(groups) {
		t.Run(fmt.Sprint(group), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				cache := render.NewCache() // rendered objects do not depend on events
				for i := range uint64(sequences) {
					sequence(t, group*sequences+i, cache)
				}
			})
		})
	}
}

func sequence(t *testing.T, seed uint64, cache *render.Cache) {
	defer func() {
		if t.Failed() {
			t.Logf("seed %d", seed)
		}
	}()
	s := reconciletest.Random(t, seed)
	s.Cache = cache
	rng := s.Rand()
	l, other := s.Loop(), s.Loop()
	for range 24 {
		s.Event()
		if rng.IntN(8) == 0 {
			if s.Limited() && rng.IntN(3) == 0 { // a new configuration allows less than what runs
				s.Azure.Limits.Nodes = 1 + rng.IntN(4)
				other = s.Loop()
			}
			l = s.Loop()
		}
		for range rng.IntN(4) {
			s.Pass(l, s.Moment())
			if seed%8 == 0 && rng.IntN(2) == 0 { // another syncer for the same cluster, against the documentation
				s.Pass(other, time.Second)
			}
		}
		if t.Failed() {
			t.Fatal(s)
		}
	}
	s.Heal()
	s.Git.Repair()
	for healed := time.Now(); time.Since(healed) < 3*time.Hour; { // longer than any deadline
		if s.Pass(l, 5*time.Minute).Settled {
			time.Sleep(25 * time.Minute)
		}
	}
	s.CheckSettled(l)
	s.CheckSettled(s.Loop())
}
