// SPDX-License-Identifier: Apache-2.0

package capacity

import "syncer.dev/syncer/internal/wellknown"

// LabelPool has the value SharedPool on nodes that Workspaces share. Nodes of one Workspace do not have it.
const (
	LabelPool  = "syncer.dev/pool"
	SharedPool = "shared"
)

// Labels that syncer sets on the nodes of its pools, in addition to the user's labels.
const (
	LabelCluster            = wellknown.LabelCluster
	LabelWorkspace          = wellknown.LabelWorkspace
	LabelWorkspaceNamespace = wellknown.LabelWorkspaceNamespace
	LabelAgentPool          = wellknown.LabelAgentPool
)

// GPUTaint keeps other pods off GPU nodes. KAITO uses the same taint.
const GPUTaint = "sku=gpu:NoSchedule"
