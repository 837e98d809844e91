// SPDX-License-Identifier: Apache-2.0

package diag

// ofConditions are the reasons that only conditions, Kubernetes Events, notifications and the log have. Nothing is
// wrong with a file for one of them, so that no Diagnostic has it, and Meaning does not know it: many say that all is
// well, or that something takes its time. Names that begin in lower case are KAITO's.
var ofConditions = []group{
	{"Conditions of a Workspace", []Entry{
		{"PoolPending", "The agent pool of the Workspace does not exist yet."},
		{"PoolHeld", "The plan does not create the agent pool of the Workspace."},
		{"PoolNotReady", "The agent pool exists, and its nodes with their GPUs are not all ready."},
		{"PoolFailed", "The last operation on the agent pool failed."},
		{"PoolReady", "All nodes of the agent pool are ready, with their GPUs."},
		{"PoolReleased", "The tuning is over, and its agent pool has no nodes any more, or loses them."},
		{"NodePoolPending", "The NodePool of Karpenter does not exist yet."},
		{"NodePoolHeld", "The plan does not apply the NodePool of the Workspace."},
		{"NodePoolFailed", "The API server refuses the NodePool of the Workspace."},
		{"NodePoolNotReady", "The NodePool exists, and its nodes are not all ready."},
		{"NodePoolReady", "All nodes of the NodePool are ready, with their GPUs."},
		{"NodePoolReleased", "The tuning is over, and Karpenter removes its nodes."},
		{"NodesReady", "All nodes that the Workspace names are ready, with their GPUs."},
		{"NodeNotReady", "Fewer nodes than the Workspace needs are ready, with their GPUs."},
		{"WorkspaceInferenceStatusSuccess", "The model is served."},
		{"WorkspaceInferenceStatusPending", "The model is not served yet."},
		{"WorkspaceTuningJobStatusPending", "The tuning has not started."},
		{"WorkspaceTuningJobStatusStarted", "The tuning runs, or has finished."},
		{"WorkspaceTuningJobStatusFailed", "The tuning has failed."},
		{"workspaceSucceeded", "The Workspace is as its file asks."},
		{"workspacePending", "The Workspace is not as its file asks yet."},
		{"workspaceFailed", "The tuning has failed, and the Workspace with it."},
		{"ReferenceMissing", "The pods wait for a Secret or a volume claim that the cluster lacks."},
		{"DeletionPending", "The Workspace is gone from the repository, and its deletion has not ended."},
		{"ApplyFailed", "The API server, or an admission webhook, refuses an object of the Workspace."},
		{"ApplyHeld", "The plan holds back what the last commit changes."},
	}},
	{"Answers of Azure about agent pools", []Entry{
		{"PoolBusy", "Another operation on the agent pool is under way."},
		{"PoolConflict", "The agent pool changed since syncer last read it."},
		{"PoolNetwork", "Operations of Azure conflict on the virtual network."},
		{"PoolDeleting", "The agent pool is being deleted, so that nothing else can be done with it."},
		{"PoolQuota", "Azure refuses the nodes, because the vCPU quota of the family, the region or spot is used up."},
		{"PoolCapacity", "Azure has no machines of the size at the moment."},
		{"PoolConstraint", "Azure has no machines of the size that also satisfy the zone, the placement or the disk."},
		{"PoolRegion", "The region takes no new nodes."},
		{"PoolUnavailable", "Azure does not offer the size to this subscription, region or zone."},
		{"PoolDisk", "The host of the size has no room for an ephemeral OS disk."},
		{"PoolDrain", "A PodDisruptionBudget blocks the eviction of pods from nodes that go."},
		{"PoolNode", "A node started without a working extension or driver."},
		{"PoolNoGPUs", "The agent pool exists, and its GPUs never appeared."},
		{"PoolSpotTaken", "Azure took spot machines back."},
		{"PoolStuck", "An operation on the agent pool does not finish."},
		{"PoolThrottled", "Azure asks for fewer requests."},
		{"PoolPermission", "The identity of syncer lacks a role, or cannot sign in."},
		{"PoolPolicy", "A policy of the subscription forbids the agent pool."},
		{"PoolLocked", "A lock on the cluster, its resource group or the subscription forbids the change."},
		{"PoolStopped", "The AKS cluster is stopped."},
		{"PoolSubscription", "The subscription is disabled, or lacks a registration."},
		{"PoolVersion", "The Kubernetes version of the cluster allows no new agent pool."},
		{"PoolSubnet", "No addresses are left in the subnet for nodes."},
		{"PoolInvalid", "Azure rejects the request itself."},
		{"PoolTransient", "Azure could not be reached, or answered with an error that passes."},
		{"PoolUnknown", "Azure answered with a code that syncer does not know."},
	}},
	{"Pods of a Workspace", []Entry{
		{"Unschedulable", "The scheduler finds no node for a pod although the nodes of the Workspace are ready."},
		{"PodEvicted", "A pod was evicted from its node."},
		{"ImagePullError", "The image of a container cannot be pulled."},
		{"ContainerStartError", "A container cannot be created or started."},
		{"ContainerOOMKilled", "A container ran out of memory."},
		{"ContainerCrashLoopBackOff", "A container ends again and again."},
		{"ContainerFailed", "A container ended with an error."},
	}},
	{"Events and notifications", []Entry{
		{"Removed", "The Workspace is gone from the repository, and from the cluster."},
	}},
}

// Conditions lists the reasons that only conditions have, with their meanings.
func Conditions() []Entry {
	var out []Entry
	for _, g := range ofConditions {
		out = append(out, g.entries...)
	}
	return out
}

// Explained lists all reasons that have a page: those of Diagnostics, then those of conditions.
func Explained() []Entry { return append(Reasons(), Conditions()...) }
