// SPDX-License-Identifier: Apache-2.0

package capacity

import (
	"slices"
	"time"

	"syncer.dev/syncer/internal/capacity/fleet/pack"
	"syncer.dev/syncer/internal/workspace"
)

// Pool is the desired state of an AKS agent pool that syncer owns.
type Pool struct {
	Name      string        // 1 to 12 characters, ^[a-z][a-z0-9]{0,11}$
	Workspace workspace.Key // zero for a pool that Workspaces share
	SKU       SKU
	Count     int // nodes; 0 keeps the pool and costs nothing
	Spot      bool
	Labels    map[string]string
	Taints    []string // key=value:Effect
	DiskGiB   int
	OSSKU     string   // Ubuntu or AzureLinux
	Zones     []string // availability zones; empty for none in particular
	// ManagedDisk places the OS disk on a managed disk, for sizes without capacity for an ephemeral OS disk.
	ManagedDisk bool
	HourlyCost  Cost // of Count nodes
}

// Priority returns the priority of its nodes.
func (p Pool) Priority() Priority { return PriorityOf(p.Spot) }

// PoolState is the provisioning state of a live pool, as Azure names it.
type PoolState string

// The states that syncer handles.
const (
	Creating  PoolState = "Creating"
	Updating  PoolState = "Updating"
	Scaling   PoolState = "Scaling"
	Deleting  PoolState = "Deleting"
	Succeeded PoolState = "Succeeded"
	Failed    PoolState = "Failed"
	Canceling PoolState = "Canceling"
	Canceled  PoolState = "Canceled"
)

// Busy reports whether an operation is in flight, so that Azure would reject another one.
func (s PoolState) Busy() bool {
	switch s {
	case Succeeded, Failed, Canceled:
		return false
	}
	return true
}

// LivePool is an agent pool as Azure reports it.
type LivePool struct {
	Name      string
	Size      string
	Count     int
	Spot      bool
	Labels    map[string]string
	Taints    []string
	State     PoolState
	ETag      string
	ErrorCode string // of the last operation, when it failed
	Error     string
	// Owned is true if the pool has syncer's owner tag for this cluster. syncer changes no other pool.
	Owned     bool
	Workspace workspace.Key // from syncer's tag; zero if not Owned, and for a pool that Workspaces share
	System    bool          // mode System: never touched
	// Changed is the time of syncer's last write, from its tag; zero without one.
	Changed time.Time
	Zones   []string // availability zones; empty for none in particular
	// ManagedDisk is true if the OS disk is a managed disk, not an ephemeral one.
	ManagedDisk bool
	// Stopped is true if the machines of the pool are stopped, by itself or with the whole cluster. Its count stays.
	Stopped bool
}

// ClusterStopped reports whether the cluster of the pools is stopped: its system pools are.
func ClusterStopped(pools []LivePool) bool {
	system := slices.DeleteFunc(slices.Clone(pools), func(l LivePool) bool { return !l.System })
	return len(system) > 0 && !slices.ContainsFunc(system, func(l LivePool) bool { return !l.Stopped })
}

// Priority returns the priority of its nodes.
func (l LivePool) Priority() Priority { return PriorityOf(l.Spot) }

// Shared reports whether syncer owns the pool and Workspaces share it.
func (l LivePool) Shared() bool { return l.Owned && l.Workspace == (workspace.Key{}) }

// Op is the operation on a pool, named as in terraform's plans.
type Op string

// The operations on a pool.
const (
	Create Op = "create"
	Update Op = "update" // count, labels or taints
	Delete Op = "delete"
	Keep   Op = "no-op"
	Wait   Op = "wait" // an operation is in flight, or a backoff has not ended
)

// PoolChange is one step towards the desired pools. Desired is nil for Delete, Live is nil for Create.
type PoolChange struct {
	Op      Op
	Name    string
	Desired *Pool
	Live    *LivePool
	// LiveCost is the hourly price of Live.
	LiveCost Cost
	// Remove names the empty nodes to delete when the pool shrinks. It is empty when the pool shrinks to zero, which
	// deletes all nodes.
	Remove []string
	// IgnoreBudgets lets Delete proceed although a PodDisruptionBudget blocks an eviction. It is set only for pools
	// without workloads.
	IgnoreBudgets bool
	Reason        string // in plain words
}

// NewNodes returns by how many nodes a Create or Update lets the pool grow; 0 if it does not.
func (c *PoolChange) NewNodes() int {
	if c.Desired == nil || c.Op != Create && c.Op != Update {
		return 0
	}
	if c.Live == nil {
		return c.Desired.Count
	}
	return max(0, c.Desired.Count-c.Live.Count)
}

// Scaled returns the pool with another number of nodes.
func (p Pool) Scaled(count int) Pool {
	one := p.HourlyCost
	if p.Count > 0 {
		one.USD /= float64(p.Count)
	}
	p.Count, p.HourlyCost = count, one.Times(count)
	return p
}

// Limits of AKS.
const (
	MaxPools        = 100 // agent pools in a cluster
	MaxNodesPerPool = pack.MaxNodes
)
