// Package capacity answers what a model costs: how many GPUs of which Azure size, in which agent pools, for how much money.
//
// It is arithmetic and bookkeeping only. Size turns a model and a wish into a Demand; Pools turns Demands and what is live
// into the changes to make. Where pools live is behind the Cloud interface, whose adapter is capacity/aks.
package capacity

import (
	"context"
	"errors"
	"fmt"
	"time"

	"syncer.dev/syncer/internal/workspace"
)

// SKU is an Azure GPU VM size. Memory figures are per GPU.
type SKU struct {
	Name              string // exact case, such as "Standard_NC24ads_A100_v4"
	Family            string // key of the vCPU quota, as the SKU API spells it
	VCPUs             int
	MemoryGiB         int // host memory
	GPUs              int
	GPUModel          string  // "NVIDIA A100"
	GPUMemoryGiB      int     // nominal, as KAITO's table has it
	GPUUsableGiB      float64 // what CUDA reports
	ComputeCapability float64 // 8.0; 0 for AMD
	LocalNVMe         bool
	InfiniBand        bool
	// Retired is the day from which Azure no longer offers the size, "2025-09-30"; empty while it does.
	Retired string
}

// Option is one way to satisfy a Workspace: so many nodes of one size.
type Option struct {
	SKU              SKU
	Nodes            int // per Workspace
	GPUs             int // over all nodes
	TensorParallel   int
	PipelineParallel int
	DataParallel     int
	Memory           Memory
	HourlyCost       Cost // all nodes
}

// Memory says where the GPU memory goes, in GiB per GPU, and what there is.
type Memory struct {
	WeightsGiB  float64 `json:"weightsGiB"`
	KVCacheGiB  float64 `json:"kvCacheGiB"`
	OverheadGiB float64 `json:"overheadGiB"`
	RequiredGiB float64 `json:"requiredGiB"`
	UsableGiB   float64 `json:"usableGiB"`
}

// Cost is money per hour in US dollars; not Known when there is no price for the size in the region.
type Cost struct {
	USD   float64
	Known bool
}

// String returns the cost with two decimals, or "unknown".
func (c Cost) String() string {
	if !c.Known {
		return "unknown"
	}
	return fmt.Sprintf("%.2f", c.USD)
}

// Demand is the GPUs that a Workspace needs, and the ways to satisfy it. Chosen is the first of the Options.
type Demand struct {
	Workspace workspace.Key
	Preset    string
	Options   []Option // cheapest first, then by name; Options[0] is what will be used
	// Notes says in plain words what is not as the user wrote it, such as a substituted size.
	Notes []string
	// Substituted is the retired size that the user named, when another takes its place.
	Substituted string
}

// Pool is an AKS agent pool that we own, as it should be.
type Pool struct {
	Name       string // 1 to 12 characters, ^[a-z][a-z0-9]{0,11}$
	Workspace  workspace.Key
	SKU        SKU
	Count      int // nodes; 0 keeps the pool and costs nothing
	Spot       bool
	Labels     map[string]string
	Taints     []string // key=value:Effect
	DiskGiB    int
	OSSKU      string // Ubuntu or AzureLinux
	HourlyCost Cost   // of Count nodes
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
	Workspace workspace.Key // from our tag; zero when not Owned
	System    bool          // mode System: never touched
}

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
	Reason   string // in plain words
}

// Quota is what the subscription allows in the region: vCPUs by family, and over all families.
type Quota struct {
	Families map[string]Limit // key: SKU.Family in lower case
	Regional Limit
	Spot     Limit
}

// Limit is a quota of vCPUs. Not Known when Azure did not say.
type Limit struct {
	Used, Max int
	Known     bool
}

// Cloud is where pools live. Implementations are safe for concurrent use.
//
// A call starts at most one operation and never waits for it to finish: creating a pool takes many minutes, and the next
// Pools tells how it went. Every write is fenced twice: by our owner tag on the pool and by the ETag that Pools returned.
type Cloud interface {
	// Pools lists every agent pool of the cluster, ours and others', by one LIST.
	Pools(ctx context.Context) ([]LivePool, error)
	// Ensure starts a Create or Update and returns once Azure has accepted it.
	Ensure(ctx context.Context, change PoolChange) error
	// Delete starts the deletion of a pool we own. Deleting what is already gone is no error.
	Delete(ctx context.Context, change PoolChange) error
	// Quota reads the vCPU quota of the region.
	Quota(ctx context.Context) (Quota, error)
}

// ErrNotOwned is returned for a write to a pool that does not carry our owner tag.
var ErrNotOwned = errors.New("pool is not owned by syncer")

// Class says what kind of trouble Azure reported, and so what to do about it.
type Class string

// The classes of trouble.
const (
	ClassBusy        Class = "Busy"        // another operation is in flight: come back, no penalty
	ClassQuota       Class = "Quota"       // vCPU quota of the family or region
	ClassCapacity    Class = "Capacity"    // Azure has none of this size right now
	ClassUnavailable Class = "Unavailable" // the size is not offered to this subscription, region or zone
	ClassConflict    Class = "Conflict"    // the pool changed under us: read again
	ClassThrottled   Class = "Throttled"   // 429
	ClassPermission  Class = "Permission"  // role or policy
	ClassInvalid     Class = "Invalid"     // the request itself is refused
	ClassTransient   Class = "Transient"   // network, 5xx and all that may pass
)

// CloudError is trouble that Azure reported, classified by code and text, never by HTTP status alone.
type CloudError struct {
	Class      Class
	Code       string        // Azure's code
	Message    string        // Azure's words, redacted
	RetryAfter time.Duration // what Azure asked for; 0 when it did not
	Err        error
}

// Error returns Azure's code and words.
func (e *CloudError) Error() string { return fmt.Sprintf("%s: %s", e.Code, e.Message) }

// Unwrap returns the SDK's error.
func (e *CloudError) Unwrap() error { return e.Err }
