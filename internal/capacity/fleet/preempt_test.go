// SPDX-License-Identifier: Apache-2.0

package fleet_test

import (
	"slices"
	"strings"
	"testing"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/fleet"
	"syncer.dev/syncer/internal/capacity/fleet/fleettest"
	"syncer.dev/syncer/internal/workspace"
)

// TestHighPriorityTakesThePlaceAndGivesItBack lets a Workspace of high priority interrupt one of low priority, on a
// pool of its own and on a shared one. Without preemption it waits, and says for whom.
func TestHighPriorityTakesThePlaceAndGivesItBack(t *testing.T) {
	for _, make := range []func(name string) fleet.Workload{
		func(name string) fleet.Workload { return fleettest.Named(name, "Standard_NC24ads_A100_v4", 1) },
		func(name string) fleet.Workload { return fleettest.Only(fleettest.Auto(name, 60), "NC24ads_A100_v4") },
	} {
		s := newSim(t, 1)
		s.limits.Nodes = 1
		low, high := make("a"), make("z")
		low.Priority, high.Priority = workspace.Low, workspace.High
		s.want(low)
		s.settle()
		s.want(high)
		f := s.settle()
		no := f.Unplaced[high.Workspace]
		if s.Nodes.Running() != 1 || len(no.Behind) != 1 || no.Behind[0].Workspace != low.Workspace ||
			!strings.Contains(no.Message, "it waits behind default/a (it has its nodes already, and policy.preemption") {
			t.Errorf("preemption is denied: %+v; %s", no, s)
		}
		s.preempt = true
		f, _ = s.pass()
		if b := f.Bindings[low.Workspace]; b.To != high.Workspace || !strings.Contains(b.Yields, "gives way to default/z") {
			t.Errorf("the one of low priority: %+v", b)
		}
		if b := f.Bindings[high.Workspace]; !slices.Equal(b.Takes, []workspace.Key{low.Workspace}) {
			t.Errorf("the one of high priority: %+v", b)
		}
		f = s.settle()
		if s.node(s.Nodes.Pods("z")[0].Name) == "" || len(s.Nodes.Pods("a")) > 0 || len(s.owned()) != 1 {
			t.Errorf("after the interruption: %s", s)
		}
		if no := f.Unplaced[low.Workspace]; len(no.Behind) != 1 || no.Behind[0].Why != "priority high before low" {
			t.Errorf("the interrupted one waits: %+v", no)
		}
		delete(s.needs, "z")
		s.settle()
		if s.Nodes.Running() != 1 || len(s.Nodes.Pods("a")) != 1 {
			t.Errorf("when there is room again: %s", s)
		}
	}
}

// TestOnlyWhoHasToGivesWay interrupts the one with the lowest standing of those that help, and no other.
func TestOnlyWhoHasToGivesWay(t *testing.T) {
	s := newSim(t, 2)
	s.limits.Nodes = 3
	priorities := map[string]workspace.Priority{
		"big": workspace.Normal, "small": workspace.Low, "other": workspace.High,
	}
	for _, name := range []string{"big", "small", "other"} {
		n := fleettest.Named(name, "Standard_NC24ads_A100_v4", 1)
		n.Priority = priorities[name]
		s.want(n)
	}
	s.settle()
	s.preempt = true
	urgent := fleettest.Named("urgent", "Standard_NC40ads_H100_v5", 1)
	urgent.Priority = workspace.High
	s.want(urgent)
	s.settle()
	if len(s.Nodes.Pods("small")) > 0 || s.Nodes.Running() != 3 {
		t.Errorf("%s", s)
	}
}

// TestBehindNobody has room for the smaller of two Workspaces alone: the larger one, which goes first, waits for the
// limit and not for the other one, which has no nodes yet.
func TestBehindNobody(t *testing.T) {
	large := fleettest.Named("large", "Standard_NC48ads_A100_v4", 1)
	small := fleettest.Named("small", "Standard_NC24ads_A100_v4", 1)
	large.Priority = workspace.High
	f := fleet.Plan(fleet.Input{
		Cluster:   "demo",
		Region:    "eastus",
		Workloads: []fleet.Workload{large, small},
		Limits:    capacity.Limits{HourlyCost: 5},
		Prices: func(size string, priority capacity.Priority) capacity.Cost {
			return capacity.Price("eastus", size, priority)
		},
	})
	no := f.Unplaced[large.Workspace]
	if no.Reason != "LimitReached" || len(no.Behind) > 0 || no.More > 0 || strings.Contains(no.Message, "behind") {
		t.Errorf("got %+v", no)
	}
	if _, placed := f.Bindings[small.Workspace]; !placed {
		t.Error("the smaller one has no place")
	}
}
