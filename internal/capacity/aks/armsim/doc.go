// SPDX-License-Identifier: Apache-2.0

// Package armsim emulates the parts of Azure Resource Manager that syncer uses: the agent pools of AKS clusters, their
// long-running operations, and the vCPU quota. It speaks HTTP, so that the unmodified Azure SDK talks to it.
//
// It keeps state as Azure does. A pool is Creating until its nodes exist, and refuses a second operation until then.
// Every change gives it a new ETag. It remains as Failed when an operation fails after its start. A test can inject
// faults. The emulator also serves the list of existing nodes, which a fake kubelet turns into nodes of a cluster.
package armsim
