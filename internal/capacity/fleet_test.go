package capacity

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"syncer.dev/syncer/internal/workspace"
)

// one plans one pass without carrying anything out.
func (s *sim) one() Fleet { return PlanFleet(s.input()) }

func key(name string) workspace.Key { return workspace.Key{Namespace: "default", Name: name} }

// only lets an automatic Need choose among some sizes.
func only(n Need, sizes ...string) Need {
	without := func(o Option) bool { return !slices.Contains(sizes, strings.TrimPrefix(o.SKU.Name, "Standard_")) }
	n.Demand.Shares = slices.DeleteFunc(n.Demand.Shares, without)
	n.Demand.Options = slices.DeleteFunc(n.Demand.Options, without)
	return n
}

// TestReplacementGoesStepByStep changes the size that a user named: the new pool is made and has its GPUs before the server
// leaves the old one, and the old one goes after that.
func TestReplacementGoesStepByStep(t *testing.T) {
	s := newSim(t, 1)
	s.want(named("a", "Standard_NC24ads_A100_v4", 1))
	s.settle()
	old := s.bound["a"].Pool
	s.want(named("a", "Standard_NC40ads_H100_v5", 1))
	var steps []string
	note := func(step string) {
		if len(steps) == 0 || steps[len(steps)-1] != step {
			steps = append(steps, step)
		}
	}
	for range 20 {
		f, _ := s.pass() // which fails the test if the server loses its node
		b := f.Bindings[key("a")]
		switch {
		case b.Hold != "":
			note("waits for " + b.Next)
			if !strings.Contains(b.Hold, "once it is ready") {
				t.Errorf("hold: %q", b.Hold)
			}
		case s.pools[old] != nil && s.pools[old].Count > 0:
			note("runs on " + b.Pool)
		case s.pools[old] != nil:
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

// TestRestIsRest shows that a fleet at rest plans nothing, and that small changes of prices move nobody.
func TestRestIsRest(t *testing.T) {
	s := newSim(t, 2)
	for i, gib := range []float64{15, 15, 30, 60, 130, 250} {
		s.want(auto(string(rune('a'+i)), gib))
	}
	s.want(named("n", "Standard_NC24ads_A100_v4", 2))
	s.settle()
	before := maps.Clone(s.bound)
	for _, factor := range []float64{1, 0.95, 1.05, 0.9} {
		for _, sku := range skus {
			if c := Price("eastus", sku.Name, false); c.Known {
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
	server := only(auto("server", 60), "NC24ads_A100_v4", "NC40ads_H100_v5")
	job := only(auto("job", 60), "NC24ads_A100_v4", "NC40ads_H100_v5")
	job.Tuning = true
	s.want(server, job)
	s.settle()
	jobPool := s.bound["job"].Pool
	s.prices["Standard_NC40ads_H100_v5"] = 1.5
	s.settle()
	if got := s.bound["server"].Option.SKU.Name; got != "Standard_NC40ads_H100_v5" || len(s.moves) != 1 {
		t.Errorf("the server is on %s after %v", got, s.moves)
	}
	if s.bound["job"].Pool != jobPool {
		t.Errorf("the job moved to %s", s.bound["job"].Pool)
	}
	s.prices["Standard_NC40ads_H100_v5"] = 6.98 // and back, which pays as well
	s.settle()
	if len(s.moves) != 2 {
		t.Errorf("moves %v", s.moves)
	}
}

// TestEightServersShareOneNode shows consolidation: what runs on single GPUs moves to a node with eight once that is cheaper.
func TestEightServersShareOneNode(t *testing.T) {
	s := newSim(t, 4)
	for i := range 8 {
		s.want(only(auto(string(rune('a'+i)), 30), "NC24ads_A100_v4", "ND96asr_v4"))
	}
	s.prices["Standard_ND96asr_v4"] = 40
	s.settle()
	if n := len(s.moves); n > 0 {
		t.Fatalf("%d moves to begin with", n)
	}
	s.prices["Standard_ND96asr_v4"] = 15 // against 8 x 3.67
	s.settle()
	used := map[string]int{}
	for _, p := range s.pools {
		used[p.SKU.Name] += p.Count
	}
	if used["Standard_ND96asr_v4"] != 1 || used["Standard_NC24ads_A100_v4"] != 0 || len(s.moves) != 8 {
		t.Errorf("nodes %v after %d moves: %s", used, len(s.moves), s)
	}
	if b := s.bound["a"]; b.Cost.USD != 15.0/8 || !b.Shared {
		t.Errorf("the share of one of eight costs %v", b.Cost)
	}
}

// TestSuspendAndDelete scales to zero, keeps a pool as long as its Workspace is there, and then lets it go.
func TestSuspendAndDelete(t *testing.T) {
	for _, n := range []Need{auto("a", 30), named("a", "Standard_NC24ads_A100_v4", 2)} {
		s := newSim(t, 5)
		s.want(n)
		s.settle()
		idle := n
		idle.Idle = "suspended"
		s.want(idle)
		s.settle()
		pool := s.pools[s.bound["a"].Pool]
		if pool == nil || pool.Count != 0 || len(s.pools) != 1 {
			t.Fatalf("suspended: %s", s)
		}
		s.want(n)
		s.settle()
		if s.running() != n.Demand.Options[0].Nodes {
			t.Errorf("after it went on: %s", s)
		}
		delete(s.needs, "a")
		s.settle()
		if len(s.pools) != 0 {
			t.Errorf("deleted: %s", s)
		}
	}
}

// TestForeignPodsKeepTheirNode has somebody else's pod on a node of ours.
func TestForeignPodsKeepTheirNode(t *testing.T) {
	s := newSim(t, 6)
	s.want(named("a", "Standard_NC24ads_A100_v4", 2))
	s.settle()
	var node string
	for n := range s.pools[s.bound["a"].Pool].nodes {
		node = n
	}
	s.alien["x"] = node
	delete(s.needs, "a")
	for range 20 {
		s.pass() // which fails the test if the node goes
	}
	if len(s.pools) != 1 {
		t.Fatal("the pool is gone")
	}
	clear(s.alien)
	s.settle()
	if len(s.pools) != 0 {
		t.Errorf("left over: %s", s)
	}
}

// TestNoPlaceSaysWhy reads the words for what cannot be placed.
func TestNoPlaceSaysWhy(t *testing.T) {
	family := strings.ToLower("StandardNCADSA100v4Family")
	a100 := func(name string) Need { return only(auto(name, 60), "NC24ads_A100_v4") }
	for _, tt := range []struct {
		name   string
		needs  []Need
		change func(*sim)
		reason string
		words  []string
	}{
		{"quota", []Need{a100("a"), a100("b")}, func(s *sim) {
			s.quota.Families = map[string]Limit{family: {Used: 100, Max: 124, Known: true}}
		}, "QuotaExceeded", []string{"24 vCPU of StandardNCADSA100v4Family short in eastus"}},
		{"quota of a named size", []Need{named("b", "Standard_NC48ads_A100_v4", 1)}, func(s *sim) {
			s.quota.Families = map[string]Limit{family: {Used: 100, Max: 124, Known: true}}
		}, "QuotaExceeded", []string{"24 vCPU of StandardNCADSA100v4Family short"}},
		{"region", []Need{a100("a"), a100("b")}, func(s *sim) { s.quota.Regional = Limit{Max: 30, Known: true} }, "QuotaExceeded", []string{"18 vCPU of the region's quota"}},
		{"nodes", []Need{a100("a"), a100("b")}, func(s *sim) { s.limits.Nodes = 1 }, "LimitReached", []string{"capacity.limits.nodes is 1"}},
		{"money", []Need{a100("a"), a100("b")}, func(s *sim) { s.limits.HourlyCost = 5 }, "LimitReached", []string{"capacity.limits.hourlyCost is 5.00, which leaves 1.33"}},
		{"no capacity", []Need{a100("b")}, func(s *sim) {
			s.blocked["Standard_NC24ads_A100_v4"] = time.Date(2026, 1, 1, 14, 5, 0, 0, time.UTC)
		}, "OutOfCapacity", []string{"Standard_NC24ads_A100_v4 cannot be had until 14:05 UTC: Azure has none"}},
		{
			"others",
			[]Need{only(auto("b", 60), "NC24ads_A100_v4", "NC40ads_H100_v5")},
			func(s *sim) { s.quota.Regional = Limit{Max: 10, Known: true} },
			"QuotaExceeded",
			[]string{"of the other sizes that fit none is left either (Standard_NC40ads_H100_v5)"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newSim(t, 7)
			s.want(tt.needs...)
			tt.change(s)
			f := s.one()
			no := f.Unplaced[key("b")]
			if no.Reason != tt.reason || len(f.Bindings)+1 != len(tt.needs) {
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
	s.fails["Standard_NC24ads_A100_v4"] = true
	s.want(only(auto("a", 60), "NC24ads_A100_v4", "NC40ads_H100_v5"))
	s.settle()
	if got := s.bound["a"].Option.SKU.Name; got != "Standard_NC40ads_H100_v5" || s.running() != 1 || len(s.pools) != 1 {
		t.Errorf("it is on %s: %s", got, s)
	}
}

// TestUsageLags takes nodes that are on their way off the quota, whether Azure counts them already or not.
func TestUsageLags(t *testing.T) {
	family := strings.ToLower("StandardNCADSA100v4Family")
	first := only(auto("a", 60), "NC24ads_A100_v4", "NC40ads_H100_v5")
	for _, used := range []int{0, 24} {
		s := newSim(t, 9)
		s.want(first)
		s.pass() // the pool is being made
		s.want(only(auto("b", 60), "NC24ads_A100_v4", "NC40ads_H100_v5"))
		s.quota.Families = map[string]Limit{family: {Used: used, Max: 24, Known: true}}
		f := s.one()
		a, b := f.Bindings[key("a")], f.Bindings[key("b")]
		if a.Option.SKU.Name != "Standard_NC24ads_A100_v4" || b.Option.SKU.Name != "Standard_NC40ads_H100_v5" {
			t.Errorf("with %d vCPUs counted: %s and %s", used, a.Option.SKU.Name, b.Option.SKU.Name)
		}
	}
}

// TestManyPools keeps to the number of pools and of nodes in a pool that AKS allows.
func TestManyPools(t *testing.T) {
	s := newSim(t, 10)
	for i := range 110 {
		s.want(named("n"+string(rune('a'+i/26))+string(rune('a'+i%26)), "Standard_NC24ads_A100_v4", 1))
	}
	f := s.one()
	if len(f.Pools) != 100 || len(f.Unplaced) != 10 || f.Unplaced[key("neb")].Reason != "TooManyPools" {
		t.Errorf("%d pools, %d without a place: %v", len(f.Pools), len(f.Unplaced), f.Unplaced)
	}
	in := FleetInput{Cluster: "demo", Region: "eastus"}
	for i := range 2500 {
		n := only(auto("x", 60), "NC24ads_A100_v4")
		n.Workspace.Name = string(rune('a'+i/676)) + string(rune('a'+i/26%26)) + string(rune('a'+i%26))
		in.Needs = append(in.Needs, n)
	}
	f = PlanFleet(in)
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

// likely is an Availability that also knows chances.
type likely map[string]float64

func (likely) Blocked(SKU, bool, time.Time) (string, time.Time, bool) { return "", time.Time{}, false }

func (l likely) Chance(s SKU, _ bool, _ time.Time) float64 {
	if c, ok := l[s.Name]; ok {
		return c
	}
	return 1
}

// TestRiskIsPartOfThePrice prefers what is likely to be had.
func TestRiskIsPartOfThePrice(t *testing.T) {
	n := only(auto("a", 60), "NC24ads_A100_v4", "NC40ads_H100_v5")
	for _, tt := range []struct {
		name   string
		change func(*FleetInput)
		want   string
	}{
		{"no risk", func(*FleetInput) {}, "Standard_NC24ads_A100_v4"},
		{"it was refused lately", func(in *FleetInput) { in.Unavailable = likely{"Standard_NC24ads_A100_v4": 0.3} }, "Standard_NC40ads_H100_v5"},
		{"a little risk", func(in *FleetInput) { in.Unavailable = likely{"Standard_NC24ads_A100_v4": 0.8} }, "Standard_NC24ads_A100_v4"},
		{"no quota is listed for it", func(in *FleetInput) {
			in.Prices = func(size string, _ bool) Cost {
				if size == "Standard_NC24ads_A100_v4" {
					return Cost{6, true}
				}
				return Cost{6.98, true}
			}
			in.Quota.Families = map[string]Limit{"standardncadsh100v5family": {Max: 400, Known: true}}
		}, "Standard_NC40ads_H100_v5"},
	} {
		in := FleetInput{Cluster: "demo", Region: "eastus", Needs: []Need{n}}
		tt.change(&in)
		if got := PlanFleet(in).Bindings[n.Workspace].Option.SKU.Name; got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
}
