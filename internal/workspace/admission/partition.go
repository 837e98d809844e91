// SPDX-License-Identifier: Apache-2.0

package admission

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/workspace"
)

// migSlices are the slices that NVIDIA documents, by their share of the GPU's compute, with their memory in GB.
var migSlices = map[int][]int{
	1: {5, 6, 10, 12, 18, 20, 23, 24, 35, 45},
	2: {10, 12, 20, 24, 35, 45},
	3: {20, 40, 47, 48, 71, 90},
	4: {20, 24, 40, 47, 48, 71, 90},
	7: {40, 80, 94, 96, 141, 180},
}

var migFormat = regexp.MustCompile(`^([0-9]{1,2})g\.([0-9]{1,4})(?:\.[0-9]{1,4})?gb$`)

// migProfile returns the memory of a profile such as 1g.10gb, in GiB as KAITO counts them.
func migProfile(profile string) (memory int, ok bool) {
	m := migFormat.FindStringSubmatch(profile)
	if m == nil {
		return 0, false
	}
	share, _ := strconv.Atoi(m[1])
	memory, _ = strconv.Atoi(m[2])
	return memory, slices.Contains(migSlices[share], memory)
}

// partition checks a share of GPUs. KAITO has a switch for each mode; here both are on.
func (c *check) partition() {
	const field = "resource.partition"
	p := c.w.Resource.Partition
	switch {
	case p == nil:
	case c.w.Tuning != nil:
		c.fail(diag.UnsupportedField, field, "is not supported for tuning, which uses whole GPUs", "remove it")
	case !c.env.BYO:
		c.fail(
			diag.UnsupportedField,
			field,
			"is supported only on existing nodes (capacity.mode: byo)",
			"remove it to get whole GPUs, or use that mode with nodes of your own",
		)
	case p.Mode == workspace.ModeMIG:
		if p.Count != nil {
			c.fail(
				diag.UnsupportedField,
				field+".count",
				"is valid only with mode accelerator",
				"remove it: each pod gets one slice",
			)
		}
		c.migProfile(p.Profile)
	case p.Mode == workspace.ModeAccelerator:
		if p.Profile != "" {
			c.fail(diag.UnsupportedField, field+".profile", "is valid only with mode mig", "remove it")
		}
		switch {
		case p.Count == nil:
			c.fail(diag.RequiredField, field+".count", "is required", "set the number of GPUs to use on the node")
		case *p.Count < 1:
			c.fail(diag.OutOfRange, field+".count", "must be at least 1", "")
		}
	default:
		c.fail(diag.InvalidValue, field+".mode", fmt.Sprintf("%q is not a valid mode", p.Mode), "use mig or accelerator")
	}
}

// migProfile checks the profile of a slice.
func (c *check) migProfile(profile string) {
	const field = "resource.partition.profile"
	if _, ok := migProfile(profile); ok {
		return
	}
	m := migFormat.FindStringSubmatch(profile)
	if m == nil {
		c.fail(
			diag.InvalidPartition,
			field,
			fmt.Sprintf("%q is not a MIG profile", profile),
			"write the share of the GPU and its memory, such as 1g.10gb",
		)
		return
	}
	share, _ := strconv.Atoi(m[1])
	var known []string
	for _, memory := range migSlices[share] {
		known = append(known, fmt.Sprintf("%dg.%dgb", share, memory))
	}
	hint := "the shares are 1g, 2g, 3g, 4g and 7g"
	if len(known) > 0 {
		hint = "known profiles: " + strings.Join(known, ", ")
	}
	c.fail(diag.InvalidPartition, field, fmt.Sprintf("no GPU has the MIG profile %q", profile), hint)
}
