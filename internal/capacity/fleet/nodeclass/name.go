// SPDX-License-Identifier: Apache-2.0

package nodeclass

import (
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"strings"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/workspace"
)

// Key identifies a class of shared nodes. Workspaces with the same key may share a node.
type Key struct {
	Size     string
	Priority capacity.Priority
	OSSKU    string // Ubuntu or AzureLinux
	DiskGiB  int    // of the OS disk
}

// diskPerGPU are the disk sizes for each GPU of a shared node, in GiB. The first holds the images and the weights of a
// model that fits on one GPU of 80 GiB. The steps are syncer's own; few steps keep the number of classes small.
var diskPerGPU = []int{128, 256, 512, 1024, 2048}

// maxDiskGiB is the largest OS disk that AKS offers, in GiB.
const maxDiskGiB = 2048

// KeyOf returns the key of the class that an option uses for a Workspace that needs diskGiB on each of its nodes. Every
// GPU brings its share of the disk, so that any set of Workspaces that fits by GPUs also fits by disk.
func KeyOf(o *capacity.Option, priority capacity.Priority, osSKU string, diskGiB int) Key {
	each := (diskGiB + max(o.GPUsPerNode, 1) - 1) / max(o.GPUsPerNode, 1)
	disk := max(diskGiB, maxDiskGiB)
	for _, d := range diskPerGPU {
		if d >= each {
			disk = max(min(d*o.SKU.GPUs, maxDiskGiB), diskGiB)
			break
		}
	}
	return Key{Size: o.SKU.Name, Priority: priority, OSSKU: osSKU, DiskGiB: disk}
}

// sharedName returns the name of the i-th pool of a class: s, up to four letters of the size for readers, and seven
// characters of a hash.
func sharedName(cluster string, k Key, i int) string {
	spot := k.Priority == capacity.Spot // the names of existing pools depend on %t
	return name("s", strings.TrimPrefix(strings.ToLower(k.Size), "standard_"), fmt.Appendf(nil,
		"%s\x00shared\x00%s\x00%t\x00%s\x00%d\x00%d", cluster, strings.ToLower(k.Size), spot, k.OSSKU, k.DiskGiB, i))
}

// OwnName returns the name of the pool of one Workspace or set: w, up to four letters of the owner's name for readers,
// and seven characters of a hash.
func OwnName(cluster string, owner workspace.Key, size string, priority capacity.Priority) string {
	spot := priority == capacity.Spot // the names of existing pools depend on %t
	return name("w", strings.TrimPrefix(owner.Name, "workspace-"), fmt.Appendf(nil,
		"%s\x00%s\x00%s\x00%t", cluster, owner, strings.ToLower(size), spot))
}

// name returns a pool name that AKS accepts: at most twelve lower-case letters and digits, a letter first.
func name(prefix, readable string, identity []byte) string {
	letters := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, readable)
	sum := sha256.Sum256(identity)
	return prefix + letters[:min(4, len(letters))] + strings.ToLower(base32.StdEncoding.EncodeToString(sum[:]))[:7]
}
