// SPDX-License-Identifier: Apache-2.0

package fleet_test

import (
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/fleet"
	"syncer.dev/syncer/internal/capacity/fleet/fleettest"
	"syncer.dev/syncer/internal/capacity/unavailable"
	"syncer.dev/syncer/internal/workspace"
)

var seeds = flag.Int("seeds", 6, "how many random fleets TestKeptPlansAreThoseFromNothing changes")

// follower plans one fleet after the other, as far as it is the same.
type follower struct {
	last         *fleet.Last
	was          map[workspace.Key]fleet.Workload
	quick, whole int
}

// plan returns the plan of a fleet that follows from the last one.
func (f *follower) plan(in fleet.Input) fleet.Result {
	kept := f.last.Take()
	now := make(map[workspace.Key]fleet.Workload, len(in.Workloads))
	for _, n := range in.Workloads {
		now[n.Workspace] = n
	}
	changes := in
	changes.Workloads = slices.DeleteFunc(slices.Clone(in.Workloads), func(n fleet.Workload) bool {
		was, ok := f.was[n.Workspace]
		return ok && reflect.DeepEqual(was, n)
	})
	var gone []workspace.Key
	for key := range f.was {
		if _, ok := now[key]; !ok {
			gone = append(gone, key)
		}
	}
	got := kept.Plan(changes, gone)
	bindings := map[workspace.Key]fleet.Binding{}
	for key := range now {
		if b, ok := kept.Binding(key); ok {
			bindings[key] = b
		}
	}
	if got.Bindings = bindings; kept.Whole() {
		f.whole++
	} else {
		f.quick++
	}
	f.last, f.was = fleet.LastOf(kept), now
	return got
}

// check compares the plan of a fleet that follows from the last one with the plan from nothing.
func (f *follower) check(t *testing.T, in fleet.Input, when string) {
	t.Helper()
	in.Workloads, in.Nodes, in.Pools = slices.Clone(in.Workloads), slices.Clone(in.Nodes), slices.Clone(in.Pools)
	want := fleet.Plan(in)
	if got := f.plan(in); !reflect.DeepEqual(got, want) {
		t.Fatalf("%s: the plan that follows from the last one (+) differs: %s", when, cmp.Diff(want, got))
	}
}

// refusals are the sizes that Azure refuses.
type refusals map[string]bool

func (r refusals) Blocked(sku capacity.SKU, _ capacity.Priority, _ time.Time) (string, time.Time, bool) {
	return "Azure has none", time.Time{}, r[sku.Name]
}

func (r refusals) Chance(sku capacity.SKU, _ capacity.Priority, _ time.Time) float64 {
	return 1 - float64(len(sku.Name)%3)/4
}

func (r refusals) Code(capacity.SKU, capacity.Priority, time.Time) string { return "" }

func (r refusals) Dropped(capacity.SKU, capacity.Priority, time.Time) []unavailable.Constraint {
	return nil
}

// changing is a fleet that changes at random.
type changing struct {
	fleet.Input
	rng  *rand.Rand
	seed uint64
	made int
}

// step makes one change.
func (c *changing) step() string {
	in, rng := &c.Input, c.rng
	in.Workloads, in.Nodes, in.Pools = slices.Clone(in.Workloads), slices.Clone(in.Nodes), slices.Clone(in.Pools)
	w := &in.Workloads[rng.IntN(len(in.Workloads))]
	switch kind := rng.IntN(24); kind {
	case 0:
		w.Digest = string(rune('a' + rng.IntN(26)))
	case 1:
		w.FirstSeen = time.Date(2026, 1, 1+rng.IntN(20), 0, 0, 0, 0, time.UTC)
	case 2, 3:
		c.stop(w)
	case 4:
		w.Priority = workspace.Priorities[rng.IntN(3)]
	case 5:
		in.Nodes[rng.IntN(len(in.Nodes))].Ready = rng.IntN(2) == 0
	case 6:
		in.Pools[rng.IntN(len(in.Pools))].State = []capacity.PoolState{
			capacity.Succeeded, capacity.Failed,
			capacity.Deleting,
		}[rng.IntN(3)]
	case 7, 8:
		c.made++
		in.Workloads = append(in.Workloads, fleettest.Auto(fmt.Sprintf("n%05d", c.made), float64(10+rng.IntN(300))))
	case 9:
		c.stop(w)
		in.Workloads = slices.DeleteFunc(in.Workloads, func(n fleet.Workload) bool { return n.Workspace == w.Workspace })
	case 10, 11:
		w.Demand = fleettest.Auto("", []float64{10, 20, 40, 80, 160, 320}[rng.IntN(6)]).Demand
	case 12:
		w.Idle = []string{"", "suspended"}[rng.IntN(2)]
	case 13:
		w.Tuning = !w.Tuning
	case 14:
		in.Preemption = !in.Preemption
	case 15:
		w.Spot = !w.Spot
	case 16:
		c.made++
		in.Workloads = append(in.Workloads, fleettest.Named(fmt.Sprintf("s%05d", c.made), "Standard_NC24ads_A100_v4", 1))
	case 17:
		at := rng.IntN(len(in.Nodes))
		in.Nodes = append(slices.Delete(in.Nodes, at, at+1), fleet.Node{
			Name: fmt.Sprintf("x%d", c.made), Pool: in.Pools[rng.IntN(len(in.Pools))].Name, Ready: true, GPUs: 8,
		})
		c.made++
	case 18:
		blocked := refusals{}
		for range rng.IntN(3) {
			blocked[w.Demand.Options[rng.IntN(len(w.Demand.Options))].SKU.Name] = true
		}
		in.Unavailable = blocked
	case 19:
		c.limit()
	case 20:
		in.Limits.Nodes = []int{0, 1000, len(in.Nodes)}[rng.IntN(3)]
	case 21:
		in.Horizon = time.Duration(rng.IntN(100)) * time.Hour
	case 22:
		c.Input = fleettest.AtRest(c.renewed())
	case 23:
		w.Pool = in.Pools[rng.IntN(len(in.Pools))].Name
	}
	return fmt.Sprintf("seed %d", c.seed)
}

// stop ends the pods of a Workload.
func (c *changing) stop(w *fleet.Workload) {
	for _, pod := range w.Pods {
		for i := range c.Nodes {
			if n := &c.Nodes[i]; n.Name == pod.Node {
				n.Pods, n.Used = n.Pods-1, n.Used-w.GPUs
			}
		}
	}
	w.Pods = nil
}

// limit changes a quota.
func (c *changing) limit() {
	c.Quota.Families = maps.Clone(c.Quota.Families)
	for _, name := range slices.Sorted(maps.Keys(c.Quota.Families)) {
		if l := c.Quota.Families[name]; c.rng.IntN(4) == 0 {
			l.Max = []int{1e7, 0, 500, 2000}[c.rng.IntN(4)]
			c.Quota.Families[name] = l
		}
	}
}

// renewed is the fleet with nothing that runs.
func (c *changing) renewed() fleet.Input {
	in := c.Input
	in.Pools, in.Nodes, in.Workloads = nil, nil, slices.Clone(in.Workloads)
	for i := range in.Workloads {
		w := &in.Workloads[i]
		w.Pool, w.GPUs, w.Pods, w.Idle = "", 0, nil, ""
	}
	return in
}

// TestKeptPlansAreThoseFromNothing changes fleets step by step: the plan of the changes is always the plan from
// nothing. Quotas, limits, priorities, preemption, refusals, nodes and pools change too.
func TestKeptPlansAreThoseFromNothing(t *testing.T) {
	for seed := range uint64(*seeds) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			rng := rand.New(rand.NewPCG(seed, 3))
			c := &changing{Input: fleettest.AtRest(fleetOf(5+rng.IntN(60), seed)), rng: rng, seed: seed}
			var f follower
			for step := range 60 {
				when := ""
				for range 1 + rng.IntN(3)*rng.IntN(2) {
					when = c.step()
				}
				f.check(t, c.Input, fmt.Sprintf("%s, step %d", when, step))
			}
			t.Logf("%d plans of changes, %d from nothing", f.quick, f.whole)
		})
	}
}
