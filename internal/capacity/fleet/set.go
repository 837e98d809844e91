// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/workspace"
)

// The replicas of an InferenceSet with a named size share one pool, which has the nodes of all replicas: AKS does not
// allow a pool for each of a hundred replicas. The set owns the pool.

// owner returns the owner of a Workload's own pool: its InferenceSet, or else the Workspace.
func (n *Workload) owner() workspace.Key {
	if n.Set != "" {
		return capacity.SetKey(n.Workspace.Namespace, n.Set)
	}
	return n.Workspace
}
