// SPDX-License-Identifier: Apache-2.0

package existing

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/wellknown"
)

// Node labels of NVIDIA's GPU feature discovery, in addition to those in package wellknown.
const (
	labelComputeMajor = "nvidia.com/gpu.compute.major"
	labelComputeMinor = "nvidia.com/gpu.compute.minor"
)

// Upper bounds of one node, far above those that are built: what its labels say beyond them is a mistake, or a node
// that pretends.
const (
	maxNodeGPUs   = 64
	maxGPUMemory  = 1 << 20 // MiB
	maxCapability = 100
)

// SKUOf describes the GPUs of one node: by those labels, or without labels by the catalogue of Azure's sizes. It
// rounds memory to the nearest GiB, as KAITO does.
func SKUOf(n cluster.Node) (capacity.SKU, error) {
	known, inCatalogue := capacity.LookupSKU(n.InstanceType)
	count, err1 := strconv.Atoi(n.Labels[wellknown.LabelGPUCount])
	mib, err2 := strconv.Atoi(n.Labels[wellknown.LabelGPUMemory])
	product := n.Labels[wellknown.LabelGPUProduct]
	if err1 != nil || err2 != nil || product == "" || count < 1 || count > maxNodeGPUs ||
		mib < 1 || mib > maxGPUMemory {
		if inCatalogue {
			return known, nil
		}
		return capacity.SKU{}, fmt.Errorf("node %s lacks usable labels %s, %s and %s (GPU feature discovery sets them)",
			n.Name, wellknown.LabelGPUProduct, wellknown.LabelGPUCount, wellknown.LabelGPUMemory)
	}
	s := capacity.SKU{
		Name:              cmp.Or(n.InstanceType, product),
		GPUs:              count,
		GPUModel:          model(product),
		GPUMemoryGiB:      int(float64(mib)/1024 + 0.5),
		GPUUsableGiB:      float64(mib) / 1024,
		ComputeCapability: known.ComputeCapability,
	}
	version := n.Labels[labelComputeMajor] + "." + cmp.Or(n.Labels[labelComputeMinor], "0")
	if capability, err := strconv.ParseFloat(version, 64); err == nil && 0 < capability && capability < maxCapability {
		s.ComputeCapability = capability
	}
	return s, nil
}

// model turns the product of a label into the catalogue's name of the GPU if flags depend on it, as for the A10.
// "NVIDIA-A10-24Q" is a virtual A10.
func model(product string) string {
	if product == "NVIDIA-A10" || strings.HasPrefix(product, "NVIDIA-A10-") {
		return "NVIDIA A10"
	}
	return product
}
