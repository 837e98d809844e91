// SPDX-License-Identifier: Apache-2.0

package fleet_test

import (
	"slices"
	"strings"
	"testing"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/capacitytest"
	"syncer.dev/syncer/internal/capacity/fleet"
	"syncer.dev/syncer/internal/capacity/pools"
	"syncer.dev/syncer/internal/capacity/sizing"
)

// TestPoolsAreMadeInTheZones shows that the policy is for new pools, and that spot may be forbidden.
func TestPoolsAreMadeInTheZones(t *testing.T) {
	d, err := sizing.Size(
		sizing.Request{Preset: capacitytest.Phi4Mini, Region: "eastus", InstanceType: "Standard_NC24ads_A100_v4"},
	)
	if err != nil {
		t.Fatal(err)
	}
	in := fleet.Input{
		Cluster:   "demo",
		Region:    "eastus",
		Limits:    capacity.Limits{Zones: []string{"2"}},
		Workloads: []fleet.Workload{{Demand: d}},
	}
	f := fleet.Plan(in)
	if len(f.Pools) != 1 || !slices.Equal(f.Pools[0].Zones, []string{"2"}) {
		t.Fatalf("%+v", f.Pools)
	}
	p := f.Pools[0]
	in.Pools = []capacity.LivePool{
		{
			Name:   p.Name,
			Size:   p.SKU.Name,
			Count:  1,
			Owned:  true,
			State:  capacity.Succeeded,
			Labels: p.Labels,
			Taints: p.Taints,
		},
	}
	for _, c := range pools.Plan(pools.Input{
		Desired: fleet.Plan(in).Pools,
		Live:    in.Pools,
		Region:  "eastus",
		Held:    func(capacity.LivePool) string { return "" },
		InUse:   func(string) string { return "" },
	}) {
		if c.Op != capacity.Keep {
			t.Errorf("a pool that is in no zone is changed: %+v", c)
		}
	}
	if _, err := sizing.Size(sizing.Request{
		Preset: capacitytest.Phi4Mini,
		Region: "eastus",
		Spot:   true,
		Limits: capacity.Limits{NoSpot: true},
	}); err == nil ||
		!strings.Contains(err.Error(), "capacity.limits.spot") {
		t.Errorf("spot although it is not allowed: %v", err)
	}
}
