// SPDX-License-Identifier: Apache-2.0

// Package offers says what the sizes of Azure have, and which of them is available. Pure.
package offers

import (
	"strings"
	"time"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/unavailable"
	"syncer.dev/syncer/internal/workspace"
)

// Availability holds the unavailable offerings, and the sizes that Azure does not offer.
type Availability struct {
	unavailable.Offerings
	Quota capacity.Quota
}

// Blocked implements capacity.Availability.
func (a Availability) Blocked(
	sku capacity.SKU, priority capacity.Priority, now time.Time,
) (reason string, until time.Time, ok bool) {
	if reason, until, ok = a.Offerings.Blocked(sku, priority, now); ok {
		return reason, until, ok
	}
	reason = a.Quota.Offered(sku, priority)
	return reason, time.Time{}, reason != ""
}

// Hardware returns what the nodes of a size have.
func Hardware(name string) (workspace.Hardware, bool) {
	s, ok := capacity.LookupSKU(name)
	h := workspace.Hardware{Name: s.Name, Arch: s.Arch}
	if vendor, _, _ := strings.Cut(s.GPUModel, " "); s.GPUs > 0 {
		h.GPU = strings.ToLower(vendor)
	}
	return h, ok && s.Retired == ""
}

// Size returns the GPUs of a VM size for the rules of admission. It returns false for a size on which no model can
// run: sizing has the better answer, and substitutes a retired size.
func Size(name string) (workspace.Size, bool) {
	s, ok := capacity.LookupSKU(name)
	return workspace.Size{GPUs: s.GPUs, MemoryGiB: s.GPUMemoryGiB * s.GPUs}, ok && s.Unusable() == ""
}
