// SPDX-License-Identifier: Apache-2.0

package eventual

import (
	"cmp"
	"fmt"
	"slices"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/desired"
	"syncer.dev/syncer/internal/workspace"
)

// Of returns the observed state after a desired state has been carried out: its pools exist, and its Workspaces run on
// them.
func Of(d desired.Desired) desired.Observed {
	seen := desired.Observed{Eventual: true, State: cluster.State{Workloads: map[workspace.Key]cluster.Workload{}}}
	nodes := map[string][]*cluster.Node{}
	for _, p := range d.Pools() {
		if p.Count == 0 {
			continue
		}
		seen.Pools = append(seen.Pools, capacity.LivePool{
			Name:      p.Name,
			Size:      p.SKU.Name,
			Count:     p.Count,
			Spot:      p.Spot,
			Labels:    p.Labels,
			Taints:    p.Taints,
			State:     capacity.Succeeded,
			Owned:     true,
			Workspace: p.Workspace,
		})
		for i := range p.Count {
			nodes[p.Name] = append(
				nodes[p.Name],
				&cluster.Node{Name: fmt.Sprintf("%s-%d", p.Name, i), Pool: p.Name, Ready: true, GPUs: int64(p.SKU.GPUs)},
			)
		}
	}
	// Large ones first: then all fit on the nodes that the plan of the fleet has counted for them.
	workloads := make([]*desired.Workload, len(d.Workloads))
	for i := range workloads {
		workloads[i] = d.Workloads[i]
	}
	slices.SortStableFunc(workloads, func(a, b *desired.Workload) int {
		return cmp.Compare(b.Binding.GPUsPerNode(), a.Binding.GPUsPerNode())
	})
	on := places{nodes: nodes, free: map[string]int64{}, full: map[string]int{}}
	for _, w := range workloads {
		if w.Finished {
			seen.State.Workloads[w.Key] = over(w)
			continue
		}
		if w.Pool == nil || w.Pool.Count == 0 || len(w.Blocked) > 0 || w.Waiting != "" || w.Binding.Yields != "" {
			continue
		}
		seen.State.Workloads[w.Key] = on.place(w)
	}
	for _, p := range seen.Pools {
		for _, n := range nodes[p.Name] {
			seen.State.Nodes = append(seen.State.Nodes, *n)
		}
	}
	seen.State.Nodes = slices.Clip(seen.State.Nodes) // callers append to them
	return seen
}

// over returns a tuning whose Job has ended, so that the next commit does not start it again unless its inputs differ.
// Whether it succeeded counts no more: its nodes are gone either way.
func over(w *desired.Workload) cluster.Workload {
	job := cluster.Ref{Group: "batch", Version: "v1", Kind: "Job", Namespace: w.Key.Namespace, Name: w.Key.Name}
	return cluster.Workload{Ref: job, Inputs: w.Workspace.Digest, Complete: true}
}

// places are the nodes of pools, and what is free on them.
type places struct {
	nodes map[string][]*cluster.Node // by pool
	free  map[string]int64           // GPUs by node, where a pod runs
	full  map[string]int             // how many nodes of a pool, from the first, have no free GPU
}

// place puts the pods of a Workload on nodes of its pool, and returns it as it runs there.
func (on places) place(w *desired.Workload) cluster.Workload {
	l := cluster.Workload{
		Pool:     w.Binding.Pool,
		GPUs:     int64(w.Binding.GPUsPerNode()),
		Replicas: int64(w.Binding.Nodes()),
	}
	first := 0
	if l.GPUs > 0 {
		first = on.full[l.Pool]
	}
	for k, n := range on.nodes[l.Pool][first:] {
		if len(l.Pods) == int(l.Replicas) {
			break
		}
		left, used := on.free[n.Name]
		if !used {
			left = n.GPUs
		} else if left < l.GPUs {
			continue
		}
		on.free[n.Name] = left - l.GPUs
		if left <= l.GPUs && on.full[l.Pool] == first+k {
			on.full[l.Pool]++
		}
		l.Pods = append(
			l.Pods,
			cluster.Pod{Name: fmt.Sprintf("%s-%d", w.Name, len(l.Pods)), Node: n.Name, Phase: "Running", Ready: true},
		)
	}
	return l
}
