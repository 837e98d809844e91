package cluster

import "syncer.dev/syncer/internal/workspace"

// Labels that Karpenter and NVIDIA's device plugin put on nodes.
const (
	LabelNodePool = "karpenter.sh/nodepool" // name of the NodePool that a node or a NodeClaim belongs to
	ResourceGPU   = "nvidia.com/gpu"
	ResourceMIG   = "nvidia.com/mig-" // prefix of the resource of a share of a GPU; the rest is the profile
)

// LabelWorkspaceNamespace completes LabelWorkspace on objects that are in no namespace.
const LabelWorkspaceNamespace = "kaito.sh/workspacenamespace"

// NodePool is a live Karpenter NodePool that syncer applied.
type NodePool struct {
	Name      string
	Workspace workspace.Key
	Deleting  bool
	// NotReady says why Karpenter does not use the NodePool, such as a node class that does not exist; empty when it does.
	NotReady Trouble
	Claims   []NodeClaim // sorted by name
}

// NodeClaim is one node that Karpenter is making, or has made, for a NodePool.
type NodeClaim struct {
	Name     string
	Node     string // name of its node; "" until it has joined the cluster
	Ready    bool
	Deleting bool
	Trouble  Trouble // the first step of Launched, Registered and Initialized that has not been taken
}

// Trouble is the reason and the message of a condition that is not as it should be.
type Trouble struct{ Reason, Message string }
