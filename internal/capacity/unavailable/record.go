// SPDX-License-Identifier: Apache-2.0

package unavailable

import (
	"slices"
	"strings"
	"time"

	"syncer.dev/syncer/internal/capacity"
)

// block is an Entry to record, and how long it lasts after a first failure.
type block struct {
	entry  Entry
	length time.Duration
}

// blocksFor returns the blocks that follow from a failed attempt. dropped lists the constraints that the attempt had
// given up before.
func blocksFor(err *capacity.CloudError, a Attempt, dropped []Constraint) []block {
	e := Entry{Code: err.Code, Priority: a.priority()}
	noCapacity := "Azure has no " + a.SKU.Name + " right now"
	switch err.Class {
	case capacity.ClassQuota:
		return []block{quotaBlock(capacity.ParseQuotaError(err.Message), a, e)}
	case capacity.ClassUnavailable:
		return notOffered(err, a, e)
	case capacity.ClassConstraint:
		if c, ok := nextConstraint(a.Constraints, dropped); ok {
			e.Size, e.Constraint = a.SKU.Name, c
			e.Reason = a.SKU.Name + " is unavailable with " + string(c)
			return []block{{e, blockAllocation}}
		}
		e.Size, e.Reason = a.SKU.Name, noCapacity
		return inZones(e, a.Zones, blockAllocation)
	case capacity.ClassDisk:
		e.Size, e.Priority = a.SKU.Name, "" // the host is the same at each priority
		if slices.Contains(a.Constraints, EphemeralDisk) {
			e.Constraint, e.Reason = EphemeralDisk, a.SKU.Name+" has no room for an ephemeral OS disk"
			return []block{{e, blockUnavailable}}
		}
		e.Reason = "Azure refuses the OS disk of " + a.SKU.Name
		return []block{{e, blockUnavailable}}
	case capacity.ClassCapacity:
		e.Family, e.VCPUs, e.Reason = a.SKU.Family, a.SKU.VCPUs, noCapacity
		if err.Code == "ZonalAllocationFailed" {
			e.Priority = ""
		}
		if a.SKU.Family == "" {
			e.Size = a.SKU.Name
		}
		return inZones(e, a.Zones, blockAllocation)
	case capacity.ClassRegion:
		e.Priority, e.Reason = "", "the region takes no new nodes right now"
		return []block{{e, blockRegion}}
	case capacity.ClassNoGPUs:
		e.Size, e.Reason = a.SKU.Name, "the GPUs of a pool of "+a.SKU.Name+" never appeared"
		if err.Code == capacity.CodeNodesMissing {
			e.Reason = "the nodes of a pool of " + a.SKU.Name + " never joined"
		}
		return []block{{e, blockBroken}}
	case capacity.ClassSpotTaken:
		e.Size, e.Reason = a.SKU.Name, "Azure has no spot machine of "+a.SKU.Name+" right now"
		return []block{{e, blockSpotTaken}}
	case capacity.ClassUnknown:
		e.Size, e.Reason = a.SKU.Name, "Azure answers "+err.Code+" for "+a.SKU.Name+", which syncer does not know"
		return []block{{e, blockUnknown}}
	case capacity.ClassStuck:
		e.Size, e.Reason = a.SKU.Name, "creating nodes of "+a.SKU.Name+" did not finish"
		return []block{{e, blockBroken}}
	}
	return nil
}

// notOffered blocks a size that Azure does not offer: at one priority or at both, in zones or everywhere.
func notOffered(err *capacity.CloudError, a Attempt, e Entry) []block {
	e.Size, e.Reason = a.SKU.Name, "Azure does not offer "+a.SKU.Name+" here"
	switch {
	case err.Code == "AvailabilityZoneNotSupported" && len(a.Zones) > 0:
		e.Priority, e.Reason = "", "Azure does not offer "+a.SKU.Name+" in the zones"
		return inZones(e, a.Zones, blockUnavailable)
	case err.Code != "SkuNotAvailable" && !notNow(err.Message): // not for this subscription, at any priority
		e.Priority = ""
		return []block{{e, blockUnavailable}}
	case a.Spot:
		return []block{{e, blockSpotSize}}
	}
	return []block{{e, blockUnavailable}}
}

// notNow reports whether the words of SkuNotAvailable stand in a wrapper, for a size that is short rather than not
// offered.
func notNow(message string) bool {
	return strings.Contains(strings.ToLower(message), "is currently not available in location")
}

// quotaBlock blocks the sizes that exceed the quota that is left. Smaller sizes of the family may still fit.
func quotaBlock(q capacity.QuotaError, a Attempt, e Entry) block {
	if q.Family == "" {
		q.Family = a.SKU.Family
	}
	e.Reason = q.String()
	if r, ok := q.Request(); ok {
		e.Reason += "; " + r.String()
	}
	switch {
	case a.Spot || strings.EqualFold(q.Family, capacity.QuotaSpot):
		e.Priority = capacity.Spot
		return block{e, blockNoQuota} // one quota for all spot nodes
	case strings.EqualFold(q.Family, capacity.QuotaRegional):
		e.VCPUs = threshold(q, a)
		return block{e, blockQuota}
	}
	e.Family = a.SKU.Family
	if e.Family == "" {
		e.Size = a.SKU.Name
	}
	if q.Known && q.Limit == 0 && !q.OnlyLeft {
		return block{e, blockNoQuota}
	}
	e.VCPUs = threshold(q, a)
	return block{e, blockQuota}
}

// threshold returns the fewest vCPUs of a node that exceed the quota that is left. If one node would fit but not the
// number that the attempt asked for, the threshold is that node's size.
func threshold(q capacity.QuotaError, a Attempt) int {
	if q.Known && q.Left() < a.SKU.VCPUs {
		return q.Left() + 1
	}
	return a.SKU.VCPUs
}

// inZones returns a block for each zone, or one without a zone for an attempt without zones: capacity inside a zone and
// capacity without a zone often differ.
func inZones(e Entry, zones []string, length time.Duration) []block {
	if len(zones) == 0 {
		return []block{{e, length}}
	}
	var out []block
	for _, z := range zones {
		e.Zone = z
		out = append(out, block{e, length})
	}
	return out
}

// nextConstraint returns the next constraint of the attempt to give up.
func nextConstraint(had, dropped []Constraint) (Constraint, bool) {
	for _, c := range constraints {
		if slices.Contains(had, c) && !slices.Contains(dropped, c) {
			return c, true
		}
	}
	return "", false
}
