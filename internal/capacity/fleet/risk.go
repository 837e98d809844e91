// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"strings"

	"syncer.dev/syncer/internal/capacity"
)

// risked is the rank of a new node with a surcharge for the risk that Azure refuses its size.
func (p *planner) risked(sku capacity.SKU, priority capacity.Priority) int64 {
	price := float64(p.prices.Rank(sku.Name, priority))
	families := p.in.Quota.Families
	if priority != capacity.Spot && len(families) > 0 && !families[strings.ToLower(sku.Family)].Known {
		price *= unknownQuota
	}
	if p.in.Unavailable != nil {
		price /= max(p.in.Unavailable.Chance(sku, priority, p.in.Now), leastChance)
	}
	return int64(price + 0.5)
}

// The surcharges for risk are syncer's own. Azure lists the quota of every family that a subscription has, so a family
// that is missing from the list probably has none. leastChance bounds the surcharge of a low chance.
const (
	unknownQuota = 1.25
	leastChance  = 0.1
)
