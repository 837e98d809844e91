// SPDX-License-Identifier: Apache-2.0

package existing

import (
	"fmt"
	"strconv"
	"strings"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/sizing"
	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/workspace"
)

// migUsable is the part of a slice's nominal memory that CUDA reports: 4864 MiB of 5 GiB in the worst case.
const migUsable = 0.95

// PartOf returns the part of each node that the Workspace takes: one slice with the memory of its profile (mig), a
// number of GPUs (accelerator), or all GPUs. The error is a *capacity.RefusedError.
func PartOf(ws *workspace.Workspace, s capacity.SKU) (capacity.SKU, error) {
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

// FitsSlice rejects a model that needs more than its one slice. The error is a *capacity.RefusedError.
func FitsSlice(ws *workspace.Workspace, d capacity.Demand) error {
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
