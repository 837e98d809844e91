// SPDX-License-Identifier: Apache-2.0

package pools

import (
	"fmt"
	"time"

	"syncer.dev/syncer/internal/capacity"
)

// The reasons of changes, as users read them in plans and on the status branch.
const (
	reasonManagedDisk = "no capacity with an ephemeral OS disk; recreating the pool with a managed OS disk"
	reasonGPUsMissing = "its GPUs are missing; writing the pool again so that Azure repairs its nodes"
	reasonSpotTaken   = "Azure took spot machines back; writing the pool again asks for others"
	reasonUnused      = "no Workspace needs it any more"
)

// reasonClusterStopped is the reason of every change while the cluster is stopped.
var reasonClusterStopped = "the cluster is stopped; " + capacity.ClassStopped.Cure()

func reasonPoolStopped(pool string) string {
	return fmt.Sprintf("pool %s is stopped; start it with az aks nodepool start", pool)
}

func retriesAfter(reason string, until time.Time) string {
	return fmt.Sprintf("%s; syncer retries after %s", reason, until.UTC().Format("15:04 MST on 2 January"))
}

func waitsForDeletion(pool string) string {
	return fmt.Sprintf("waits until pool %s, which got no nodes, is deleted", pool)
}

func scales(from, to int) string { return fmt.Sprintf("scale from %d to %d nodes", from, to) }

func notOwned(pool string) string {
	return fmt.Sprintf("a pool named %s exists that syncer does not own; delete it, or rename the Workspace", pool)
}

func failed(l *capacity.LivePool) string {
	reason := fmt.Sprintf("the last operation ended in %s", l.State)
	if l.ErrorCode != "" {
		reason += ": " + l.ErrorCode
	}
	return reason
}

func allInUse(live, desired int) string {
	return fmt.Sprintf("%d nodes are enough, but all %d are in use", desired, live)
}

func tooManyPools(pools int) string {
	return fmt.Sprintf("the cluster has %d pools, and AKS allows no more; delete a pool", pools)
}
