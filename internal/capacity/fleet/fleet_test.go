// SPDX-License-Identifier: Apache-2.0

package fleet_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/fleet"
	"syncer.dev/syncer/internal/capacity/fleet/fleettest"
	"syncer.dev/syncer/internal/capacity/unavailable"
)

// TestReplacementGoesStepByStep changes a named size: the new pool exists and has allocatable GPUs before the server
// leaves the old pool, and the old pool is deleted last.
func TestReplacementGoesStepByStep(t *testing.T) {
	s := newSim(t, 1)
	s.want(fleettest.Named("a", "Standard_NC24ads_A100_v4", 1))
	s.settle()
	old := s.bound["a"].Pool
	s.want(fleettest.Named("a", "Standard_NC40ads_H100_v5", 1))
	var steps []string
	note := func(step string) {
		if len(steps) == 0 || steps[len(steps)-1] != step {
			steps = append(steps, step)
		}
	}
	for range 20 {
		f, _ := s.pass() // which fails the test if the server loses its node
		b := f.Bindings[fleettest.Key("a")]
		switch {
		case b.Hold != "":
			note("waits for " + b.Next)
			if !strings.Contains(b.Hold, "once it is ready") {
				t.Errorf("hold: %q", b.Hold)
			}
		case s.Find(old) != nil && s.Find(old).Count > 0:
			note("runs on " + b.Pool)
		case s.Find(old) != nil:
			note("old pool is at zero")
		default:
			note("old pool is gone")
		}
	}
	next := s.bound["a"].Pool
	want := []string{"waits for " + next, "runs on " + next, "old pool is at zero", "old pool is gone"}
	if !slices.Equal(steps, want) || next == old {
		t.Errorf("steps %q, want %q", steps, want)
	}
}

// TestNoChangesAtRest shows that the plan of a settled fleet is empty, and that small changes of prices move no server.
func TestNoChangesAtRest(t *testing.T) {
	s := newSim(t, 2)
	for i, gib := range []float64{15, 15, 30, 60, 130, 250} {
		s.want(fleettest.Auto(string(rune('a'+i)), gib))
	}
	s.want(fleettest.Named("n", "Standard_NC24ads_A100_v4", 2))
	s.settle()
	before := maps.Clone(s.bound)
	for _, factor := range []float64{1, 0.95, 1.05, 0.9} {
		for sku := range capacity.SKUs() {
			if c := capacity.Price("eastus", sku.Name, capacity.OnDemand); c.Known {
				s.prices[sku.Name] = c.USD * (1 + (factor-1)*float64(len(sku.Name)%3))
			}
		}
		for range 10 {
			if _, writes := s.pass(); writes > 0 {
				t.Fatalf("%d writes at rest: %s", writes, s)
			}
		}
	}
	for name, b := range s.bound {
		if b.Pool != before[name].Pool {
			t.Errorf("%s moved from %s to %s", name, before[name].Pool, b.Pool)
		}
	}
}

// TestServersMoveWhenItPaysAndJobsNever halves the price of another size.
func TestServersMoveWhenItPaysAndJobsNever(t *testing.T) {
	s := newSim(t, 3)
	server := fleettest.Only(fleettest.Auto("server", 60), "NC24ads_A100_v4", "NC40ads_H100_v5")
	job := fleettest.Only(fleettest.Auto("job", 60), "NC24ads_A100_v4", "NC40ads_H100_v5")
	job.Tuning = true
	s.want(server, job)
	s.settle()
	jobPool := s.bound["job"].Pool
	s.prices["Standard_NC40ads_H100_v5"] = 1.5
	s.settle()
	if got := s.bound["server"].Option.SKU.Name; got != "Standard_NC40ads_H100_v5" || len(s.Nodes.Moves) != 1 {
		t.Errorf("the server is on %s after %v", got, s.Nodes.Moves)
	}
	if s.bound["job"].Pool != jobPool {
		t.Errorf("the job moved to %s", s.bound["job"].Pool)
	}
	s.prices["Standard_NC40ads_H100_v5"] = 6.98 // and back, which pays as well
	s.settle()
	if len(s.Nodes.Moves) != 2 {
		t.Errorf("moves %v", s.Nodes.Moves)
	}
}

// TestEightServersShareOneNode shows consolidation: what runs on single GPUs moves to a node with eight once that is
// cheaper.
func TestEightServersShareOneNode(t *testing.T) {
	s := newSim(t, 4)
	for i := range 8 {
		s.want(fleettest.Only(fleettest.Auto(string(rune('a'+i)), 30), "NC24ads_A100_v4", "ND96asr_v4"))
	}
	s.prices["Standard_ND96asr_v4"] = 40
	s.settle()
	if n := len(s.Nodes.Moves); n > 0 {
		t.Fatalf("%d moves at the start", n)
	}
	s.prices["Standard_ND96asr_v4"] = 15 // against 8 x 3.67
	s.settle()
	used := map[string]int{}
	for _, p := range s.owned() {
		used[p.Size] += p.Count
	}
	if used["Standard_ND96asr_v4"] != 1 || used["Standard_NC24ads_A100_v4"] != 0 || len(s.Nodes.Moves) != 8 {
		t.Errorf("nodes %v after %d moves: %s", used, len(s.Nodes.Moves), s)
	}
	if b := s.bound["a"]; b.Cost.USD != 15.0/8 || !b.Shared {
		t.Errorf("one of eight shares costs %v", b.Cost)
	}
}

// TestSuspendAndDelete scales the pool of a suspended Workspace to zero, and deletes it with the Workspace.
func TestSuspendAndDelete(t *testing.T) {
	for _, n := range []fleet.Workload{fleettest.Auto("a", 30), fleettest.Named("a", "Standard_NC24ads_A100_v4", 2)} {
		s := newSim(t, 5)
		s.want(n)
		s.settle()
		idle := n
		idle.Idle = "suspended"
		s.want(idle)
		s.settle()
		pool := s.Find(s.bound["a"].Pool)
		if pool == nil || pool.Count != 0 || len(s.owned()) != 1 {
			t.Fatalf("suspended: %s", s)
		}
		s.want(n)
		s.settle()
		if s.Nodes.Running() != n.Demand.Options[0].Nodes {
			t.Errorf("after it resumed: %s", s)
		}
		delete(s.needs, "a")
		s.settle()
		if len(s.owned()) != 0 {
			t.Errorf("deleted: %s", s)
		}
	}
}

// TestForeignPodsKeepTheirNode runs an unmanaged pod on an owned node.
func TestForeignPodsKeepTheirNode(t *testing.T) {
	s := newSim(t, 6)
	s.want(fleettest.Named("a", "Standard_NC24ads_A100_v4", 2))
	s.settle()
	nodes := s.Fake.Nodes()[s.bound["a"].Pool]
	s.Nodes.AddForeign("other/x", nodes[len(nodes)-1])
	delete(s.needs, "a")
	for range 20 {
		s.pass() // which fails the test if the node goes
	}
	if len(s.owned()) != 1 {
		t.Fatal("the pool is gone")
	}
	s.Nodes.RemoveForeign()
	s.settle()
	if len(s.owned()) != 0 {
		t.Errorf("left over: %s", s)
	}
}

// TestUnplacedReasons checks the reason and the message of unplaced Workspaces.
func TestUnplacedReasons(t *testing.T) {
	family := strings.ToLower("StandardNCADSA100v4Family")
	a100 := func(name string) fleet.Workload { return fleettest.Only(fleettest.Auto(name, 60), "NC24ads_A100_v4") }
	for _, tt := range []struct {
		name   string
		needs  []fleet.Workload
		change func(*sim)
		reason string
		words  []string
	}{
		{
			name:  "quota",
			needs: []fleet.Workload{a100("a"), a100("b")},
			change: func(s *sim) {
				s.quota.Families = map[string]capacity.Limit{family: {Used: 100, Max: 124, Known: true}}
			},
			reason: "QuotaExceeded",
			words:  []string{"24 vCPU of StandardNCADSA100v4Family short in eastus"},
		},
		{
			name:  "quota of a named size",
			needs: []fleet.Workload{fleettest.Named("b", "Standard_NC48ads_A100_v4", 1)},
			change: func(s *sim) {
				s.quota.Families = map[string]capacity.Limit{family: {Used: 100, Max: 124, Known: true}}
			},
			reason: "QuotaExceeded",
			words:  []string{"24 vCPU of StandardNCADSA100v4Family short"},
		},
		{
			name:   "region",
			needs:  []fleet.Workload{a100("a"), a100("b")},
			change: func(s *sim) { s.quota.Regional = capacity.Limit{Max: 30, Known: true} },
			reason: "QuotaExceeded",
			words:  []string{"18 vCPU of the region's quota"},
		},
		{
			name:   "nodes",
			needs:  []fleet.Workload{a100("a"), a100("b")},
			change: func(s *sim) { s.limits.Nodes = 1 },
			reason: "LimitReached",
			words:  []string{"capacity.limits.nodes is 1"},
		},
		{
			name:   "money",
			needs:  []fleet.Workload{a100("a"), a100("b")},
			change: func(s *sim) { s.limits.HourlyCost = 5 },
			reason: "LimitReached",
			words:  []string{"capacity.limits.hourlyCost is 5.00, which leaves 1.33"},
		},
		{
			name: "the size that is nearest to fitting",
			needs: []fleet.Workload{fleettest.Only(fleettest.Auto("b", 60),
				"ND96asr_v4", "NC48ads_A100_v4", "NC24ads_A100_v4", "NC40ads_H100_v5")},
			change: func(s *sim) { s.limits.HourlyCost = 3.6 },
			reason: "LimitReached",
			words: []string{
				"needs 0.07 more for Standard_NC24ads_A100_v4",
				"are not available either (Standard_NC40ads_H100_v5, Standard_NC48ads_A100_v4, Standard_ND96asr_v4)",
			},
		},
		{
			name:  "no capacity",
			needs: []fleet.Workload{a100("b")},
			change: func(s *sim) {
				s.blocked["Standard_NC24ads_A100_v4"] = time.Date(2026, 1, 1, 14, 5, 0, 0, time.UTC)
			},
			reason: "OutOfCapacity",
			words:  []string{"Standard_NC24ads_A100_v4 is unavailable until 14:05 UTC: Azure has none"},
		},
		{
			name:   "others",
			needs:  []fleet.Workload{fleettest.Only(fleettest.Auto("b", 60), "NC24ads_A100_v4", "NC40ads_H100_v5")},
			change: func(s *sim) { s.quota.Regional = capacity.Limit{Max: 10, Known: true} },
			reason: "QuotaExceeded",
			words:  []string{"the other sizes that fit are not available either (Standard_NC40ads_H100_v5)"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newSim(t, 7)
			s.want(tt.needs...)
			tt.change(s)
			f := s.planned()
			no := f.Unplaced[fleettest.Key("b")]
			if string(no.Reason) != tt.reason || len(f.Bindings)+1 != len(tt.needs) {
				t.Fatalf("unplaced %+v, bindings %v", f.Unplaced, f.Bindings)
			}
			for _, w := range tt.words {
				if !strings.Contains(no.Message, w) {
					t.Errorf("%q does not say %q", no.Message, w)
				}
			}
		})
	}
}

// TestAnotherSizeTakesOver has Azure refuse the cheapest size when its pool is made.
func TestAnotherSizeTakesOver(t *testing.T) {
	s := newSim(t, 8)
	s.fail("Standard_NC24ads_A100_v4", true)
	s.want(fleettest.Only(fleettest.Auto("a", 60), "NC24ads_A100_v4", "NC40ads_H100_v5"))
	s.settle()
	if got := s.bound["a"].Option.SKU.Name; got != "Standard_NC40ads_H100_v5" || s.Nodes.Running() != 1 ||
		len(s.owned()) != 1 {
		t.Errorf("it is on %s: %s", got, s)
	}
}

// TestUsageLags takes nodes that are on their way off the quota, whether Azure counts them already or not.
func TestUsageLags(t *testing.T) {
	family := strings.ToLower("StandardNCADSA100v4Family")
	first := fleettest.Only(fleettest.Auto("a", 60), "NC24ads_A100_v4", "NC40ads_H100_v5")
	for _, used := range []int{0, 24} {
		s := newSim(t, 9)
		s.want(first)
		s.pass() // the pool is being made
		s.want(fleettest.Only(fleettest.Auto("b", 60), "NC24ads_A100_v4", "NC40ads_H100_v5"))
		s.quota.Families = map[string]capacity.Limit{family: {Used: used, Max: 24, Known: true}}
		f := s.planned()
		a, b := f.Bindings[fleettest.Key("a")], f.Bindings[fleettest.Key("b")]
		if a.Option.SKU.Name != "Standard_NC24ads_A100_v4" || b.Option.SKU.Name != "Standard_NC40ads_H100_v5" {
			t.Errorf("with %d vCPUs counted: %s and %s", used, a.Option.SKU.Name, b.Option.SKU.Name)
		}
	}
}

// TestManyPools keeps to the number of pools and of nodes in a pool that AKS allows.
func TestManyPools(t *testing.T) {
	s := newSim(t, 10)
	for i := range 110 {
		s.want(fleettest.Named("n"+string(rune('a'+i/26))+string(rune('a'+i%26)), "Standard_NC24ads_A100_v4", 1))
	}
	f := s.planned()
	if len(f.Pools) != 100 || len(f.Unplaced) != 10 || f.Unplaced[fleettest.Key("neb")].Reason != "TooManyPools" {
		t.Errorf("%d pools, %d without a place: %v", len(f.Pools), len(f.Unplaced), f.Unplaced)
	}
	in := fleet.Input{Cluster: "demo", Region: "eastus"}
	for i := range 2500 {
		n := fleettest.Only(fleettest.Auto("x", 60), "NC24ads_A100_v4")
		n.Workspace.Name = string(rune('a'+i/676)) + string(rune('a'+i/26%26)) + string(rune('a'+i%26))
		in.Workloads = append(in.Workloads, n)
	}
	f = fleet.Plan(in)
	sum := 0
	for _, p := range f.Pools {
		sum += p.Count
		if p.Count > 1000 {
			t.Errorf("pool %s has %d nodes", p.Name, p.Count)
		}
	}
	if len(f.Pools) != 3 || sum != 2500 {
		t.Errorf("%d pools with %d nodes", len(f.Pools), sum)
	}
}

// likely is an Offerings with chances by size, 1 by default.
type likely map[string]float64

func (likely) Code(capacity.SKU, capacity.Priority, time.Time) string { return "" }

func (likely) Dropped(capacity.SKU, capacity.Priority, time.Time) []unavailable.Constraint {
	return nil
}

func (likely) Blocked(capacity.SKU, capacity.Priority, time.Time) (string, time.Time, bool) {
	return "", time.Time{}, false
}

func (l likely) Chance(s capacity.SKU, _ capacity.Priority, _ time.Time) float64 {
	if c, ok := l[s.Name]; ok {
		return c
	}
	return 1
}

// TestRiskIsPartOfThePrice prefers sizes that Azure probably grants.
func TestRiskIsPartOfThePrice(t *testing.T) {
	n := fleettest.Only(fleettest.Auto("a", 60), "NC24ads_A100_v4", "NC40ads_H100_v5")
	for _, tt := range []struct {
		name   string
		change func(*fleet.Input)
		want   string
	}{
		{name: "no risk", change: func(*fleet.Input) {}, want: "Standard_NC24ads_A100_v4"},
		{
			name:   "it was refused lately",
			change: func(in *fleet.Input) { in.Unavailable = likely{"Standard_NC24ads_A100_v4": 0.3} },
			want:   "Standard_NC40ads_H100_v5",
		},
		{
			name:   "a little risk",
			change: func(in *fleet.Input) { in.Unavailable = likely{"Standard_NC24ads_A100_v4": 0.8} },
			want:   "Standard_NC24ads_A100_v4",
		},
		{
			name: "no quota is listed for it",
			change: func(in *fleet.Input) {
				in.Prices = func(size string, _ capacity.Priority) capacity.Cost {
					if size == "Standard_NC24ads_A100_v4" {
						return capacity.Cost{USD: 6, Known: true}
					}
					return capacity.Cost{USD: 6.98, Known: true}
				}
				in.Quota.Families = map[string]capacity.Limit{"standardncadsh100v5family": {Max: 400, Known: true}}
			},
			want: "Standard_NC40ads_H100_v5",
		},
	} {
		in := fleet.Input{Cluster: "demo", Region: "eastus", Workloads: []fleet.Workload{n}}
		tt.change(&in)
		if got := fleet.Plan(in).Bindings[n.Workspace].Option.SKU.Name; got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
}

// TestLabelsThatAKSOwns: a pool gets the labels of its Workspace but those that AKS and the kubelet set by themselves,
// and refuse from others.
func TestLabelsThatAKSOwns(t *testing.T) {
	n := fleettest.Named("a", "Standard_NC24ads_A100_v4", 1)
	n.Labels = map[string]string{
		"app":                              "a",
		"kubernetes.azure.com/accelerator": "nvidia",
		"node.kubernetes.io/instance-type": "Standard_NC24ads_A100_v4",
		"kubernetes.io/os":                 "linux",
	}
	pools := fleet.Plan(fleet.Input{Cluster: "demo", Region: "swedencentral", Workloads: []fleet.Workload{n}}).Pools
	if len(pools) != 1 {
		t.Fatalf("%d pools", len(pools))
	}
	got := pools[0].Labels
	for key := range n.Labels {
		if _, has := got[key]; has != (key == "app") {
			t.Errorf("the labels of the pool are %v", got)
		}
	}
}
