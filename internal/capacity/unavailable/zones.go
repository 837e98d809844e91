// SPDX-License-Identifier: Apache-2.0

package unavailable

import (
	"slices"
	"strings"
)

// In returns the Offerings for pools in the given availability zones, without zonal entries. A block in each of the
// zones becomes a block without a zone, until the first of them ends; blocks in some of the zones, or in others, have
// no effect. Entries without a zone stay.
//
// Azure spreads a pool over all its zones, and an allocation fails only if none of them has capacity.
func (u Offerings) In(zones []string) Offerings {
	if !slices.ContainsFunc(u.Entries, func(b Entry) bool { return b.Zone != "" }) {
		return u
	}
	var out []Entry
	everywhere := map[Entry]int{} // by scope: in how many of the zones
	shortest := map[Entry]Entry{} // by scope: the one that ends first
	for _, b := range u.Entries {
		if b.Zone == "" {
			out = append(out, b)
			continue
		}
		if !slices.Contains(zones, b.Zone) {
			continue
		}
		scope := Entry{
			Family:     strings.ToLower(b.Family),
			Size:       strings.ToLower(b.Size),
			VCPUs:      b.VCPUs,
			Priority:   b.Priority,
			Constraint: b.Constraint,
		}
		if old, seen := shortest[scope]; !seen || b.Until.Before(old.Until) {
			shortest[scope] = b
		}
		everywhere[scope]++
	}
	for scope, n := range everywhere {
		if n == len(zones) {
			b := shortest[scope]
			b.Zone = ""
			out = append(out, b)
		}
	}
	return New(out)
}
