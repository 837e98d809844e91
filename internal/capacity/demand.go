package capacity

import (
	"fmt"

	"syncer.dev/syncer/internal/workspace"
)

// Option is one way to satisfy a Workspace: so many nodes of one size.
type Option struct {
	SKU              SKU
	Nodes            int // per Workspace
	GPUsPerNode      int // taken on each node; SKU.GPUs when the node is not shared
	GPUs             int // over all nodes
	TensorParallel   int
	PipelineParallel int
	DataParallel     int
	Memory           Memory
	HourlyCost       Cost // all nodes
}

// Cost is money per hour in US dollars; not Known when there is no price for the size in the region.
type Cost struct {
	USD   float64
	Known bool
}

// String returns the cost with two decimals, or "unknown".
func (c Cost) String() string {
	if !c.Known {
		return "unknown"
	}
	return fmt.Sprintf("%.2f", c.USD)
}

// Demand is the GPUs that a Workspace needs, and the ways to satisfy it. Chosen is the first of the Options.
type Demand struct {
	Workspace workspace.Key
	Preset    string
	Options   []Option // cheapest first, then by name; Options[0] is what will be used
	// Shares are the ways that need fewer GPUs than a node has, cheapest first, for nodes that Workspaces share: the cost is that
	// part of the node's price. Only where the choice of size is ours.
	Shares []Option
	// Notes says in plain words what is not as the user wrote it, such as a substituted size.
	Notes []string
	// Substituted is the retired size that the user named, when another takes its place.
	Substituted string
}
