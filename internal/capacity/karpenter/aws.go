// SPDX-License-Identifier: Apache-2.0

package karpenter

import (
	"slices"

	"syncer.dev/syncer/internal/capacity"
)

// awsSizes holds the instance types of AWS with NVIDIA GPUs of compute capability 8.0 and more, from AWS' pages on
// accelerated computing. They have no prices: Karpenter takes the cheapest. The usable memory is that of nvidia-smi
// (23028 MiB for the A10G, 23034 for the L4, 46068 for the L40S), and for other GPUs that of Azure's sizes with the
// same GPU.
var awsSizes = slices.Concat(
	awsFamily("g5", "NVIDIA A10G", 24, 22.4, 8.6, 4),
	awsFamily("g6", "NVIDIA L4", 24, 22.4, 8.9, 4),
	awsFamily("g6e", "NVIDIA L40S", 48, 44.9, 8.9, 8),
	[]capacity.SKU{
		{
			Name:              "p4d.24xlarge",
			VCPUs:             96,
			MemoryGiB:         1152,
			GPUs:              8,
			GPUModel:          "NVIDIA A100",
			GPUMemoryGiB:      40,
			GPUUsableGiB:      39.4,
			ComputeCapability: 8.0,
		},
		{
			Name:              "p4de.24xlarge",
			VCPUs:             96,
			MemoryGiB:         1152,
			GPUs:              8,
			GPUModel:          "NVIDIA A100",
			GPUMemoryGiB:      80,
			GPUUsableGiB:      79.2,
			ComputeCapability: 8.0,
		},
		{
			Name:              "p5.4xlarge",
			VCPUs:             16,
			MemoryGiB:         256,
			GPUs:              1,
			GPUModel:          "NVIDIA H100",
			GPUMemoryGiB:      80,
			GPUUsableGiB:      79.1,
			ComputeCapability: 9.0,
		},
		{
			Name:              "p5.48xlarge",
			VCPUs:             192,
			MemoryGiB:         2048,
			GPUs:              8,
			GPUModel:          "NVIDIA H100",
			GPUMemoryGiB:      80,
			GPUUsableGiB:      79.1,
			ComputeCapability: 9.0,
		},
		{
			Name:              "p5e.48xlarge",
			VCPUs:             192,
			MemoryGiB:         2048,
			GPUs:              8,
			GPUModel:          "NVIDIA H200",
			GPUMemoryGiB:      141,
			GPUUsableGiB:      139.8,
			ComputeCapability: 9.0,
		},
		{
			Name:              "p5en.48xlarge",
			VCPUs:             192,
			MemoryGiB:         2048,
			GPUs:              8,
			GPUModel:          "NVIDIA H200",
			GPUMemoryGiB:      141,
			GPUUsableGiB:      139.8,
			ComputeCapability: 9.0,
		},
	},
)

// awsFamily returns the sizes of a G family: one GPU up to 16xlarge, except 12xlarge with four, like 24xlarge, and
// eight in 48xlarge. An xlarge has 4 vCPUs. Each vCPU has perCPU GiB of memory.
func awsFamily(family, model string, gib int, usable, capability float64, perCPU int) []capacity.SKU {
	var out []capacity.SKU
	for _, s := range []struct {
		name  string
		vcpus int
		gpus  int
	}{
		{"xlarge", 4, 1},
		{"2xlarge", 8, 1},
		{"4xlarge", 16, 1},
		{"8xlarge", 32, 1},
		{"16xlarge", 64, 1},
		{"12xlarge", 48, 4},
		{"24xlarge", 96, 4},
		{"48xlarge", 192, 8},
	} {
		out = append(out, capacity.SKU{
			Name:              family + "." + s.name,
			VCPUs:             s.vcpus,
			MemoryGiB:         s.vcpus * perCPU,
			GPUs:              s.gpus,
			GPUModel:          model,
			GPUMemoryGiB:      gib,
			GPUUsableGiB:      usable,
			ComputeCapability: capability,
		})
	}
	return out
}
