package capacity

import (
	"slices"
	"strings"
	"time"
)

// lesson is a block, and how long it lasts when it is the first.
type lesson struct {
	block  Block
	length time.Duration
}

// lessons returns what trouble with an attempt teaches. dropped are the constraints that the attempt had already given up.
func lessons(t *CloudError, a Attempt, dropped []Constraint) []lesson {
	priority := OnDemand
	if a.Spot {
		priority = Spot
	}
	b := Block{Code: t.Code, Priority: priority}
	switch t.Class {
	case ClassQuota:
		return []lesson{quotaLesson(ParseShortage(t.Message), a, b)}
	case ClassUnavailable:
		b.Size, b.Reason = a.SKU.Name, "Azure does not offer "+a.SKU.Name+" here"
		switch {
		case t.Code != "SkuNotAvailable": // to this subscription, at no price
			b.Priority = ""
			return []lesson{{b, blockUnavailable}}
		case a.Spot:
			return []lesson{{b, blockSpotSize}}
		}
		return []lesson{{b, blockUnavailable}}
	case ClassConstraint:
		if c, ok := nextConstraint(a.Constraints, dropped); ok {
			b.Size, b.Constraint = a.SKU.Name, c
			b.Reason = a.SKU.Name + " cannot be had with " + string(c)
			return []lesson{{b, blockAllocation}}
		}
		b.Size, b.Reason = a.SKU.Name, "Azure has no "+a.SKU.Name+" right now"
		return inZones(b, a.Zones, blockAllocation)
	case ClassCapacity:
		b.Family, b.VCPUs, b.Reason = a.SKU.Family, a.SKU.VCPUs, "Azure has no "+a.SKU.Name+" right now"
		if t.Code == "ZonalAllocationFailed" {
			b.Priority = ""
		}
		if a.SKU.Family == "" {
			b.Size = a.SKU.Name
		}
		return inZones(b, a.Zones, blockAllocation)
	case ClassRegion:
		b.Priority, b.Reason = "", "the region takes no new nodes right now"
		return []lesson{{b, blockRegion}}
	case ClassNoGPUs:
		b.Size, b.Reason = a.SKU.Name, "the GPUs of a pool of "+a.SKU.Name+" never appeared"
		return []lesson{{b, blockBroken}}
	case ClassStuck:
		b.Size, b.Reason = a.SKU.Name, "creating nodes of "+a.SKU.Name+" did not come to an end"
		return []lesson{{b, blockBroken}}
	}
	return nil
}

// quotaLesson blocks what does not fit into the quota that is left: smaller sizes of the family may.
func quotaLesson(s Shortage, a Attempt, b Block) lesson {
	if s.Family == "" {
		s.Family = a.SKU.Family
	}
	b.Reason = s.String()
	switch {
	case a.Spot || strings.EqualFold(s.Family, "lowPriorityCores"):
		b.Priority = Spot
		return lesson{b, blockNoQuota} // one quota for all spot
	case strings.EqualFold(s.Family, "cores"):
		b.VCPUs = threshold(s, a)
		return lesson{b, blockQuota}
	}
	b.Family = a.SKU.Family
	if b.Family == "" {
		b.Size = a.SKU.Name
	}
	if s.Known && s.Limit == 0 && !s.OnlyLeft {
		return lesson{b, blockNoQuota}
	}
	b.VCPUs = threshold(s, a)
	return lesson{b, blockQuota}
}

// threshold returns from how many vCPUs on a node is too big: what is more than is left. When the node itself would fit, but
// not as many as were asked for, it is the node.
func threshold(s Shortage, a Attempt) int {
	if s.Known && s.Left() < a.SKU.VCPUs {
		return s.Left() + 1
	}
	return a.SKU.VCPUs
}

// inZones returns a lesson for each zone, or one for where no zone is asked for: Azure often has without a zone what it does
// not have in one, and the other way round.
func inZones(b Block, zones []string, length time.Duration) []lesson {
	if len(zones) == 0 {
		return []lesson{{b, length}}
	}
	var out []lesson
	for _, z := range zones {
		b.Zone = z
		out = append(out, lesson{b, length})
	}
	return out
}

// nextConstraint returns what to give up next.
func nextConstraint(had, dropped []Constraint) (Constraint, bool) {
	for _, c := range constraints {
		if slices.Contains(had, c) && !slices.Contains(dropped, c) {
			return c, true
		}
	}
	return "", false
}
