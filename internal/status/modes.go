package status

import (
	"fmt"
	"slices"

	"syncer.dev/syncer/internal/cluster"
)

// broughtReady says whether enough brought nodes are there, with free GPUs.
func broughtReady(in Input, notes string) Condition {
	if t := in.NodeTrouble; t.Reason != "" {
		return condition(ResourceReady, false, t.Reason, t.Message+notes)
	}
	message := fmt.Sprintf("%d of %d nodes", len(workers(in)), in.Nodes) + notes
	if nodesReady(in) {
		return condition(ResourceReady, true, "NodesReady", message)
	}
	return condition(ResourceReady, false, "NodeNotReady", message)
}

// nodePoolReady says how far Karpenter has got with the nodes: in the words of the NodePool, of the NodeClaim that is least
// far, or of the nodes.
func nodePoolReady(in Input, notes string) Condition {
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
		notes = "; it cannot be changed: " + in.NodePoolErr.Error() + notes
	}
	switch {
	case in.NodePoolHeld != "":
		return no("NodePoolHeld", "%s", in.NodePoolHeld)
	case in.Finished:
		return condition(ResourceReady, true, "NodePoolReleased", fmt.Sprintf("NodePool %s: its nodes are given back, the job is over", name)+notes)
	case want == 0:
		return no("Suspended", "its nodes are given back")
	case live == nil && in.NodePoolErr != nil:
		return no("NodePoolFailed", "%v", in.NodePoolErr)
	case live == nil:
		return no("NodePoolPending", "is about to be created")
	case live.Deleting:
		return no("NodePoolNotReady", "is being deleted")
	case have >= want:
		return condition(ResourceReady, true, "NodePoolReady", fmt.Sprintf("NodePool %s: %d of %d nodes", name, have, want)+notes)
	case live.NotReady.Reason != "":
		return no("NodePoolNotReady", "%s: %s", live.NotReady.Reason, live.NotReady.Message)
	}
	for _, c := range live.Claims {
		if t := c.Trouble; !c.Ready && t.Reason != "" {
			return no(t.Reason, "%d of %d nodes, NodeClaim %s: %s", have, want, c.Name, t.Message)
		}
	}
	if len(live.Claims) == 0 {
		return no("NodePoolNotReady", "%d of %d nodes, Karpenter has not begun to make any", have, want)
	}
	return no("NodePoolNotReady", "%d of %d nodes", have, want)
}

// PoolOfKarpenter reports a NodePool as one among pools.
func PoolOfKarpenter(p cluster.NodePool) Pool {
	out := Pool{Name: p.Name, State: "Ready", Workspace: p.Workspace.String()}
	for _, c := range p.Claims {
		if c.Ready && !c.Deleting {
			out.Nodes++
		} else if c.Trouble.Reason != "" && out.Error == "" {
			out.Error = Redact(c.Trouble.Reason + ": " + c.Trouble.Message)
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
