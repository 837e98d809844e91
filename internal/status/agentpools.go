// SPDX-License-Identifier: Apache-2.0

package status

import (
	"errors"
	"fmt"
	"slices"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/cluster"
)

// AgentPools are the nodes of agent pools of AKS.
type AgentPools struct{}

func (AgentPools) ready(in Input, notes string) Condition {
	var cloudErr *capacity.CloudError
	switch {
	case in.NodeFailure.Reason == Moving: // it still serves on the old nodes
		serves := in.Workload != nil && in.Workload.Replicas > 0 && in.Workload.Ready >= in.Workload.Replicas
		return condition(ResourceReady, serves, Moving, in.NodeFailure.Message+notes)
	case in.NodeFailure.Reason != "": // pending
		return condition(ResourceReady, false, in.NodeFailure.Reason, in.NodeFailure.Message+notes)
	case in.Pool == nil:
		return condition(ResourceReady, false, "PoolPending", "syncer has not planned the pool yet"+notes)
	case in.Finished:
		return condition(ResourceReady, true, "PoolReleased", released(in)+", the job is over"+notes)
	case in.Pool.Count == 0, in.suspended():
		return condition(ResourceReady, false, "Suspended", released(in)+notes)
	case in.PoolErr != nil && errors.As(in.PoolErr, &cloudErr):
		return condition(
			ResourceReady,
			false,
			"Pool"+string(cloudErr.Class),
			fmt.Sprintf("pool %s: %s", in.Pool.Name, cloudErr.Error())+remedy(cloudErr)+notes,
		)
	case in.PoolErr != nil:
		return condition(ResourceReady, false, "PoolFailed", fmt.Sprintf("pool %s: %v", in.Pool.Name, in.PoolErr)+notes)
	}
	count := fmt.Sprintf("pool %s: %d of %d nodes", in.Pool.Name, len(workers(in)), AgentPools{}.wanted(in))
	if in.Shared {
		count = "shared " + count
	}
	i := slices.IndexFunc(in.Pools, func(p capacity.LivePool) bool { return p.Name == in.Pool.Name })
	switch {
	case i < 0 && in.PoolHeld != "":
		return condition(ResourceReady, false, "PoolHeld", fmt.Sprintf("pool %s: %s", in.Pool.Name, in.PoolHeld)+notes)
	case i < 0:
		return condition(
			ResourceReady,
			false,
			"PoolPending",
			fmt.Sprintf("pool %s: not created yet", in.Pool.Name)+notes,
		)
	case in.Pools[i].State == capacity.Failed:
		return condition(
			ResourceReady,
			false,
			"PoolFailed",
			fmt.Sprintf("%s; %s: %s", count, in.Pools[i].ErrorCode, in.Pools[i].Error)+lastRemedy(in.Pools[i])+notes,
		)
	case nodesReady(in):
		return condition(ResourceReady, true, "PoolReady", count+notes)
	}
	state := string(in.Pools[i].State)
	if in.Pools[i].State == capacity.Succeeded { // of the operation; it says nothing of the nodes
		state = "the pool is there, and nodes with their GPUs are not ready yet"
	}
	return condition(ResourceReady, false, "PoolNotReady", count+", "+state+notes)
}

// released describes how far syncer has released the nodes of a Workspace that needs none.
func released(in Input) string {
	i := slices.IndexFunc(in.Pools, func(p capacity.LivePool) bool { return p.Name == in.Pool.Name })
	switch {
	case in.Pool.Count > 0:
		return fmt.Sprintf("pool %s: uses none of its nodes", in.Pool.Name)
	case i >= 0 && in.Pools[i].Count > 0 && in.PoolHeld != "":
		return fmt.Sprintf("pool %s: still has %d nodes: %s", in.Pool.Name, in.Pools[i].Count, in.PoolHeld)
	case i >= 0 && in.Pools[i].Count > 0:
		return fmt.Sprintf("pool %s: will be scaled to zero", in.Pool.Name)
	}
	return fmt.Sprintf("pool %s: scaled to zero", in.Pool.Name)
}

// remedy returns the remedy for an error in parentheses, or "".
func remedy(t *capacity.CloudError) string {
	if c := t.Cure(); c != "" {
		return " (" + c + ")"
	}
	return ""
}

// lastRemedy is the remedy for the last operation on a pool, which failed.
func lastRemedy(p capacity.LivePool) string {
	return remedy(&capacity.CloudError{
		Class: capacity.Classify(p.ErrorCode, p.Error), Code: p.ErrorCode, Message: p.Error,
	})
}

// wanted does not count nodes of a shared pool on which only other Workspaces run.
func (AgentPools) wanted(in Input) int {
	if in.Pool != nil && (!in.Shared || in.Pool.Count == 0) {
		return in.Pool.Count
	}
	return in.Nodes
}

// owns is true for the nodes of the Workspace's pools; in a shared pool only for those with its pods.
func (AgentPools) owns(in Input, n cluster.Node) bool {
	return n.GPUs > 0 && (!in.Shared || hosts(n.Name, in.Workload)) &&
		slices.ContainsFunc(in.Pools, func(p capacity.LivePool) bool { return p.Name == n.Pool })
}

func (AgentPools) cost(in Input) (capacity.Cost, bool) {
	switch {
	case in.Pool == nil:
		return capacity.Cost{}, false
	case in.Shared:
		return in.Cost, true
	}
	return in.Pool.HourlyCost, true
}

// hosts reports whether a pod of the workload is on the node.
func hosts(node string, w *cluster.Workload) bool {
	return w != nil && slices.ContainsFunc(w.Pods, func(p cluster.Pod) bool { return p.Node == node })
}

func (AgentPools) where(in Input) Where {
	var w Where
	for i := range in.Pools {
		w.Pools = append(w.Pools, in.Pools[i].Name)
	}
	return w
}
