package capacity

import (
	"time"

	"syncer.dev/syncer/internal/workspace"
)

// Pool is an AKS agent pool that we own, as it should be.
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
	// ManagedDisk asks for a disk of its own for the system, where Azure has no node with room for it on the host.
	ManagedDisk bool
	HourlyCost  Cost // of Count nodes
}

// PoolState is the provisioning state of a live pool, in Azure's words.
type PoolState string

// The states that matter to us.
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

// Busy reports whether an operation is in flight, so that another would be refused.
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
	// Owned says that the pool carries our owner tag for this cluster. Nothing else is ever changed.
	Owned     bool
	Workspace workspace.Key // from our tag; zero when not Owned, and for a pool that Workspaces share
	System    bool          // mode System: never touched
	// Changed is when we last wrote the pool, from our tag; zero when there is none.
	Changed time.Time
	Zones   []string // availability zones; empty for none in particular
	// ManagedDisk says that the system is on a disk of its own.
	ManagedDisk bool
}

// Shared reports whether the pool is one of ours that Workspaces share.
func (l LivePool) Shared() bool { return l.Owned && l.Workspace == (workspace.Key{}) }

// Op is what happens to a pool, in Terraform's words.
type Op string

// The operations on a pool.
const (
	Create Op = "create"
	Update Op = "update" // count, labels or taints
	Delete Op = "delete"
	Keep   Op = "no-op"
	Wait   Op = "wait" // something is in flight, or Azure said when to come back
)

// PoolChange is one step towards the pools that should be. Desired is nil for Delete, Live is nil for Create.
type PoolChange struct {
	Op      Op
	Name    string
	Desired *Pool
	Live    *LivePool
	// LiveCost is the price of Live as it is.
	LiveCost Cost
	// Remove names the nodes that go when the pool shrinks, on which nothing runs. It is empty when the pool shrinks to zero:
	// then all of them do.
	Remove []string
	// IgnoreBudgets lets Delete go on although a disruption budget forbids evicting a pod. Only for a pool on which nothing runs.
	IgnoreBudgets bool
	Reason        string // in plain words
}
