// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"syncer.dev/syncer/internal/wellknown"
	"syncer.dev/syncer/internal/workspace"
)

// Labels that Karpenter and NVIDIA's device plugin put on nodes.
const (
	LabelNodePool = wellknown.LabelNodePool
	ResourceGPU   = wellknown.ResourceGPU
	ResourceMIG   = wellknown.ResourceMIG
)

// LabelWorkspaceNamespace completes LabelWorkspace on objects that are in no namespace.
const LabelWorkspaceNamespace = wellknown.LabelWorkspaceNamespace

// NodePool is a live Karpenter NodePool that syncer applied.
type NodePool struct {
	Name      string
	Workspace workspace.Key
	Deleting  bool
	// NotReady says why Karpenter does not use the NodePool, such as a node class that does not exist; empty when it does.
	NotReady Failure
	Claims   []NodeClaim // sorted by name
}

// NodeClaim is one node that Karpenter is making, or has made, for a NodePool.
type NodeClaim struct {
	Name     string
	Node     string // name of its node; "" until it has joined the cluster
	Ready    bool
	Deleting bool
	Failure  Failure // the first step of Launched, Registered and Initialized that has not been taken
}

// Failure is the reason and the message of a condition that is not as desired.
type Failure struct{ Reason, Message string }
