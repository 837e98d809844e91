// SPDX-License-Identifier: Apache-2.0

package pools

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"regexp"
	"slices"
	"testing"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/capacitytest"
	"syncer.dev/syncer/internal/capacity/fleet"
	"syncer.dev/syncer/internal/capacity/sizing"
	"syncer.dev/syncer/internal/workspace"
)

func none(capacity.LivePool) string { return "" }
func unused(string) string          { return "" }

func emptyNodes(pool string) []string { return []string{pool + "-0", pool + "-1"} }

func poolOf(name string, count int) capacity.Pool {
	s, _ := capacity.LookupSKU("Standard_NC24ads_A100_v4")
	return capacity.Pool{
		Name:       name,
		SKU:        s,
		Count:      count,
		Labels:     map[string]string{"a": "b"},
		Taints:     []string{capacity.GPUTaint},
		HourlyCost: capacity.Price("eastus", s.Name, capacity.OnDemand).Times(count),
		Workspace:  workspace.Key{Namespace: "default", Name: name},
	}
}

func liveOf(p capacity.Pool) capacity.LivePool {
	return capacity.LivePool{
		Name:      p.Name,
		Size:      p.SKU.Name,
		Count:     p.Count,
		Labels:    p.Labels,
		Taints:    p.Taints,
		State:     capacity.Succeeded,
		Owned:     true,
		Workspace: p.Workspace,
	}
}

func with(l capacity.LivePool, change func(*capacity.LivePool)) capacity.LivePool {
	change(&l)
	return l
}

func TestPlanPools(t *testing.T) {
	p := poolOf("wa", 1)
	l := liveOf(p)
	for _, tt := range []struct {
		name    string
		desired []capacity.Pool
		live    []capacity.LivePool
		limits  capacity.Limits
		held    string
		inUse   string
		want    []capacity.Op
	}{
		{name: "new", desired: []capacity.Pool{p}, want: []capacity.Op{capacity.Create}},
		{
			name:    "scaling to zero has failed",
			desired: []capacity.Pool{p.Scaled(0)},
			live:    []capacity.LivePool{with(l, func(l *capacity.LivePool) { l.Count, l.State = 0, capacity.Failed })},
			want:    []capacity.Op{capacity.Update},
		},
		{
			name:    "scaling to zero has failed, and a pod has come to the node that is left",
			desired: []capacity.Pool{p.Scaled(0)},
			live:    []capacity.LivePool{with(l, func(l *capacity.LivePool) { l.Count, l.State = 0, capacity.Failed })},
			inUse:   "pod other/p still runs on it",
			want:    []capacity.Op{capacity.Wait},
		},
		{name: "suspended before its creation", desired: []capacity.Pool{p.Scaled(0)}},
		{
			name:    "as desired",
			desired: []capacity.Pool{p},
			live:    []capacity.LivePool{l},
			want:    []capacity.Op{capacity.Keep},
		},
		{
			name:    "busy",
			desired: []capacity.Pool{p.Scaled(2)},
			live:    []capacity.LivePool{with(l, func(l *capacity.LivePool) { l.State = capacity.Creating })},
			want:    []capacity.Op{capacity.Wait},
		},
		{
			name:    "scale up",
			desired: []capacity.Pool{p.Scaled(2)},
			live:    []capacity.LivePool{l},
			want:    []capacity.Op{capacity.Update},
		},
		{
			name:    "scale to zero",
			desired: []capacity.Pool{p.Scaled(0)},
			live:    []capacity.LivePool{l},
			want:    []capacity.Op{capacity.Update},
		},
		{
			name:    "failed",
			desired: []capacity.Pool{p},
			live:    []capacity.LivePool{with(l, func(l *capacity.LivePool) { l.State = capacity.Failed })},
			want:    []capacity.Op{capacity.Update},
		},
		{
			name:    "labels",
			desired: []capacity.Pool{p},
			live:    []capacity.LivePool{with(l, func(l *capacity.LivePool) { l.Labels = nil })},
			want:    []capacity.Op{capacity.Update},
		},
		{
			name:    "extra labels of AKS",
			desired: []capacity.Pool{p},
			live: []capacity.LivePool{
				with(l, func(l *capacity.LivePool) { l.Labels = map[string]string{"a": "b", "c": "d"} }),
			},
			want: []capacity.Op{capacity.Keep},
		},
		{
			name:    "not owned",
			desired: []capacity.Pool{p},
			live:    []capacity.LivePool{with(l, func(l *capacity.LivePool) { l.Owned = false })},
			want:    []capacity.Op{capacity.Wait},
		},
		{name: "system", live: []capacity.LivePool{with(l, func(l *capacity.LivePool) { l.System = true })}},
		{
			name: "not owned and not desired",
			live: []capacity.LivePool{with(l, func(l *capacity.LivePool) { l.Owned = false })},
		},
		{
			name:    "scale to zero under a pod",
			desired: []capacity.Pool{p.Scaled(0)},
			live:    []capacity.LivePool{l},
			inUse:   "a pod runs there",
			want:    []capacity.Op{capacity.Wait},
		},
		{name: "not desired: scale to zero first", live: []capacity.LivePool{l}, want: []capacity.Op{capacity.Update}},
		{
			name: "not desired and empty",
			live: []capacity.LivePool{with(l, func(l *capacity.LivePool) { l.Count = 0 })},
			want: []capacity.Op{capacity.Delete},
		},
		{
			name: "not desired and failed",
			live: []capacity.LivePool{with(l, func(l *capacity.LivePool) { l.State = capacity.Failed })},
			want: []capacity.Op{capacity.Delete},
		},
		{
			name: "not desired but held",
			live: []capacity.LivePool{l},
			held: "its file is broken",
			want: []capacity.Op{capacity.Keep},
		},
		{
			name:  "not desired but in use",
			live:  []capacity.LivePool{l},
			inUse: "a pod runs there",
			want:  []capacity.Op{capacity.Wait},
		},
		{
			name: "being deleted",
			live: []capacity.LivePool{with(l, func(l *capacity.LivePool) { l.State = capacity.Deleting })},
			want: []capacity.Op{capacity.Wait},
		},
		{
			name:    "too many nodes",
			desired: []capacity.Pool{p, poolOf("wb", 2)},
			limits:  capacity.Limits{Nodes: 2},
			want:    []capacity.Op{capacity.Create, capacity.Wait},
		},
		{
			name:    "too expensive",
			desired: []capacity.Pool{p, poolOf("wb", 2)},
			limits:  capacity.Limits{HourlyCost: 4},
			want:    []capacity.Op{capacity.Create, capacity.Wait},
		},
		{
			name:    "limits never shrink",
			desired: []capacity.Pool{p},
			live:    []capacity.LivePool{l},
			limits:  capacity.Limits{Nodes: 0, HourlyCost: 1},
			want:    []capacity.Op{capacity.Keep},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := Plan(Input{
				Desired: tt.desired,
				Live:    tt.live,
				Limits:  tt.limits,
				Region:  "eastus",
				Held:    func(capacity.LivePool) string { return tt.held },
				InUse:   func(string) string { return tt.inUse },
				Empty:   emptyNodes,
			})
			var ops []capacity.Op
			for _, c := range got {
				ops = append(ops, c.Op)
			}
			if !slices.Equal(ops, tt.want) {
				t.Errorf("%v (%+v), want %v", ops, got, tt.want)
			}
		})
	}
}

// TestPlanPoolsProperties plans random pools: a plan never writes a pool that is not owned or busy, and after its
// changes the next plan is empty.
func TestPlanPoolsProperties(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		in := randomInput(rng)
		live := apply(t, in)
		in.Live = slices.Collect(maps.Values(live))
		for _, c := range Plan(in) {
			if l := live[c.Name]; c.Op == capacity.Delete && l.Count == 0 {
				continue // the first plan scaled it to zero
			}
			if writes(c.Op) {
				t.Fatalf("the second plan has %+v", c)
			}
		}
	}
}

func writes(op capacity.Op) bool {
	return op == capacity.Create || op == capacity.Update || op == capacity.Delete
}

// randomInput makes up to six pools that are desired, live or both, in random states.
func randomInput(rng *rand.Rand) Input {
	states := []capacity.PoolState{capacity.Succeeded, capacity.Failed, capacity.Creating, capacity.Deleting}
	in := Input{Region: "eastus", Held: none, InUse: unused, Empty: emptyNodes}
	for i := range 6 {
		p := poolOf(fmt.Sprintf("w%d", i), rng.IntN(3))
		if rng.IntN(2) == 0 {
			in.Desired = append(in.Desired, p)
		}
		if rng.IntN(2) == 0 {
			l := liveOf(p.Scaled(rng.IntN(3)))
			l.Owned, l.System = rng.IntN(4) > 0, rng.IntN(5) == 0
			l.State = states[rng.IntN(4)]
			in.Live = append(in.Live, l)
		}
	}
	return in
}

// apply carries out a plan in memory, and fails the test where the plan writes a pool that it must not write.
func apply(t *testing.T, in Input) map[string]capacity.LivePool {
	t.Helper()
	live := map[string]capacity.LivePool{}
	for _, l := range in.Live {
		live[l.Name] = l
	}
	for _, c := range Plan(in) {
		if l, exists := live[c.Name]; exists && writes(c.Op) && (!l.Owned || l.System || l.State.Busy()) {
			t.Fatalf("%s of %+v", c.Op, l)
		}
		switch c.Op {
		case capacity.Create, capacity.Update:
			live[c.Name] = liveOf(*c.Desired)
		case capacity.Delete:
			delete(live, c.Name)
		}
	}
	return live
}

func TestOwnPool(t *testing.T) {
	name := regexp.MustCompile(`^[a-z][a-z0-9]{0,11}$`)
	d, err := sizing.Size(
		sizing.Request{Preset: capacitytest.Phi4Mini, InstanceType: "Standard_NC24ads_A100_v4", Region: "eastus"},
	)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, ws := range []string{
		"workspace-phi-4",
		"phi-4",
		"4",
		"---",
		"a-very-long-name-indeed",
		"workspace-phi-4-mini",
	} {
		n := fleet.Workload{
			Workspace: workspace.Key{Namespace: "default", Name: ws}, Demand: d, DiskGiB: 100,
			Labels: map[string]string{"app": "x", "kaito.sh/workspace": "other", "kubernetes.azure.com/mode": "user"},
		}
		f := fleet.Plan(fleet.Input{Cluster: "demo", Region: "eastus", Workloads: []fleet.Workload{n}})
		p := f.Pools[0]
		if !name.MatchString(p.Name) || seen[p.Name] {
			t.Errorf("%s: pool name %q is not valid, or not unique", ws, p.Name)
		}
		seen[p.Name] = true
		if p.Labels["app"] != "x" || p.Labels["kaito.sh/workspace"] != ws || p.Labels["kubernetes.azure.com/mode"] != "" {
			t.Errorf("labels %v", p.Labels)
		}
		if other := fleet.Plan(fleet.Input{
			Cluster:   "other",
			Region:    "eastus",
			Workloads: []fleet.Workload{n},
		}); other.Pools[0].Name == p.Name {
			t.Errorf("two clusters share the name %s", p.Name)
		}
	}
}

func TestCheckQuota(t *testing.T) {
	p := poolOf("wa", 2)
	changes := []capacity.PoolChange{{Op: capacity.Create, Name: p.Name, Desired: &p}}
	family := "standardncadsa100v4family"
	for _, tt := range []struct {
		name  string
		quota capacity.Quota
		want  int
	}{
		{
			name: "enough",
			quota: capacity.Quota{
				Families: map[string]capacity.Limit{family: {Used: 0, Max: 48, Known: true}},
				Regional: capacity.Limit{Used: 0, Max: 100, Known: true},
			},
		},
		{
			name: "family",
			quota: capacity.Quota{
				Families: map[string]capacity.Limit{family: {Used: 24, Max: 48, Known: true}},
				Regional: capacity.Limit{Used: 0, Max: 100, Known: true},
			},
			want: 1,
		},
		{
			name: "both",
			quota: capacity.Quota{
				Families: map[string]capacity.Limit{family: {Used: 24, Max: 48, Known: true}},
				Regional: capacity.Limit{Used: 90, Max: 100, Known: true},
			},
			want: 2,
		},
		{name: "unknown is not ok", want: 2},
	} {
		if got := CheckQuota(changes, tt.quota); len(got) != tt.want {
			t.Errorf("%s: %v, want %d", tt.name, got, tt.want)
		}
	}
	if got := CheckQuota([]capacity.PoolChange{
		{Op: capacity.Keep, Name: "wa", Desired: &p},
	}, capacity.Quota{}); got != nil {
		t.Errorf("keeping needs quota: %v", got)
	}
}
