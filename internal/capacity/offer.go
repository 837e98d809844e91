package capacity

import (
	"fmt"
	"slices"
	"strings"
)

// Offer is what Azure says about a size in the region, for this subscription.
type Offer struct {
	Name   string
	Family string // the key of its quota, as Azure spells it
	VCPUs  int
	Zones  []string // in which it can be had
	// Refused is why it cannot be had at all, in plain words; "" when it can.
	Refused string
	Spot    bool // it can be had as spot
}

// Offered returns why the region does not offer a size, or "". It does not know more than Azure said: a size that is missing
// from the list is not offered, but without a list everything may be.
func (q Quota) Offered(sku SKU, spot bool) string {
	if q.Offers == nil {
		return ""
	}
	o, ok := q.Offers[strings.ToLower(sku.Name)]
	switch {
	case !ok:
		return fmt.Sprintf("the region does not have %s", sku.Name)
	case o.Refused != "":
		return o.Refused
	case spot && !o.Spot:
		return fmt.Sprintf("%s cannot be had as spot", sku.Name)
	}
	return ""
}

// Short returns why not even one node of a size fits into the quota, or "". What is not known holds nothing back.
func (q Quota) Short(sku SKU, spot bool) string {
	short := func(name string, l Limit) string {
		if !l.Known || sku.VCPUs == 0 || l.Used+sku.VCPUs <= l.Max {
			return ""
		}
		return Shortage{Family: name, Limit: l.Max, Usage: l.Used, Required: sku.VCPUs, Known: true}.String()
	}
	if spot {
		return short("lowPriorityCores", q.Spot)
	}
	if reason := short(sku.Family, q.Family(sku)); reason != "" {
		return reason
	}
	return short("cores", q.Regional)
}

// Family returns the quota of a size's family, which Azure's list of sizes names best. Names differ in case between its APIs.
func (q Quota) Family(sku SKU) Limit {
	if o, ok := q.Offers[strings.ToLower(sku.Name)]; ok && o.Family != "" {
		return q.Families[strings.ToLower(o.Family)]
	}
	return q.Families[strings.ToLower(sku.Family)]
}

// Reserve returns the quota with so many more vCPUs in use for a size: what was started is not counted by Azure at once.
func (q Quota) Reserve(sku SKU, spot bool, vcpus int) Quota {
	if spot {
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

// Restriction is what Azure's list of sizes says against one: for the whole location, or for some of its zones.
type Restriction struct {
	Location bool
	Reason   string // NotAvailableForSubscription or QuotaId
	Zones    []string
}

// Restrict returns the offer with what Azure says against it. A size that no zone has left can still be had without a zone.
func (o Offer) Restrict(rs ...Restriction) Offer {
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
