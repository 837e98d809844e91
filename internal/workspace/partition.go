package workspace

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// The modes of a Partition.
const (
	ModeMIG         = "mig"         // a slice of a GPU that NVIDIA's multi-instance GPU cuts
	ModeAccelerator = "accelerator" // some of the GPUs of a node
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
		c.fail(field, "a tuning takes whole GPUs", "remove it")
	case !c.env.Brought:
		c.fail(field, "GPUs can be partitioned only on nodes that are brought (capacity.mode: byo)", "remove it")
	case p.Mode == ModeMIG:
		if p.Count != nil {
			c.fail(field+".count", "is only for mode accelerator", "remove it: each pod gets one slice")
		}
		c.migProfile(p.Profile)
	case p.Mode == ModeAccelerator:
		if p.Profile != "" {
			c.fail(field+".profile", "is only for mode mig", "remove it")
		}
		switch {
		case p.Count == nil:
			c.fail(field+".count", "not given", "say how many GPUs of the node to take")
		case *p.Count < 1:
			c.fail(field+".count", "must be at least 1", "")
		}
	default:
		c.fail(field+".mode", fmt.Sprintf("%q is not a mode", p.Mode), "use mig or accelerator")
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
		c.fail(field, fmt.Sprintf("%q is not a MIG profile", profile), "write it as 1g.10gb: share of the GPU, and memory")
		return
	}
	share, _ := strconv.Atoi(m[1])
	var known []string
	for _, memory := range migSlices[share] {
		known = append(known, fmt.Sprintf("%dg.%dgb", share, memory))
	}
	hint := "the shares are 1g, 2g, 3g, 4g and 7g"
	if len(known) > 0 {
		hint = "known: " + strings.Join(known, ", ")
	}
	c.fail(field, fmt.Sprintf("no GPU has the MIG profile %q", profile), hint)
}
