// SPDX-License-Identifier: Apache-2.0

package fleettest

import (
	"fmt"
	"maps"
	"slices"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/fleet"
)

// AtRest returns the input after a plan has been carried out: all pods run.
func AtRest(in fleet.Input) fleet.Input {
	f := fleet.Plan(in)
	free := map[string][]*fleet.Node{}
	nodes := map[string]*fleet.Node{}
	for _, pool := range f.Pools {
		in.Pools = append(in.Pools, capacity.LivePool{
			Name:      pool.Name,
			Size:      pool.SKU.Name,
			Count:     pool.Count,
			Labels:    pool.Labels,
			Taints:    pool.Taints,
			State:     capacity.Succeeded,
			Owned:     true,
			Workspace: pool.Workspace,
		})
		for i := range pool.Count {
			n := &fleet.Node{Name: fmt.Sprintf("%s-%d", pool.Name, i), Pool: pool.Name, Ready: true, GPUs: pool.SKU.GPUs}
			nodes[n.Name] = n
			free[pool.Name] = append(free[pool.Name], n)
		}
	}
	needs := slices.Clone(in.Workloads)
	slices.SortStableFunc(needs, func(a, b fleet.Workload) int {
		x, y := f.Bindings[a.Workspace], f.Bindings[b.Workspace]
		return y.GPUsPerNode() - x.GPUsPerNode()
	})
	for i := range needs {
		n := &needs[i]
		b := f.Bindings[n.Workspace]
		n.Pool, n.GPUs = b.Pool, b.GPUsPerNode()
		for len(n.Pods) < b.Nodes() {
			at := free[n.Pool][0]
			if at.GPUs-at.Used < n.GPUs {
				free[n.Pool] = free[n.Pool][1:]
				continue
			}
			at.Used += n.GPUs
			at.Pods++
			n.Pods = append(n.Pods, fleet.Pod{Name: fmt.Sprintf("%s-%d", n.Workspace.Name, len(n.Pods)), Node: at.Name})
		}
	}
	in.Workloads = needs
	for _, name := range slices.Sorted(maps.Keys(nodes)) {
		in.Nodes = append(in.Nodes, *nodes[name])
	}
	return in
}
