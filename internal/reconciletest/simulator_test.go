// SPDX-License-Identifier: Apache-2.0

package reconciletest_test

import (
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"syncer.dev/syncer/internal/reconciletest"
)

// TestSeedDecides plays the same seed twice.
func TestSeedDecides(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for seed := range uint64(5) {
			play := func() (string, map[string][]byte) {
				s := reconciletest.Random(t, seed)
				s.Play(s.Loop(), 12)
				seen := s.Observe()
				for name, text := range seen.Status { // times differ: the second run is later
					seen.Status[name] = text[:0]
				}
				return s.String(), seen.Status
			}
			first, firstStatus := play()
			second, secondStatus := play()
			if d := cmp.Diff(first, second) + cmp.Diff(firstStatus, secondStatus); d != "" {
				t.Errorf("seed %d:\n%s", seed, d)
			}
		}
	})
}
