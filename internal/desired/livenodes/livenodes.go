// SPDX-License-Identifier: Apache-2.0

// Package livenodes describes the nodes of agent pools as the plan of the fleet sees them. Pure.
package livenodes

import (
	"maps"
	"slices"

	"syncer.dev/syncer/internal/capacity/fleet"
	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/workspace"
)

// Of lists the nodes of pools with the use of their GPUs. The State lists pods twice, those of Workspaces and
// all, and the two lists may be a moment apart: a pod counts if either has it.
func Of(s cluster.State) []fleet.Node {
	out := make([]fleet.Node, 0, len(s.Nodes))
	at := make(map[string]int, len(s.Nodes))
	listed := false
	for i := range s.Nodes {
		n := &s.Nodes[i]
		listed = listed || len(n.Pods) > 0
		if n.Pool == "" {
			continue
		}
		at[n.Name] = len(out)
		out = append(out, fleet.Node{
			Name:  n.Name,
			Pool:  n.Pool,
			Ready: n.Ready && n.GPUs > 0,
			GPUs:  int(n.GPUs),
			Used:  int(n.Taken),
		})
	}
	for _, w := range s.Workloads {
		for i := range w.Pods {
			p := &w.Pods[i]
			if k, ok := at[p.Node]; ok && p.Node != "" && !p.Ended() {
				out[k].Used += int(w.GPUs)
				out[k].Pods++
			}
		}
	}
	if listed { // a pod that both lists have counts once
		on := s.PodsByNode()
		for i := range out {
			out[i].Pods = len(on[out[i].Name])
		}
	}
	return out
}

// Reserve keeps room for pods without a node of a Workspace with errors, whose live objects stay as they are.
func Reserve(k workspace.Key, s cluster.State) []fleet.Reservation {
	live, ok := s.Workloads[k]
	if !ok || live.Pool == "" {
		return nil
	}
	missing := int(live.Replicas)
	for _, p := range live.Pods {
		if p.Node != "" {
			missing--
		}
	}
	if missing <= 0 {
		return nil
	}
	return []fleet.Reservation{{Pool: live.Pool, Nodes: missing, GPUs: int(live.GPUs)}}
}

// Leave takes the pods of Workspaces that are no longer in the source off their nodes.
func Leave(nodes []fleet.Node, source *workspace.Set, s cluster.State) {
	stays := 0
	for i := range source.Workspaces {
		if _, ok := s.Workloads[source.Workspaces[i].Key]; ok {
			stays++
		}
	}
	if stays == len(s.Workloads) {
		return
	}
	gone := maps.Clone(s.Workloads)
	for i := range source.Workspaces {
		delete(gone, source.Workspaces[i].Key)
	}
	at := make(map[string]*fleet.Node, len(nodes))
	for i := range nodes {
		at[nodes[i].Name] = &nodes[i]
	}
	for _, w := range gone {
		for _, p := range w.Pods {
			if n := at[p.Node]; n != nil {
				n.Pods--
				n.Used -= int(w.GPUs)
			}
		}
	}
}

// Bound counts the pods of a Workspace that run on nodes of the cluster.
func Bound(s cluster.State, k workspace.Key) (n int) {
	for i := range s.Workloads[k].Pods {
		p := &s.Workloads[k].Pods[i]
		if p.Node != "" && !p.Ended() &&
			slices.ContainsFunc(s.Nodes, func(n cluster.Node) bool { return n.Name == p.Node }) {
			n++
		}
	}
	return n
}
