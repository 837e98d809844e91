package capacity

import "strings"

// skus are the Azure GPU sizes that syncer knows, from Azure's size pages and the resource SKU API. Memory that CUDA reports
// is from measurements where there are any, and otherwise 99 % of the nominal figure.
//
// Left out on purpose: sizes with a fraction of a GPU (NV6ads_A10_v5 and the like), whose vGPU driver the base image does not
// support, and the RTX PRO 6000 sizes, whose final names differ between Azure's own pages.
var skus = []SKU{
	{Name: "Standard_NV36ads_A10_v5", Family: "StandardNVADSA10v5Family", VCPUs: 36, MemoryGiB: 440, GPUs: 1, GPUModel: "NVIDIA A10", GPUMemoryGiB: 24, GPUUsableGiB: 22.5, ComputeCapability: 8.6},
	{Name: "Standard_NV36adms_A10_v5", Family: "StandardNVADSA10v5Family", VCPUs: 36, MemoryGiB: 880, GPUs: 1, GPUModel: "NVIDIA A10", GPUMemoryGiB: 24, GPUUsableGiB: 22.5, ComputeCapability: 8.6},
	{Name: "Standard_NV72ads_A10_v5", Family: "StandardNVADSA10v5Family", VCPUs: 72, MemoryGiB: 880, GPUs: 2, GPUModel: "NVIDIA A10", GPUMemoryGiB: 24, GPUUsableGiB: 22.5, ComputeCapability: 8.6},
	{Name: "Standard_NC24ads_A100_v4", Family: "StandardNCADSA100v4Family", VCPUs: 24, MemoryGiB: 220, GPUs: 1, GPUModel: "NVIDIA A100", GPUMemoryGiB: 80, GPUUsableGiB: 79.2, ComputeCapability: 8.0, LocalNVMe: true},
	{Name: "Standard_NC48ads_A100_v4", Family: "StandardNCADSA100v4Family", VCPUs: 48, MemoryGiB: 440, GPUs: 2, GPUModel: "NVIDIA A100", GPUMemoryGiB: 80, GPUUsableGiB: 79.2, ComputeCapability: 8.0, LocalNVMe: true},
	{Name: "Standard_NC96ads_A100_v4", Family: "StandardNCADSA100v4Family", VCPUs: 96, MemoryGiB: 880, GPUs: 4, GPUModel: "NVIDIA A100", GPUMemoryGiB: 80, GPUUsableGiB: 79.2, ComputeCapability: 8.0, LocalNVMe: true},
	{Name: "Standard_ND96asr_v4", Family: "StandardNDASv4_A100Family", VCPUs: 96, MemoryGiB: 900, GPUs: 8, GPUModel: "NVIDIA A100", GPUMemoryGiB: 40, GPUUsableGiB: 39.4, ComputeCapability: 8.0, InfiniBand: true},
	{Name: "Standard_ND96amsr_A100_v4", Family: "standardNDAMSv4_A100Family", VCPUs: 96, MemoryGiB: 1900, GPUs: 8, GPUModel: "NVIDIA A100", GPUMemoryGiB: 80, GPUUsableGiB: 79.2, ComputeCapability: 8.0, LocalNVMe: true, InfiniBand: true},
	{Name: "Standard_NC40ads_H100_v5", Family: "StandardNCadsH100v5Family", VCPUs: 40, MemoryGiB: 320, GPUs: 1, GPUModel: "NVIDIA H100", GPUMemoryGiB: 94, GPUUsableGiB: 93.1, ComputeCapability: 9.0, LocalNVMe: true},
	{Name: "Standard_NC80adis_H100_v5", Family: "StandardNCadsH100v5Family", VCPUs: 80, MemoryGiB: 640, GPUs: 2, GPUModel: "NVIDIA H100", GPUMemoryGiB: 94, GPUUsableGiB: 93.1, ComputeCapability: 9.0, LocalNVMe: true},
	{Name: "Standard_NCC40ads_H100_v5", Family: "standardNCCadsH100v5Family", VCPUs: 40, MemoryGiB: 320, GPUs: 1, GPUModel: "NVIDIA H100", GPUMemoryGiB: 94, GPUUsableGiB: 93.1, ComputeCapability: 9.0},
	{Name: "Standard_ND96isr_H100_v5", Family: "standardNDSH100v5Family", VCPUs: 96, MemoryGiB: 1900, GPUs: 8, GPUModel: "NVIDIA H100", GPUMemoryGiB: 80, GPUUsableGiB: 79.18, ComputeCapability: 9.0, LocalNVMe: true, InfiniBand: true},
	{Name: "Standard_ND96isr_H200_v5", Family: "standardNDISRH200V5Family", VCPUs: 96, MemoryGiB: 1850, GPUs: 8, GPUModel: "NVIDIA H200", GPUMemoryGiB: 141, GPUUsableGiB: 139.8, ComputeCapability: 9.0, LocalNVMe: true, InfiniBand: true},

	// Too old: the base image computes in bfloat16, which needs compute capability 8.0.
	{Name: "Standard_NC4as_T4_v3", Family: "Standard NCASv3_T4 Family", VCPUs: 4, MemoryGiB: 28, GPUs: 1, GPUModel: "NVIDIA T4", GPUMemoryGiB: 16, GPUUsableGiB: 14.6, ComputeCapability: 7.5},
	{Name: "Standard_NC8as_T4_v3", Family: "Standard NCASv3_T4 Family", VCPUs: 8, MemoryGiB: 56, GPUs: 1, GPUModel: "NVIDIA T4", GPUMemoryGiB: 16, GPUUsableGiB: 14.6, ComputeCapability: 7.5},
	{Name: "Standard_NC16as_T4_v3", Family: "Standard NCASv3_T4 Family", VCPUs: 16, MemoryGiB: 110, GPUs: 1, GPUModel: "NVIDIA T4", GPUMemoryGiB: 16, GPUUsableGiB: 14.6, ComputeCapability: 7.5},
	{Name: "Standard_NC64as_T4_v3", Family: "Standard NCASv3_T4 Family", VCPUs: 64, MemoryGiB: 440, GPUs: 4, GPUModel: "NVIDIA T4", GPUMemoryGiB: 16, GPUUsableGiB: 14.6, ComputeCapability: 7.5},
	{Name: "Standard_ND40rs_v2", Family: "standardNDv2Family", VCPUs: 40, MemoryGiB: 672, GPUs: 8, GPUModel: "NVIDIA V100", GPUMemoryGiB: 32, GPUUsableGiB: 31.7, ComputeCapability: 7.0, InfiniBand: true},

	// AMD: the base image is built for CUDA.
	{Name: "Standard_ND96isr_MI300X_v5", Family: "standardNDISv5MI300XFamily", VCPUs: 96, MemoryGiB: 1850, GPUs: 8, GPUModel: "AMD Instinct MI300X", GPUMemoryGiB: 192, GPUUsableGiB: 191, LocalNVMe: true, InfiniBand: true},
	{Name: "Standard_NG32ads_V620_v1", Family: "standardNGADSV620v1Family", VCPUs: 32, MemoryGiB: 64, GPUs: 1, GPUModel: "AMD Radeon PRO V620", GPUMemoryGiB: 32, GPUUsableGiB: 31.7},
	{Name: "Standard_NG32adms_V620_v1", Family: "standardNGADSV620v1Family", VCPUs: 32, MemoryGiB: 176, GPUs: 1, GPUModel: "AMD Radeon PRO V620", GPUMemoryGiB: 32, GPUUsableGiB: 31.7},

	// Retired; listed so that a file that names one gets a useful answer. Dates from Azure's list of retired sizes.
	{Name: "Standard_NC6s_v3", Family: "standardNCSv3Family", VCPUs: 6, MemoryGiB: 112, GPUs: 1, GPUModel: "NVIDIA V100", GPUMemoryGiB: 16, GPUUsableGiB: 15.8, ComputeCapability: 7.0, Retired: "2025-09-30"},
	{Name: "Standard_NC12s_v3", Family: "standardNCSv3Family", VCPUs: 12, MemoryGiB: 224, GPUs: 2, GPUModel: "NVIDIA V100", GPUMemoryGiB: 16, GPUUsableGiB: 15.8, ComputeCapability: 7.0, Retired: "2025-09-30"},
	{Name: "Standard_NC24s_v3", Family: "standardNCSv3Family", VCPUs: 24, MemoryGiB: 448, GPUs: 4, GPUModel: "NVIDIA V100", GPUMemoryGiB: 16, GPUUsableGiB: 15.8, ComputeCapability: 7.0, Retired: "2025-09-30"},
	{Name: "Standard_NC24rs_v3", Family: "standardNCSv3Family", VCPUs: 24, MemoryGiB: 448, GPUs: 4, GPUModel: "NVIDIA V100", GPUMemoryGiB: 16, GPUUsableGiB: 15.8, ComputeCapability: 7.0, InfiniBand: true, Retired: "2025-09-30"},
	{Name: "Standard_NV12s_v3", Family: "standardNVSv3Family", VCPUs: 12, MemoryGiB: 112, GPUs: 1, GPUModel: "NVIDIA M60", GPUMemoryGiB: 8, GPUUsableGiB: 7.9, ComputeCapability: 5.2, Retired: "2026-09-30"},
	{Name: "Standard_NV24s_v3", Family: "standardNVSv3Family", VCPUs: 24, MemoryGiB: 224, GPUs: 2, GPUModel: "NVIDIA M60", GPUMemoryGiB: 8, GPUUsableGiB: 7.9, ComputeCapability: 5.2, Retired: "2026-09-30"},
	{Name: "Standard_NV48s_v3", Family: "standardNVSv3Family", VCPUs: 48, MemoryGiB: 448, GPUs: 4, GPUModel: "NVIDIA M60", GPUMemoryGiB: 8, GPUUsableGiB: 7.9, ComputeCapability: 5.2, Retired: "2026-09-30"},
	{Name: "Standard_NV32as_v4", Family: "standardNVSv4Family", VCPUs: 32, MemoryGiB: 112, GPUs: 1, GPUModel: "AMD Radeon MI25", GPUMemoryGiB: 16, GPUUsableGiB: 15.8, Retired: "2026-09-30"},
	{Name: "Standard_NC6", Family: "standardNCFamily", VCPUs: 6, MemoryGiB: 56, GPUs: 1, GPUModel: "NVIDIA K80", GPUMemoryGiB: 12, GPUUsableGiB: 11.9, ComputeCapability: 3.7, Retired: "2023-08-31"},
	{Name: "Standard_NC6s_v2", Family: "standardNCSv2Family", VCPUs: 6, MemoryGiB: 112, GPUs: 1, GPUModel: "NVIDIA P100", GPUMemoryGiB: 16, GPUUsableGiB: 15.8, ComputeCapability: 6.0, Retired: "2023-08-31"},
	{Name: "Standard_ND6s", Family: "standardNDSFamily", VCPUs: 6, MemoryGiB: 112, GPUs: 1, GPUModel: "NVIDIA P40", GPUMemoryGiB: 24, GPUUsableGiB: 23.7, ComputeCapability: 6.1, Retired: "2023-08-31"},
}

// minComputeCapability is what bfloat16 needs, in which all presets compute.
const minComputeCapability = 8.0

// spellings maps other names of a size, in lower case, to the one in the table. KAITO and the price list write the A100 one
// with the GPU in it.
var spellings = map[string]string{"standard_nd96asr_a100_v4": "Standard_ND96asr_v4"}

// SKUs returns the GPU sizes that syncer knows, retired ones included.
func SKUs() []SKU { return append([]SKU(nil), skus...) }

// LookupSKU finds a size by name, without regard to case.
func LookupSKU(name string) (SKU, bool) {
	if other, ok := spellings[strings.ToLower(name)]; ok {
		name = other
	}
	for _, s := range skus {
		if strings.EqualFold(s.Name, name) {
			return s, true
		}
	}
	return SKU{}, false
}

// Unusable returns why no preset can run on the size, in plain words, or "" if one can.
func (s SKU) Unusable() string {
	switch {
	case s.Retired != "":
		return "Azure retired it on " + s.Retired
	case strings.HasPrefix(s.GPUModel, "AMD"):
		return "it has AMD GPUs, and the models run on CUDA"
	case s.ComputeCapability > 0 && s.ComputeCapability < minComputeCapability:
		return "its GPUs cannot compute in bfloat16"
	}
	return ""
}
