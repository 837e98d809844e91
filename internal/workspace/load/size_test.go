// SPDX-License-Identifier: Apache-2.0

package load_test

import (
	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/workspace"
)

// sizeOf knows the sizes of the catalogue that can be bought.
func sizeOf(name string) (workspace.Size, bool) {
	s, ok := capacity.LookupSKU(name)
	return workspace.Size{GPUs: s.GPUs, MemoryGiB: int(s.GPUMemoryGiB) * s.GPUs}, ok && s.Unusable() == ""
}
