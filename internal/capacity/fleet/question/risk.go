// SPDX-License-Identifier: Apache-2.0

package question

import (
	"strings"

	"syncer.dev/syncer/internal/capacity"
)

// Risked is the rank of a new node, by its price, with a surcharge for the risk that Azure refuses its size.
func (in *Input) Risked(rank int64, sku capacity.SKU, priority capacity.Priority) int64 {
	price := float64(rank)
	families := in.Quota.Families
	if priority != capacity.Spot && len(families) > 0 && !families[strings.ToLower(sku.Family)].Known {
		price *= unknownQuota
	}
	if in.Unavailable != nil {
		price /= max(in.Unavailable.Chance(sku, priority, in.Now), leastChance)
	}
	return int64(price + 0.5)
}

// The surcharges for risk are syncer's own. Azure lists the quota of every family that a subscription has, so a family
// that is missing from the list probably has none. leastChance bounds the surcharge of a low chance.
const (
	unknownQuota = 1.25
	leastChance  = 0.1
)

// Unknown lists the checks of a size for which facts are missing.
func (in *Input) Unknown(sku capacity.SKU, priority capacity.Priority) []capacity.Check {
	q := in.Quota
	if priority == capacity.Spot && q.Spot.Known ||
		priority != capacity.Spot && q.Family(sku).Known && q.Regional.Known {
		return nil
	}
	return []capacity.Check{capacity.CheckQuota}
}

// Live returns the pools of syncer that stay, by name.
func (in *Input) Live() map[string]*capacity.LivePool {
	live := map[string]*capacity.LivePool{}
	for i := range in.Pools {
		if l := &in.Pools[i]; l.Owned && !l.System && l.State != capacity.Deleting {
			live[l.Name] = l
		}
	}
	return live
}
