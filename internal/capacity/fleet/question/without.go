// SPDX-License-Identifier: Apache-2.0

package question

import (
	"slices"

	"syncer.dev/syncer/internal/workspace"
)

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
