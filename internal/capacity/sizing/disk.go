// SPDX-License-Identifier: Apache-2.0

package sizing

import (
	"fmt"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/sizing/memory"
	"syncer.dev/syncer/internal/preset"
)

// Sizes of OS disks, in GiB. The OS disk holds the operating system, images and weights, unless the size has NVMe disks
// for the weights.
const (
	// systemGiB is the disk that a node needs in addition to the weights: the base images (about 30 GiB unpacked), the
	// operating system, and space to upgrade each. KAITO adds the same 80 GiB to the size of the weights.
	systemGiB = 80
	// maxOSDiskGiB is the largest OS disk that AKS creates.
	maxOSDiskGiB = 2048
	// templateGiB is KAITO's figure for pod templates, whose model is unknown.
	templateGiB = 1024
)

// DiskFor returns the OS disk that a node of the preset needs, in GiB: the figure of the preset if it has one, else the
// weights and systemGiB.
func DiskFor(p preset.Preset, tuning bool) int {
	weights := int((p.Model.WeightBytes + memory.GiB - 1) / memory.GiB)
	switch {
	case p.Name == "":
		return templateGiB
	case tuning && p.Tuning != nil && p.Tuning.DiskGiB > 0:
		return p.Tuning.DiskGiB
	case p.DiskGiB > 0:
		return p.DiskGiB
	}
	return weights + systemGiB
}

// tooLittleDisk returns why the disks of the size are too small for the weights, or "".
func (r *Request) tooLittleDisk(s capacity.SKU) string {
	weights := int((r.Preset.Model.WeightBytes + memory.GiB - 1) / memory.GiB)
	switch disk := DiskFor(r.Preset, r.Tuning); {
	case s.LocalNVMe && !r.Tuning && s.LocalDiskGiB > 0 && weights > s.LocalDiskGiB:
		return fmt.Sprintf("the weights have %d GiB, and its NVMe disks %d", weights, s.LocalDiskGiB)
	case (!s.LocalNVMe || r.Tuning) && disk > maxOSDiskGiB:
		return fmt.Sprintf("the node needs an OS disk of %d GiB, and AKS allows %d", disk, maxOSDiskGiB)
	}
	return ""
}
