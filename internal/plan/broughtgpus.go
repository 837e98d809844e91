package plan

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/workspace"
)

// Node labels of NVIDIA's GPU feature discovery, besides those that workspace knows.
const (
	labelComputeMajor = "nvidia.com/gpu.compute.major"
	labelComputeMinor = "nvidia.com/gpu.compute.minor"
)

// nodeSKU describes the GPUs of one node: by those labels, or where they are missing by the catalogue, if the node is of a
// size of Azure's. Memory is rounded to the nearest GiB, as in KAITO.
func nodeSKU(n cluster.Node) (capacity.SKU, error) {
	known, inCatalogue := capacity.LookupSKU(n.InstanceType)
	count, err1 := strconv.Atoi(n.Labels[workspace.LabelGPUCount])
	mib, err2 := strconv.Atoi(n.Labels[workspace.LabelGPUMemory])
	product := n.Labels[workspace.LabelGPUProduct]
	if err1 != nil || err2 != nil || product == "" || count < 1 || mib < 1 {
		if inCatalogue {
			return known, nil
		}
		return capacity.SKU{}, fmt.Errorf("node %s lacks usable labels %s, %s and %s (GPU feature discovery sets them)",
			n.Name, workspace.LabelGPUProduct, workspace.LabelGPUCount, workspace.LabelGPUMemory)
	}
	s := capacity.SKU{
		Name: cmp.Or(n.InstanceType, product), GPUs: count, GPUModel: model(product), GPUMemoryGiB: int(float64(mib)/1024 + 0.5), GPUUsableGiB: float64(mib) / 1024,
		ComputeCapability: known.ComputeCapability,
	}
	if major, err := strconv.ParseFloat(n.Labels[labelComputeMajor]+"."+cmp.Or(n.Labels[labelComputeMinor], "0"), 64); err == nil {
		s.ComputeCapability = major
	}
	return s, nil
}

// model turns the product of a label into the catalogue's name of the GPU where that makes a difference: the A10 is served
// with other flags. "NVIDIA-A10-24Q" is a virtual one.
func model(product string) string {
	if product == "NVIDIA-A10" || strings.HasPrefix(product, "NVIDIA-A10-") {
		return "NVIDIA A10"
	}
	return product
}

// migUsable is how much of a slice's nominal memory CUDA reports: 4864 MiB of 5 GiB in the worst case.
const migUsable = 0.95

// partitioned returns what the Workspace takes of each node: one slice of so many GiB (mig), some of the GPUs (accelerator),
// or all of them.
func partitioned(ws *workspace.Workspace, s capacity.SKU) (capacity.SKU, error) {
	part := ws.Resource.Partition
	if part == nil {
		return s, nil
	}
	switch part.Mode {
	case "mig":
		_, size, _ := strings.Cut(part.Profile, ".")
		gib, err := strconv.ParseFloat(strings.TrimSuffix(size, "gb"), 64)
		if err != nil || gib < 1 {
			return s, &capacity.RefusedError{Field: "resource.partition.profile", Message: fmt.Sprintf("%q is not a MIG profile", part.Profile), Hint: "write one such as 1g.10gb"}
		}
		s.GPUs, s.GPUMemoryGiB = 1, int(gib)
		s.GPUUsableGiB = migUsable * float64(s.GPUMemoryGiB)
	case "accelerator":
		n := 1
		if part.Count != nil {
			n = *part.Count
		}
		if n < 1 || n > s.GPUs {
			return s, &capacity.RefusedError{Field: "resource.partition.count", Message: fmt.Sprintf("%d GPUs of a node with %d cannot be had", n, s.GPUs), Hint: "ask for fewer, or bring nodes with more"}
		}
		s.GPUs = n
	}
	return s, nil
}

// fitsSlice refuses a model that would need more than the one slice that it gets.
func fitsSlice(ws *workspace.Workspace, d capacity.Demand) error {
	if o := d.Options[0]; ws.MIGProfile() != "" && o.Nodes > 1 {
		return &capacity.RefusedError{Field: "resource.partition.profile", Message: fmt.Sprintf("%s does not fit on one slice of %d GiB", d.Preset, o.SKU.GPUMemoryGiB), Hint: "choose a larger profile"}
	}
	return nil
}

// assumedSKU stands in for nodes where none are known, as on a command line without a cluster: what the user says on it, or
// the cheapest size that would do. It lets a file be checked and compared in full.
func assumedSKU(ws *workspace.Workspace, req capacity.Request, region string) (capacity.SKU, error) {
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
	d, err := capacity.Size(req)
	if err != nil {
		return capacity.SKU{}, err
	}
	return d.Options[0].SKU, nil
}

// assumedShare returns the smallest node of which so many GPUs would do.
func assumedShare(req capacity.Request, count int) (capacity.SKU, error) {
	req.Insist = false // on nodes that are only assumed
	all := slices.DeleteFunc(capacity.SKUs(), func(s capacity.SKU) bool { return s.Unusable() != "" || s.GPUs < count })
	slices.SortStableFunc(all, func(a, b capacity.SKU) int {
		return cmp.Or(cmp.Compare(a.GPUMemoryGiB, b.GPUMemoryGiB), cmp.Compare(a.GPUs, b.GPUs))
	})
	for _, s := range all {
		share := s
		share.GPUs = count
		req.Brought = &share
		if _, err := capacity.Size(req); err == nil {
			return s, nil
		}
	}
	return capacity.SKU{}, &capacity.RefusedError{Field: "resource.partition.count", Message: fmt.Sprintf("%s does not fit on %d GPUs of any size that is known", req.Preset.Name, count)}
}
