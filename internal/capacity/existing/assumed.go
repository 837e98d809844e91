// SPDX-License-Identifier: Apache-2.0

package existing

import (
	"cmp"
	"fmt"
	"slices"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/sizing"
	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/workspace"
)

// Assumed replaces unknown nodes in commands without a cluster: the size that the user names, or the cheapest that
// fits. With it commands check and compare a file in full. size is sizing.Size, or gives the same answers.
func Assumed(
	ws *workspace.Workspace, req sizing.Request, region string, size func(sizing.Request) (capacity.Demand, error),
) (capacity.SKU, error) {
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
	d, err := size(req)
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
