package capacity

import (
	"fmt"

	"syncer.dev/syncer/internal/preset"
)

// Disks. The weights, the images and what Kubernetes keeps for itself share the disk of the node's system, which is made as large
// as it must be, unless the size has NVMe disks for the weights.
const (
	// systemGiB is what a node needs besides the weights: the images of the base (about 30 GiB unpacked), the operating system and
	// room for the next version of each. It is KAITO's figure, whose disks are the size of the weights and 80.
	systemGiB = 80
	// maxOSDiskGiB is the largest disk that AKS makes for a node's system.
	maxOSDiskGiB = 2048
)

// DiskFor returns the disk of the node that a preset needs, in GiB: KAITO's figure where it has one, or the weights and what a node
// needs besides. It is 0 for a pod template, of which nothing is known.
func DiskFor(p preset.Preset, tuning bool) int {
	weights := int((p.Model.WeightBytes + gib - 1) / gib)
	switch {
	case p.Name == "":
		return 0
	case tuning && p.Tuning != nil && p.Tuning.DiskGiB > 0:
		return p.Tuning.DiskGiB
	case p.DiskGiB > 0:
		return p.DiskGiB
	}
	return weights + systemGiB
}

// tooLittleDisk says what the disks of the size lack, or "".
func (r *Request) tooLittleDisk(s SKU) string {
	weights := int((r.Preset.Model.WeightBytes + gib - 1) / gib)
	switch disk := DiskFor(r.Preset, r.Tuning); {
	case s.LocalNVMe && !r.Tuning && s.LocalDiskGiB > 0 && weights > s.LocalDiskGiB:
		return fmt.Sprintf("the weights have %d GiB, and its NVMe disks %d", weights, s.LocalDiskGiB)
	case (!s.LocalNVMe || r.Tuning) && disk > maxOSDiskGiB:
		return fmt.Sprintf("it takes a disk of %d GiB, and a node can have %d", disk, maxOSDiskGiB)
	}
	return ""
}
