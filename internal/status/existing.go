// SPDX-License-Identifier: Apache-2.0

package status

import (
	"fmt"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/cluster"
)

// ExistingNodes are nodes that syncer does not create.
type ExistingNodes struct{}

func (ExistingNodes) ready(in Input, notes string) Condition {
	if t := in.NodeFailure; t.Reason != "" {
		return condition(ResourceReady, false, t.Reason, t.Message+notes)
	}
	message := fmt.Sprintf("%d of %d nodes", len(workers(in)), in.Nodes) + notes
	if nodesReady(in) {
		return condition(ResourceReady, true, "NodesReady", message)
	}
	return condition(ResourceReady, false, "NodeNotReady", message)
}

func (ExistingNodes) wanted(in Input) int { return in.Nodes }

// owns is true for nodes with the labels of the Workspace's selector that offer GPUs, or slices of GPUs.
func (ExistingNodes) owns(in Input, n cluster.Node) bool {
	return in.Workspace != nil && (n.GPUs > 0 || len(n.Slices) > 0) && covers(n.Labels, in.Workspace.NodeLabels())
}

// cost returns none: syncer does not buy the nodes.
func (ExistingNodes) cost(Input) (capacity.Cost, bool) { return capacity.Cost{}, false }

func covers(have, want map[string]string) bool {
	for k, v := range want {
		if have[k] != v {
			return false
		}
	}
	return true
}

func (ExistingNodes) where(in Input) Where {
	if in.Workspace == nil {
		return Where{}
	}
	return Where{Selected: true, Labels: in.Workspace.NodeLabels()}
}
