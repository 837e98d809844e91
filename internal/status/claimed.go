// SPDX-License-Identifier: Apache-2.0

package status

import (
	"fmt"
	"slices"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/cluster"
)

// ClaimedNodes are nodes that KAITO's provisioner made, and on which a Workspace stays that was taken over from KAITO.
type ClaimedNodes struct {
	Names  []string
	Labels map[string]string // that all of them have
	Where  string            // the nodes in a sentence
}

func (c ClaimedNodes) ready(in Input, notes string) Condition {
	if t := in.NodeFailure; t.Reason != "" {
		return condition(ResourceReady, false, t.Reason, t.Message+notes)
	}
	message := fmt.Sprintf("%d of %d nodes, %s", len(workers(in)), in.Nodes, c.Where) + notes
	if nodesReady(in) {
		return condition(ResourceReady, true, "NodesReady", message)
	}
	return condition(ResourceReady, false, "NodeNotReady", message)
}

func (ClaimedNodes) wanted(in Input) int { return in.Nodes }

func (c ClaimedNodes) owns(_ Input, n cluster.Node) bool { return slices.Contains(c.Names, n.Name) }

// cost returns none: syncer does not buy the nodes.
func (ClaimedNodes) cost(Input) (capacity.Cost, bool) { return capacity.Cost{}, false }

func (c ClaimedNodes) where(Input) Where { return Where{Selected: true, Labels: c.Labels} }
