// SPDX-License-Identifier: Apache-2.0

package desired

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/sizing"
	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/wellknown"
	"syncer.dev/syncer/internal/workspace"
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

// nodeSKU describes the GPUs of one node: by those labels, or without labels by the catalogue of Azure's sizes. It
// rounds memory to the nearest GiB, as KAITO does.
func nodeSKU(n cluster.Node) (capacity.SKU, error) {
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

// migUsable is the part of a slice's nominal memory that CUDA reports: 4864 MiB of 5 GiB in the worst case.
const migUsable = 0.95

// partitioned returns the part of each node that the Workspace takes: one slice with the memory of its profile (mig), a
// number of GPUs (accelerator), or all GPUs.
func partitioned(ws *workspace.Workspace, s capacity.SKU) (capacity.SKU, error) {
	part := ws.Resource.Partition
	if part == nil {
		return s, nil
	}
	switch part.Mode {
	case "mig":
		_, size, _ := strings.Cut(part.Profile, ".")
		gib, err := strconv.ParseFloat(strings.TrimSuffix(size, "gb"), 64)
		if err != nil || !(gib >= 1 && gib <= maxGPUMemory/1024) {
			return s, sizing.Refused(
				diag.InvalidPartition,
				"resource.partition.profile",
				fmt.Sprintf("%q is not a MIG profile", part.Profile),
				"write one such as 1g.10gb",
			)
		}
		s.GPUs, s.GPUMemoryGiB = 1, int(gib)
		s.GPUUsableGiB = migUsable * float64(s.GPUMemoryGiB)
	case "accelerator":
		n := 1
		if part.Count != nil {
			n = *part.Count
		}
		if n < 1 || n > s.GPUs {
			return s, sizing.Refused(
				diag.InvalidPartition,
				"resource.partition.count",
				fmt.Sprintf("a node with %[2]d GPUs cannot give %[1]d", n, s.GPUs),
				"request fewer GPUs, or add nodes with more",
			)
		}
		s.GPUs = n
	}
	return s, nil
}

// fitsSlice rejects a model that needs more than its one slice.
func fitsSlice(ws *workspace.Workspace, d capacity.Demand) error {
	if o := d.Options[0]; ws.MIGProfile() != "" && o.Nodes > 1 {
		return sizing.Refused(
			diag.SizeDoesNotFit,
			"resource.partition.profile",
			fmt.Sprintf("%s does not fit on one slice of %d GiB", d.Preset, o.SKU.GPUMemoryGiB),
			"choose a larger profile",
		)
	}
	return nil
}

// assumedSKU replaces unknown nodes in commands without a cluster: the size that the user names, or the cheapest that
// fits. With it commands check and compare a file in full.
func assumedSKU(ws *workspace.Workspace, req sizing.Request, region string) (capacity.SKU, error) {
	if s, ok := capacity.LookupSKU(req.InstanceType); ok {
		return s, nil
	}
	if ws.MIGProfile() != "" {
		return capacity.SKU{Name: ws.Resource.Partition.Profile}, nil
	}
	if req.Preset.Name == "" {
		return capacity.SKU{Name: "nodes with one GPU", GPUs: 1}, nil
	}
	if part := ws.Resource.Partition; part != nil && part.Count != nil {
		return assumedShare(req, *part.Count)
	}
	req.InstanceType, req.Region = "", region
	d, err := sizing.Size(req)
	if err != nil {
		return capacity.SKU{}, err
	}
	return d.Options[0].SKU, nil
}

// assumedShare returns the smallest node on which count GPUs suffice.
func assumedShare(req sizing.Request, count int) (capacity.SKU, error) {
	req.BypassMemoryCheck = false // the nodes are an assumption
	all := slices.DeleteFunc(slices.Collect(capacity.Usable()), func(s capacity.SKU) bool { return s.GPUs < count })
	slices.SortStableFunc(all, func(a, b capacity.SKU) int {
		return cmp.Or(cmp.Compare(a.GPUMemoryGiB, b.GPUMemoryGiB), cmp.Compare(a.GPUs, b.GPUs))
	})
	for _, s := range all {
		share := s
		share.GPUs = count
		if _, err := sizing.SizeOn(req, share); err == nil {
			return s, nil
		}
	}
	return capacity.SKU{}, sizing.Refused(
		diag.NoSizeFits,
		"resource.partition.count",
		fmt.Sprintf("%s does not fit on %d GPUs of any known size", req.Preset.Name, count),
		"",
	)
}
