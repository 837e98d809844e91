// SPDX-License-Identifier: Apache-2.0

package status

import (
	"fmt"
	"slices"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/cluster"
)

// NodePools are the nodes that Karpenter creates from NodePools.
type NodePools struct{}

// ready quotes the NodePool, or the first NodeClaim with a failure, or counts the nodes.
func (NodePools) ready(in Input, notes string) Condition {
	if in.NodePool == nil {
		return condition(ResourceReady, false, "NodePoolPending", "syncer has not planned the NodePool yet"+notes)
	}
	name := in.NodePool.Name
	no := func(reason, format string, args ...any) Condition {
		return condition(ResourceReady, false, reason, fmt.Sprintf("NodePool %s: ", name)+fmt.Sprintf(format, args...)+notes)
	}
	var live *cluster.NodePool
	if i := slices.IndexFunc(in.NodePools, func(p cluster.NodePool) bool { return p.Name == name }); i >= 0 {
		live = &in.NodePools[i]
	}
	have, want := len(workers(in)), in.NodePool.Nodes
	if live != nil && in.NodePoolErr != nil {
		notes = "; syncer cannot change it: " + in.NodePoolErr.Error() + notes
	}
	switch {
	case in.NodePoolHeld != "":
		return no("NodePoolHeld", "%s", in.NodePoolHeld)
	case in.Finished:
		return condition(
			ResourceReady,
			true,
			"NodePoolReleased",
			fmt.Sprintf("NodePool %s: Karpenter removes its nodes, the job is over", name)+notes,
		)
	case want == 0:
		return no("Suspended", "Karpenter removes its nodes")
	case live == nil && in.NodePoolErr != nil:
		return no("NodePoolFailed", "%v", in.NodePoolErr)
	case live == nil:
		return no("NodePoolPending", "not created yet")
	case live.Deleting:
		return no("NodePoolNotReady", "is being deleted")
	case have >= want:
		return condition(
			ResourceReady,
			true,
			"NodePoolReady",
			fmt.Sprintf("NodePool %s: %d of %d nodes", name, have, want)+notes,
		)
	case live.NotReady.Reason != "":
		return no("NodePoolNotReady", "%s: %s", live.NotReady.Reason, live.NotReady.Message)
	}
	for _, c := range live.Claims {
		if t := c.Failure; !c.Ready && t.Reason != "" {
			return no(t.Reason, "%d of %d nodes, NodeClaim %s: %s", have, want, c.Name, t.Message)
		}
	}
	if len(live.Claims) == 0 {
		return no("NodePoolNotReady", "%d of %d nodes, Karpenter has created no NodeClaim", have, want)
	}
	return no("NodePoolNotReady", "%d of %d nodes", have, want)
}

func (NodePools) wanted(in Input) int {
	if in.NodePool == nil {
		return 0
	}
	return in.NodePool.Nodes
}

func (NodePools) owns(in Input, n cluster.Node) bool {
	return in.NodePool != nil && n.GPUs > 0 && n.Labels[cluster.LabelNodePool] == in.NodePool.Name
}

func (NodePools) cost(in Input) (capacity.Cost, bool) {
	if in.NodePool == nil {
		return capacity.Cost{}, false
	}
	return in.NodePool.HourlyCost, true
}

// PoolOfKarpenter returns a live NodePool as capacity.yaml shows it.
func PoolOfKarpenter(p cluster.NodePool) Pool {
	out := Pool{Name: p.Name, State: "Ready", Workspace: p.Workspace.String()}
	for _, c := range p.Claims {
		if c.Ready && !c.Deleting {
			out.Nodes++
		} else if c.Failure.Reason != "" && out.Error == "" {
			out.Error = Redact(c.Failure.Reason + ": " + c.Failure.Message)
		}
	}
	switch {
	case p.Deleting:
		out.State = "Deleting"
	case p.NotReady.Reason != "":
		out.State, out.Error = "NotReady", Redact(p.NotReady.Reason+": "+p.NotReady.Message)
	}
	return out
}

func (NodePools) where(in Input) Where {
	if in.NodePool == nil {
		return Where{}
	}
	return Where{NodePool: in.NodePool.Name}
}
