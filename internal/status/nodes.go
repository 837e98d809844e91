// SPDX-License-Identifier: Apache-2.0

package status

import (
	"cmp"
	"slices"
	"strings"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/cluster"
)

// Nodes is the part of a report that depends on the source of nodes: AgentPools, ExistingNodes or NodePools.
type Nodes interface {
	// ready returns condition ResourceReady: whether the nodes exist, with their GPUs, or the obstacle. Its message ends
	// with notes.
	ready(in Input, notes string) Condition
	// owns reports whether the Workspace runs on a node, if the node is ready.
	owns(in Input, n cluster.Node) bool
	// wanted returns the number of nodes that the Workspace needs.
	wanted(in Input) int
	// where names the nodes that the Workspace may run on.
	where(in Input) Where
	// cost returns the price of an hour of the nodes; false if syncer does not buy them.
	cost(in Input) (capacity.Cost, bool)
}

func (in Input) source() Nodes { return cmp.Or[Nodes](in.NodeSource, AgentPools{}) }

// remarks returns the deviations from the file, for the end of a message.
func remarks(in Input) string {
	if len(in.Notes) == 0 {
		return ""
	}
	return "; " + strings.Join(in.Notes, "; ")
}

// nodesReady reports whether enough nodes are ready and have their GPUs.
func nodesReady(in Input) bool {
	want := in.source().wanted(in)
	return want > 0 && in.NodeFailure.Reason == "" && len(workers(in)) >= want
}

// workers lists the ready nodes on which the Workspace runs.
func workers(in Input) []string {
	var out []string
	for _, n := range in.LiveNodes {
		if n.Ready && in.source().owns(in, n) {
			out = append(out, n.Name)
		}
	}
	slices.Sort(out)
	return out
}

// Where names the nodes that a report looks at: those of some agent pools, of a NodePool, or with all labels of a
// selector.
type Where struct {
	Pools    []string
	NodePool string
	Selected bool // by Labels
	Labels   map[string]string
}

// Where names the nodes that the report looks at.
func (in Input) Where() Where { return in.source().where(in) }
