package capacity

import (
	"fmt"
	"slices"
	"testing"

	"syncer.dev/syncer/internal/workspace"
)

func replicas(set, size string, n int) []Need {
	var out []Need
	for i := range n {
		r := named(fmt.Sprintf("%s-%d", set, i), size, 1)
		r.Set, r.Labels = set, map[string]string{"app": set}
		out = append(out, r)
	}
	return out
}

// TestSetSharesOnePool grows and shrinks an InferenceSet, and changes its size.
func TestSetSharesOnePool(t *testing.T) {
	s := newSim(t, 1)
	s.want(replicas("phi", "Standard_NC24ads_A100_v4", 3)...)
	f := s.settle()
	if len(f.Pools) != 1 || f.Pools[0].Count != 3 || f.Pools[0].HourlyCost != Price("eastus", "Standard_NC24ads_A100_v4", false).Times(3) || s.running() != 3 {
		t.Fatalf("pools %+v", f.Pools)
	}
	p := f.Pools[0]
	if p.Workspace != SetKey("default", "phi") || p.Labels["app"] != "phi" || p.Labels[LabelWorkspace] != "" || p.Labels[LabelInferenceSet] != "phi" {
		t.Errorf("pool %+v", p)
	}
	where := func(pod string) string { return s.pods[pod].node }
	first, last := where("phi-0-0"), where("phi-2-0")
	delete(s.needs, "phi-1")
	f = s.settle()
	if f.Pools[0].Count != 2 || where("phi-0-0") != first || where("phi-2-0") != last || len(s.moves) > 0 {
		t.Errorf("after one has gone: %s", s)
	}
	s.want(replicas("phi", "Standard_NC40ads_H100_v5", 3)...)
	f = s.settle()
	if len(f.Pools) != 1 || f.Pools[0].Count != 3 || len(s.pools) != 1 || s.running() != 3 || len(s.moves) != 2 {
		t.Errorf("with another size: %s; moves %v", s, s.moves)
	}
	clear(s.needs)
	if s.settle(); len(s.pools) > 0 {
		t.Errorf("left over: %s", s)
	}
}

// TestSetUnderShortage has quota for two of three: who runs goes on running, whatever its number.
func TestSetUnderShortage(t *testing.T) {
	s := newSim(t, 1)
	s.quota = Quota{Families: map[string]Limit{"standardncadsa100v4family": {Max: 48, Known: true}}}
	all := replicas("phi", "Standard_NC24ads_A100_v4", 3)
	s.want(all[1:]...)
	s.settle()
	s.quota.Families["standardncadsa100v4family"] = Limit{Max: 48, Used: 48, Known: true}
	s.want(all[0])
	f := s.settle()
	if len(f.Unplaced) != 1 || f.Unplaced[all[0].Workspace].Reason != "QuotaExceeded" || f.Pools[0].Count != 2 || s.running() != 2 {
		t.Errorf("%v: %s", f.Unplaced, s)
	}
}

// TestSetTooLargeForAPool asks for more nodes than a pool may have.
func TestSetTooLargeForAPool(t *testing.T) {
	in := FleetInput{Cluster: "demo", Region: "eastus", Needs: replicas("phi", "Standard_NC24ads_A100_v4", maxNodesPerPool+1)}
	f := PlanFleet(in)
	if len(f.Unplaced) != 1 || f.Pools[0].Count != maxNodesPerPool {
		t.Fatalf("%d without a place", len(f.Unplaced))
	}
	for _, no := range f.Unplaced {
		if no.Reason != "TooManyNodes" {
			t.Errorf("%+v", no)
		}
	}
}

func TestSetKeys(t *testing.T) {
	owner := SetKey("a", "phi")
	for k, want := range map[workspace.Key]bool{
		{Namespace: "a", Name: "phi-0"}: true, {Namespace: "a", Name: "phi-12"}: true, {Namespace: "b", Name: "phi-0"}: false,
		{Namespace: "a", Name: "phi"}: false, {Namespace: "a", Name: "phi-x"}: false, {Namespace: "a", Name: "phi-4-0"}: false, owner: false,
	} {
		if InSet(k, owner) != want {
			t.Errorf("%s: %v", k, !want)
		}
	}
	if _, ok := SetOf(workspace.Key{Namespace: "a", Name: "phi-0"}); ok {
		t.Error("a replica is taken for its set")
	}
}

// TestPoolNamesDiffer compares the names of pools that must not be the same one.
func TestPoolNamesDiffer(t *testing.T) {
	var names []string
	for _, k := range []workspace.Key{{Namespace: "a", Name: "phi"}, {Namespace: "b", Name: "phi"}, {Namespace: "a", Name: "phi-0"}, SetKey("a", "phi")} {
		for _, spot := range []bool{true, false} {
			names = append(names, poolName("demo", k, "Standard_NC24ads_A100_v4", spot), poolName("other", k, "Standard_NC24ads_A100_v4", spot))
		}
	}
	slices.Sort(names)
	if n := len(slices.Compact(slices.Clone(names))); n != len(names) {
		t.Errorf("%d names of %d: %v", n, len(names), names)
	}
}

// TestLimitsBelowWhatRuns lowers every limit below what is there: nothing stops, nothing more is made, and who asks is told.
func TestLimitsBelowWhatRuns(t *testing.T) {
	for name, lower := range map[string]func(*sim){
		"nodes": func(s *sim) { s.limits.Nodes = 1 },
		"cost":  func(s *sim) { s.limits.HourlyCost = 1 },
		"quota": func(s *sim) {
			s.quota = Quota{Families: map[string]Limit{"standardncadsa100v4family": {Max: 24, Used: 48, Known: true}}}
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSim(t, 1)
			s.want(named("a", "Standard_NC24ads_A100_v4", 1), named("b", "Standard_NC24ads_A100_v4", 1))
			s.settle()
			lower(s)
			s.want(named("c", "Standard_NC24ads_A100_v4", 1))
			writes := s.writes
			f := s.settle()
			if s.writes != writes || s.running() != 2 || len(f.Unplaced) != 1 || f.Unplaced[workspace.Key{Namespace: "default", Name: "c"}].Message == "" {
				t.Errorf("%d writes, %v: %s", s.writes-writes, f.Unplaced, s)
			}
		})
	}
}

// TestUnknownPriceUnderALimit agrees with the pools: what has no price cannot be kept within a limit on money. Spot is bounded by
// the price on demand.
func TestUnknownPriceUnderALimit(t *testing.T) {
	for _, tt := range []struct {
		spot, known bool
		limit       float64
		placed      bool
	}{{true, true, 5, true}, {true, true, 1, false}, {false, false, 5000, false}, {false, false, 0, true}} {
		n := named("a", "Standard_NC24ads_A100_v4", 1)
		n.Spot = tt.spot
		in := FleetInput{Cluster: "demo", Region: "eastus", Needs: []Need{n}, Limits: Limits{HourlyCost: tt.limit}}
		if !tt.known {
			in.Region = "nowhere"
		}
		f := PlanFleet(in)
		changes := PlanPools(Situation{Desired: f.Pools, Limits: in.Limits, Region: in.Region, Held: none})
		if placed := len(f.Unplaced) == 0; placed != tt.placed || placed && (len(changes) != 1 || changes[0].Op != Create) {
			t.Errorf("%+v: %v, %+v", tt, f.Unplaced, changes)
		}
	}
}
