// SPDX-License-Identifier: Apache-2.0

package fleet_test

import (
	"strings"
	"testing"
	"time"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/fleet"
	"syncer.dev/syncer/internal/capacity/fleet/fleettest"
	"syncer.dev/syncer/internal/capacity/unavailable"
	"syncer.dev/syncer/internal/workspace"
)

// never is an Offerings in which the region does not offer one size.
type never string

func (never) Chance(capacity.SKU, capacity.Priority, time.Time) float64 { return 1 }

func (never) Code(capacity.SKU, capacity.Priority, time.Time) string { return "" }

func (never) Dropped(capacity.SKU, capacity.Priority, time.Time) []unavailable.Constraint { return nil }

func (n never) Blocked(sku capacity.SKU, _ capacity.Priority, _ time.Time) (string, time.Time, bool) {
	return sku.Name + " is not offered in eastus", time.Time{}, sku.Name == string(n)
}

// TestNotOffered plans with a size that the region does not offer: a Workspace that names it is unplaced with the
// reason, a Workspace that runs on it stays, and no other Workspace gets it.
func TestNotOffered(t *testing.T) {
	const size = "Standard_NC24ads_A100_v4"
	f := fleet.Plan(
		fleet.Input{
			Cluster:     "demo",
			Region:      "eastus",
			Workloads:   []fleet.Workload{fleettest.Named("a", size, 1), fleettest.Auto("b", 60)},
			Unavailable: never(size),
		},
	)
	a, b := workspace.Key{Namespace: "default", Name: "a"}, workspace.Key{Namespace: "default", Name: "b"}
	if no := f.Unplaced[a]; no.Reason != "OutOfCapacity" || !strings.Contains(no.Message, "not offered") {
		t.Errorf("named: %+v", no)
	}
	if got := f.Bindings[b].Option.SKU.Name; got == "" || got == size {
		t.Errorf("automatic: %q", got)
	}
	s := newSim(t, 1)
	s.want(fleettest.Named("a", size, 1))
	s.settle()
	writes := len(s.Written)
	s.blocked[size] = s.now.Add(24 * time.Hour)
	if f := s.settle(); len(f.Unplaced) > 0 || s.Nodes.Running() != 1 || len(s.Written) != writes {
		t.Errorf("what runs: %v, %s", f.Unplaced, s)
	}
}

// TestTooManyPools has as many pools of others as AKS allows: what can share an existing pool does, the rest learns.
func TestTooManyPools(t *testing.T) {
	in := fleet.Input{
		Cluster:   "demo",
		Region:    "eastus",
		Workloads: []fleet.Workload{fleettest.Named("a", "Standard_NC24ads_A100_v4", 1)},
	}
	for range capacity.MaxPools {
		in.Pools = append(
			in.Pools,
			capacity.LivePool{Name: "x", Size: "Standard_D4s_v5", Count: 1, State: capacity.Succeeded},
		)
	}
	f := fleet.Plan(in)
	if no := f.Unplaced[in.Workloads[0].Workspace]; no.Reason != "TooManyPools" || len(f.Pools) > 0 {
		t.Errorf("%+v, %v", no, f.Pools)
	}
}

// TestPolicyExcludesWhatRuns takes the size of a server that runs out of what is allowed: it moves, and not before
// there is room.
func TestPolicyExcludesWhatRuns(t *testing.T) {
	s := newSim(t, 1)
	n := fleettest.Auto("a", 60)
	s.want(n)
	before := s.settle().Bindings[n.Workspace].Option.SKU.Name
	drop := func(options []capacity.Option) []capacity.Option {
		var out []capacity.Option
		for _, o := range options {
			if o.SKU.Name != before {
				out = append(out, o)
			}
		}
		return out
	}
	n.Demand.Options, n.Demand.Shares = drop(n.Demand.Options), drop(n.Demand.Shares)
	s.want(n)
	f := s.settle()
	o := f.Bindings[n.Workspace].Option
	if after := o.SKU.Name; after == before || s.Nodes.Running() != o.Nodes || len(s.Nodes.Moves) != 1 ||
		len(s.owned()) != 1 {
		t.Errorf("from %s to %s: %v, %s", before, after, s.Nodes.Moves, s)
	}
}

// TestSpotHasItsOwnQuota counts spot nodes against the quota of spot, and no other.
func TestSpotHasItsOwnQuota(t *testing.T) {
	n := fleettest.Named("a", "Standard_NC24ads_A100_v4", 2)
	n.Spot = true
	in := fleet.Input{Cluster: "demo", Region: "eastus", Workloads: []fleet.Workload{n}, Quota: capacity.Quota{
		Families: map[string]capacity.Limit{
			"standardncadsa100v4family": {Known: true},
		}, Spot: capacity.Limit{Max: 48, Known: true},
	}}
	if f := fleet.Plan(in); len(f.Unplaced) > 0 {
		t.Errorf("%v", f.Unplaced)
	}
	in.Quota.Spot.Used = 1
	if no := fleet.Plan(in).Unplaced[n.Workspace]; no.Reason != "QuotaExceeded" ||
		!strings.Contains(no.Message, "lowPriorityCores") {
		t.Errorf("%+v", no)
	}
}
