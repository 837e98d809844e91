package capacity

import (
	"fmt"
	"slices"
	"strings"
)

// In returns what is known as far as it matters to pools in some availability zones: what is blocked in every one of them is
// blocked, and what is blocked in others does not matter. What is blocked without regard to zones stays.
//
// Azure spreads a pool over all its zones, and fails only when none of them will do.
func (u Unavailable) In(zones []string) Unavailable {
	if !slices.ContainsFunc(u.Blocks, func(b Block) bool { return b.Zone != "" }) {
		return u
	}
	var out []Block
	everywhere := map[Block]int{} // by scope: in how many of the zones
	shortest := map[Block]Block{} // by scope: the one that ends first
	for _, b := range u.Blocks {
		if b.Zone == "" {
			out = append(out, b)
			continue
		}
		if !slices.Contains(zones, b.Zone) {
			continue
		}
		scope := Block{Family: strings.ToLower(b.Family), Size: strings.ToLower(b.Size), VCPUs: b.VCPUs, Priority: b.Priority, Constraint: b.Constraint}
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
	return UnavailableOf(out)
}

// In returns the quota with the offers that can be had in some availability zones. Without zones, all of them.
func (q Quota) In(zones []string) Quota {
	if len(zones) == 0 || q.Offers == nil {
		return q
	}
	offers := map[string]Offer{}
	for name, o := range q.Offers {
		if o.Refused == "" && !slices.ContainsFunc(zones, func(z string) bool { return slices.Contains(o.Zones, z) }) {
			o.Refused = fmt.Sprintf("Azure offers %s in none of the zones %s (capacity.limits.zones)", o.Name, strings.Join(zones, ", "))
		}
		offers[name] = o
	}
	q.Offers = offers
	return q
}
