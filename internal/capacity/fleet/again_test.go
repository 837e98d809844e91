// SPDX-License-Identifier: Apache-2.0

package fleet_test

import (
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/fleet"
	"syncer.dev/syncer/internal/capacity/fleet/fleettest"
	"syncer.dev/syncer/internal/workspace"
)

// TestLast changes fleets step by step: a plan that may be the last one is always the plan from nothing.
func TestLast(t *testing.T) {
	for seed := range uint64(6) {
		rng := rand.New(rand.NewPCG(seed, 3))
		in := fleettest.AtRest(fleetOf(30, seed))
		var last *fleet.Last
		reused := 0
		for step := range 40 {
			in.Workloads, in.Nodes, in.Pools = slices.Clone(in.Workloads), slices.Clone(in.Nodes), slices.Clone(in.Pools)
			w := &in.Workloads[rng.IntN(len(in.Workloads))]
			switch rng.IntN(8) {
			case 0:
				w.Digest = string(rune('a' + rng.IntN(26)))
			case 1:
				w.FirstSeen = time.Date(2026, 1, 1+rng.IntN(20), 0, 0, 0, 0, time.UTC)
			case 2:
				w.Pods = nil
			case 3:
				w.Priority = workspace.Priorities[rng.IntN(3)]
			case 4:
				in.Nodes[rng.IntN(len(in.Nodes))].Ready = rng.IntN(2) == 0
			case 5:
				in.Pools[rng.IntN(len(in.Pools))].State = []capacity.PoolState{capacity.Succeeded, capacity.Failed}[rng.IntN(2)]
			}
			want := fleet.Plan(in)
			got, next := last.Plan(in)
			if d := cmp.Diff(want, got); d != "" {
				t.Fatalf("seed %d, step %d: %s", seed, step, d)
			}
			if again, _ := next.Plan(in); next != nil && !reflect.DeepEqual(again, got) {
				t.Fatalf("seed %d, step %d: the same question has another answer", seed, step)
			}
			if last != nil && len(got.Pools) > 0 && last.Gave(got) {
				reused++
			}
			last = next
		}
		if reused == 0 {
			t.Errorf("seed %d: no plan was the last one", seed)
		}
	}
}
