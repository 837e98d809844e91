// SPDX-License-Identifier: Apache-2.0

package fleet_test

import (
	"testing"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/fleet"
	"syncer.dev/syncer/internal/capacity/fleet/fleettest"
	"syncer.dev/syncer/internal/capacity/pools"
	"syncer.dev/syncer/internal/workspace"
)

// TestSetSharesOnePool grows and shrinks an InferenceSet, and changes its size.
func TestSetSharesOnePool(t *testing.T) {
	s := newSim(t, 1)
	s.want(fleettest.Replicas("phi", "Standard_NC24ads_A100_v4", 3)...)
	f := s.settle()
	if len(f.Pools) != 1 || f.Pools[0].Count != 3 ||
		f.Pools[0].HourlyCost != capacity.Price("eastus", "Standard_NC24ads_A100_v4", capacity.OnDemand).Times(3) ||
		s.Nodes.Running() != 3 {
		t.Fatalf("pools %+v", f.Pools)
	}
	p := f.Pools[0]
	if p.Workspace != capacity.SetKey("default", "phi") || p.Labels["app"] != "phi" ||
		p.Labels[capacity.LabelWorkspace] != "" ||
		p.Labels[capacity.LabelInferenceSet] != "phi" {
		t.Errorf("pool %+v", p)
	}
	first, last := s.node("phi-0-0"), s.node("phi-2-0")
	delete(s.needs, "phi-1")
	f = s.settle()
	if f.Pools[0].Count != 2 || s.node("phi-0-0") != first || s.node("phi-2-0") != last || len(s.Nodes.Moves) > 0 {
		t.Errorf("after one has gone: %s", s)
	}
	s.want(fleettest.Replicas("phi", "Standard_NC40ads_H100_v5", 3)...)
	f = s.settle()
	if len(f.Pools) != 1 || f.Pools[0].Count != 3 || len(s.owned()) != 1 || s.Nodes.Running() != 3 ||
		len(s.Nodes.Moves) != 2 {
		t.Errorf("with another size: %s; moves %v", s, s.Nodes.Moves)
	}
	clear(s.needs)
	if s.settle(); len(s.owned()) > 0 {
		t.Errorf("left over: %s", s)
	}
}

// TestSetUnderShortage has quota for two of three: who runs goes on running, any its number.
func TestSetUnderShortage(t *testing.T) {
	s := newSim(t, 1)
	s.quota = capacity.Quota{Families: map[string]capacity.Limit{"standardncadsa100v4family": {Max: 48, Known: true}}}
	all := fleettest.Replicas("phi", "Standard_NC24ads_A100_v4", 3)
	s.want(all[1:]...)
	s.settle()
	s.quota.Families["standardncadsa100v4family"] = capacity.Limit{Max: 48, Used: 48, Known: true}
	s.want(all[0])
	f := s.settle()
	if len(f.Unplaced) != 1 || f.Unplaced[all[0].Workspace].Reason != "QuotaExceeded" || f.Pools[0].Count != 2 ||
		s.Nodes.Running() != 2 {
		t.Errorf("%v: %s", f.Unplaced, s)
	}
}

// TestSetTooLargeForAPool asks for more nodes than a pool may have.
func TestSetTooLargeForAPool(t *testing.T) {
	in := fleet.Input{
		Cluster:   "demo",
		Region:    "eastus",
		Workloads: fleettest.Replicas("phi", "Standard_NC24ads_A100_v4", capacity.MaxNodesPerPool+1),
	}
	f := fleet.Plan(in)
	if len(f.Unplaced) != 1 || f.Pools[0].Count != capacity.MaxNodesPerPool {
		t.Fatalf("%d without a place", len(f.Unplaced))
	}
	for _, no := range f.Unplaced {
		if no.Reason != "TooManyNodes" {
			t.Errorf("%+v", no)
		}
	}
}

func TestSetKeys(t *testing.T) {
	owner := capacity.SetKey("a", "phi")
	for k, want := range map[workspace.Key]bool{
		{Namespace: "a", Name: "phi-0"}: true, {Namespace: "a", Name: "phi-12"}: true, {Namespace: "b", Name: "phi-0"}: false,
		{Namespace: "a", Name: "phi"}: false, {Namespace: "a", Name: "phi-x"}: false, {
			Namespace: "a",
			Name:      "phi-4-0",
		}: false, owner: false,
	} {
		if capacity.InSet(k, owner) != want {
			t.Errorf("%s: %v", k, !want)
		}
	}
	if _, ok := capacity.SetOf(workspace.Key{Namespace: "a", Name: "phi-0"}); ok {
		t.Error("a replica is taken for its set")
	}
}

// TestLimitsBelowWhatRuns lowers each limit below the present use: no server stops, no pool grows, and a pending
// Workspace gets a reason.
func TestLimitsBelowWhatRuns(t *testing.T) {
	for name, lower := range map[string]func(*sim){
		"nodes": func(s *sim) { s.limits.Nodes = 1 },
		"cost":  func(s *sim) { s.limits.HourlyCost = 1 },
		"quota": func(s *sim) {
			s.quota = capacity.Quota{
				Families: map[string]capacity.Limit{"standardncadsa100v4family": {Max: 24, Used: 48, Known: true}},
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSim(t, 1)
			s.want(fleettest.Named("a", "Standard_NC24ads_A100_v4", 1), fleettest.Named("b", "Standard_NC24ads_A100_v4", 1))
			s.settle()
			lower(s)
			s.want(fleettest.Named("c", "Standard_NC24ads_A100_v4", 1))
			writes := len(s.Written)
			f := s.settle()
			if len(s.Written) != writes || s.Nodes.Running() != 2 || len(f.Unplaced) != 1 ||
				f.Unplaced[workspace.Key{Namespace: "default", Name: "c"}].Message == "" {
				t.Errorf("%d writes, %v: %s", len(s.Written)-writes, f.Unplaced, s)
			}
		})
	}
}

// TestUnknownPriceUnderALimit agrees with the pools: what has no price cannot be kept within a limit on money. Spot is
// bounded by the price on demand.
func TestUnknownPriceUnderALimit(t *testing.T) {
	for _, tt := range []struct {
		spot, known bool
		limit       float64
		placed      bool
	}{
		{spot: true, known: true, limit: 5, placed: true},
		{spot: true, known: true, limit: 1},
		{limit: 5000},
		{placed: true},
	} {
		n := fleettest.Named("a", "Standard_NC24ads_A100_v4", 1)
		n.Spot = tt.spot
		in := fleet.Input{
			Cluster:   "demo",
			Region:    "eastus",
			Workloads: []fleet.Workload{n},
			Limits:    capacity.Limits{HourlyCost: tt.limit},
		}
		if !tt.known {
			in.Region = "nowhere"
		}
		f := fleet.Plan(in)
		changes := pools.Plan(
			pools.Input{
				Desired: f.Pools,
				Limits:  in.Limits,
				Region:  in.Region,
				Held:    func(capacity.LivePool) string { return "" },
			},
		)
		if placed := len(f.Unplaced) == 0; placed != tt.placed ||
			placed && (len(changes) != 1 || changes[0].Op != capacity.Create) {
			t.Errorf("%+v: %v, %+v", tt, f.Unplaced, changes)
		}
	}
}
