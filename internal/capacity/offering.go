// SPDX-License-Identifier: Apache-2.0

package capacity

import (
	"fmt"
	"slices"
	"strings"
)

// Offering describes whether and how Azure offers a size to this subscription in the region.
type Offering struct {
	Name   string
	Family string // key of its quota, as Azure spells it
	VCPUs  int
	Zones  []string // availability zones that offer it
	// Refused is why Azure does not offer it, in plain words; empty if it does.
	Refused string
	Spot    bool // Azure offers it as spot
}

// Offered returns why the region does not offer a size, or "". A size that is missing from Azure's list is not offered.
// Without a list, Offered refuses nothing.
func (q Quota) Offered(sku SKU, priority Priority) string {
	if q.Offers == nil {
		return ""
	}
	o, ok := q.Offers[strings.ToLower(sku.Name)]
	switch {
	case !ok:
		return fmt.Sprintf("the region does not have %s", sku.Name)
	case o.Refused != "":
		return o.Refused
	case priority == Spot && !o.Spot:
		return fmt.Sprintf("%s is not available as spot", sku.Name)
	}
	return ""
}

// Short returns why not even one node of a size fits into the quota, or "". Unknown quotas and sizes without vCPUs fit.
func (q Quota) Short(sku SKU, priority Priority) string {
	short := func(name string, l Limit) string {
		if !l.Known || sku.VCPUs == 0 || l.Used+sku.VCPUs <= l.Max {
			return ""
		}
		return QuotaError{Family: name, Limit: l.Max, Usage: l.Used, Required: sku.VCPUs, Known: true}.String()
	}
	if priority == Spot {
		return short(QuotaSpot, q.Spot)
	}
	if reason := short(sku.Family, q.Family(sku)); reason != "" {
		return reason
	}
	return short(QuotaRegional, q.Regional)
}

// Family returns the quota of a size's family. It takes the name of the family from Azure's list of sizes if there is
// one, else from the catalogue, and ignores case, which differs between Azure's APIs.
func (q Quota) Family(sku SKU) Limit {
	if o, ok := q.Offers[strings.ToLower(sku.Name)]; ok && o.Family != "" {
		return q.Families[strings.ToLower(o.Family)]
	}
	return q.Families[strings.ToLower(sku.Family)]
}

// Reserve returns the quota with more vCPUs in use for a size. It accounts for nodes that syncer has requested and
// Azure does not count yet.
func (q Quota) Reserve(sku SKU, priority Priority, vcpus int) Quota {
	if priority == Spot {
		q.Spot.Used += vcpus
		return q
	}
	q.Regional.Used += vcpus
	families := map[string]Limit{}
	for k, l := range q.Families {
		if k == strings.ToLower(sku.Family) {
			l.Used += vcpus
		}
		families[k] = l
	}
	q.Families = families
	return q
}

// Restriction limits a size in Azure's list: in the whole location, or in some of its zones.
type Restriction struct {
	Location bool
	Reason   string // NotAvailableForSubscription or QuotaId
	Zones    []string
}

// Restrict returns the Offering with Azure's restrictions applied. A size that no zone offers any more is still
// available without a zone.
func (o Offering) Restrict(rs ...Restriction) Offering {
	for _, r := range rs {
		switch {
		case r.Location && r.Reason == "NotAvailableForSubscription":
			o.Refused = fmt.Sprintf("Azure does not offer %s to this subscription in the region", o.Name)
		case r.Location:
			o.Refused = fmt.Sprintf("Azure does not offer %s in the region: %s", o.Name, r.Reason)
		default:
			o.Zones = slices.DeleteFunc(slices.Clone(o.Zones), func(z string) bool { return slices.Contains(r.Zones, z) })
		}
	}
	return o
}

// In returns the quota with the sizes refused that none of the given availability zones offers. Without zones it
// returns the quota unchanged.
func (q Quota) In(zones []string) Quota {
	if len(zones) == 0 || q.Offers == nil {
		return q
	}
	offers := map[string]Offering{}
	for name, o := range q.Offers {
		if o.Refused == "" && !slices.ContainsFunc(zones, func(z string) bool { return slices.Contains(o.Zones, z) }) {
			o.Refused = fmt.Sprintf(
				"Azure offers %s in none of the zones %s (capacity.limits.zones)",
				o.Name,
				strings.Join(zones, ", "),
			)
		}
		offers[name] = o
	}
	q.Offers = offers
	return q
}
