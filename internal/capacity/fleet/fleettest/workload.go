// SPDX-License-Identifier: Apache-2.0

// Package fleettest makes Workloads and whole fleets for tests of the plan of the fleet.
package fleettest

import (
	"fmt"
	"slices"
	"strings"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/fleet"
	"syncer.dev/syncer/internal/workspace"
)

// Key returns the key of a Workspace in namespace default.
func Key(name string) workspace.Key { return workspace.Key{Namespace: "default", Name: name} }

// Auto makes a Need that leaves the size open, and takes so many GPUs with so much memory.
func Auto(name string, gib float64) fleet.Workload {
	n := fleet.Workload{
		Workspace: workspace.Key{Namespace: "default", Name: name},
		Automatic: true,
		Shared:    true,
		OSSKU:     "Ubuntu",
		DiskGiB:   100,
	}
	for sku := range capacity.SKUs() {
		if sku.Unusable() != "" || !capacity.Price("eastus", sku.Name, capacity.OnDemand).Known {
			continue
		}
		gpus := 1
		for float64(gpus)*sku.GPUUsableGiB*0.9 < gib {
			gpus *= 2
		}
		switch o := (capacity.Option{SKU: sku, Nodes: 1, GPUsPerNode: sku.GPUs, GPUs: sku.GPUs}); {
		case gpus < sku.GPUs:
			share := o
			share.GPUsPerNode, share.GPUs = gpus, gpus
			n.Demand.Shares = append(n.Demand.Shares, share)
			n.Demand.Options = append(n.Demand.Options, o)
		case gpus <= 4*sku.GPUs:
			o.Nodes = gpus / sku.GPUs
			n.Demand.Options = append(n.Demand.Options, o)
		}
	}
	slices.SortStableFunc(n.Demand.Options, func(a, b capacity.Option) int {
		x, y := capacity.Price("eastus", a.SKU.Name, capacity.OnDemand).
			Times(a.Nodes).
			USD, capacity.Price("eastus", b.SKU.Name, capacity.OnDemand).
			Times(b.Nodes).
			USD
		switch {
		case x < y:
			return -1
		case x > y:
			return 1
		}
		return 0
	})
	return n
}

// Named makes a Need whose user named the size.
func Named(name, size string, nodes int) fleet.Workload {
	sku, _ := capacity.LookupSKU(size)
	return fleet.Workload{
		Workspace: workspace.Key{
			Namespace: "default",
			Name:      name,
		},
		OSSKU:   "Ubuntu",
		DiskGiB: 100,
		Labels:  map[string]string{"app": name},
		Demand: capacity.Demand{
			Options: []capacity.Option{{SKU: sku, Nodes: nodes, GPUsPerNode: sku.GPUs, GPUs: nodes * sku.GPUs}},
		},
	}
}

// Only lets an automatic Need choose among some sizes.
func Only(n fleet.Workload, sizes ...string) fleet.Workload {
	without := func(o capacity.Option) bool {
		return !slices.Contains(sizes, strings.TrimPrefix(o.SKU.Name, "Standard_"))
	}
	n.Demand.Shares = slices.DeleteFunc(n.Demand.Shares, without)
	n.Demand.Options = slices.DeleteFunc(n.Demand.Options, without)
	return n
}

// Replicas makes the Needs of an InferenceSet.
func Replicas(set, size string, n int) []fleet.Workload {
	var out []fleet.Workload
	for i := range n {
		r := Named(fmt.Sprintf("%s-%d", set, i), size, 1)
		r.Set, r.Labels = set, map[string]string{"app": set}
		out = append(out, r)
	}
	return out
}
