// SPDX-License-Identifier: Apache-2.0

package desired

import (
	"testing"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/karpenter"
	"syncer.dev/syncer/internal/workspace"
)

// TestSpotWithoutAPriceCountsOnDemand places a spot node with a known price on demand only, in mode karpenter.
func TestSpotWithoutAPriceCountsOnDemand(t *testing.T) {
	region, size, usd := spotless(t)
	for name, tt := range map[string]struct {
		limit float64
		held  bool
	}{
		"room for the price on demand": {usd + 1, false},
		"no room for it":               {usd - 0.01, true},
	} {
		t.Run(name, func(t *testing.T) {
			key := workspace.Key{Namespace: "default", Name: "w"}
			workloads := []*Workload{{
				Key:       key,
				Workspace: &workspace.Workspace{Key: key, Annotations: map[string]string{workspace.AnnotationSpot: "true"}},
				Placement: Placement{InstanceType: size},
				NodePool:  &karpenter.NodePool{Name: "w", Nodes: 1},
			}}
			holdNodePools(workloads, Policy{Region: region, Limits: capacity.Limits{HourlyCost: tt.limit}}, Observed{})
			if held := workloads[0].Held != ""; held != tt.held {
				t.Errorf("held for %q", workloads[0].Held)
			}
		})
	}
}

// spotless returns a size with a price on demand and none for spot.
func spotless(t *testing.T) (region, size string, usd float64) {
	t.Helper()
	var list capacity.Prices
	for _, region := range list.Regions() {
		for s := range capacity.SKUs() {
			onDemand := list.Price(region, s.Name, capacity.OnDemand)
			if onDemand.Known && !list.Price(region, s.Name, capacity.Spot).Known {
				return region, s.Name, onDemand.USD
			}
		}
	}
	t.Fatal("every size has a spot price")
	return "", "", 0
}
