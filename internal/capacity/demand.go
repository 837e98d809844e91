package capacity

import (
	"fmt"

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
	GPUsPerNode      int // taken on each node; SKU.GPUs when the node is not shared
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
