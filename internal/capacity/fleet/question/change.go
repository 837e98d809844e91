// SPDX-License-Identifier: Apache-2.0

package question

import (
	"maps"
	"reflect"
	"slices"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/workspace"
)

// Same reports whether all is equal in two questions, but for the digests of Workloads; digests reports whether these
// differ.
func (in *Input) Same(was *Input) (same, digests bool) {
	if len(in.Workloads) != len(was.Workloads) || !in.sameAround(was) {
		return false, false
	}
	for i := range in.Workloads {
		a, b := &in.Workloads[i], &was.Workloads[i]
		if !a.same(b) {
			return false, false
		}
		digests = digests || a.Digest != b.Digest
	}
	return true, digests
}

// sameAround reports whether all is equal but for the Workloads.
func (in *Input) sameAround(was *Input) bool {
	return in.Cluster == was.Cluster && in.Region == was.Region && in.Horizon == was.Horizon &&
		in.Eventual == was.Eventual && in.Preemption == was.Preemption && in.Explain == was.Explain &&
		in.Now.Equal(was.Now) && slices.Equal(in.Nodes, was.Nodes) && slices.Equal(in.Reserved, was.Reserved) &&
		maps.Equal(in.Unprovisionable, was.Unprovisionable) && reflect.DeepEqual(in.Pools, was.Pools) &&
		reflect.DeepEqual(in.Quota, was.Quota) && reflect.DeepEqual(in.Limits, was.Limits) &&
		reflect.DeepEqual(in.Unavailable, was.Unavailable)
}

// same reports whether two Workloads differ at most in their digests.
func (n *Workload) same(o *Workload) bool {
	return n.Workspace == o.Workspace && n.Automatic == o.Automatic && n.Shared == o.Shared && n.Set == o.Set &&
		n.Tuning == o.Tuning && n.Idle == o.Idle && n.Spot == o.Spot && n.OSSKU == o.OSSKU && n.Priority == o.Priority &&
		n.FirstSeen.Equal(o.FirstSeen) && n.DiskGiB == o.DiskGiB && n.Pool == o.Pool && n.GPUs == o.GPUs &&
		n.Paused == o.Paused && slices.Equal(n.Pods, o.Pods) && maps.Equal(n.Labels, o.Labels) &&
		sameOptions(n.Demand.Options, o.Demand.Options) && sameOptions(n.Demand.Shares, o.Demand.Shares)
}

// sameOptions reports whether two lists are equal. Workspaces that ask for the same share one list.
func sameOptions(a, b []capacity.Option) bool {
	return len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0] || reflect.DeepEqual(a, b))
}

// InOrder reports whether Workloads are served in this order.
func (in *Input) InOrder(order []int) bool {
	hosts := make(map[string]string, len(in.Nodes))
	for i := range in.Nodes {
		hosts[in.Nodes[i].Name] = in.Nodes[i].Pool
	}
	pool := func(node string) (string, bool) { p, ok := hosts[node]; return p, ok }
	for k := 1; k < len(order); k++ {
		a, b := &in.Workloads[order[k-1]], &in.Workloads[order[k]]
		if Before(a, a.Standing(a.Runs(pool) != ""), b, b.Standing(b.Runs(pool) != "")) > 0 {
			return false
		}
	}
	return true
}

// Without returns the question as if some Workloads had ended; idle is why they take no GPUs. in stays as it is.
func (in Input) Without(ended func(workspace.Key) bool, idle string) Input {
	gone := map[string]int{} // GPUs of each pod that goes, by node and pod
	in.Workloads = slices.Clone(in.Workloads)
	pods := map[string]int{}
	for i := range in.Workloads {
		n := &in.Workloads[i]
		if !ended(n.Workspace) {
			continue
		}
		for _, pod := range n.Pods {
			gone[pod.Node] += n.GPUs
			pods[pod.Node]++
		}
		n.Idle, n.Pods = idle, nil
	}
	in.Nodes = slices.Clone(in.Nodes)
	for i := range in.Nodes {
		n := &in.Nodes[i]
		n.Used, n.Pods = max(n.Used-gone[n.Name], 0), max(n.Pods-pods[n.Name], 0)
	}
	return in
}
