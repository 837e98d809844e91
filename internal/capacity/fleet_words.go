package capacity

import (
	"fmt"
	"strings"
	"time"
)

// The words for why there is no place, and what would help.

func outOfCapacity(size, reason string, until, now time.Time) string {
	if until.IsZero() {
		return reason
	}
	layout := "15:04"
	if until.Sub(now) > 24*time.Hour {
		layout = "2006-01-02 15:04"
	}
	text := fmt.Sprintf("%s cannot be had until %s UTC", size, until.UTC().Format(layout))
	if reason != "" {
		text += ": " + reason
	}
	return text
}

func tooManyPools(n int) Unplaced {
	return Unplaced{"TooManyPools", fmt.Sprintf("AKS allows a cluster %d pools, of which %d are there and the others wanted by those before; remove one, or leave out resource.instanceType to share pools", maxPools, n)}
}

func (p *planner) shortOf(row string, missing, left int64, sku SKU, spot bool) Unplaced {
	switch row {
	case rowNodes:
		return Unplaced{"LimitReached", fmt.Sprintf("capacity.limits.nodes is %d, which leaves %d; %d more would be needed", p.in.Limits.Nodes, left, missing)}
	case rowMoney:
		if p.rank(sku.Name, spot) == unknownPrice {
			return Unplaced{"LimitReached", fmt.Sprintf("the price of %s in %s is unknown, and capacity.limits.hourlyCost is set", sku.Name, p.in.Region)}
		}
		return Unplaced{"LimitReached", fmt.Sprintf("capacity.limits.hourlyCost is %.2f, which leaves %.2f USD/h; %.2f more would be needed for %s",
			p.in.Limits.HourlyCost, float64(left)/1e6, float64(missing)/1e6, sku.Name)}
	}
	what := row
	if row == rowRegion {
		what = "the region's quota (cores)"
	}
	text := fmt.Sprintf("%d vCPU of %s short in %s", missing, what, p.in.Region)
	if spot {
		text += " (spot)"
	}
	return Unplaced{"QuotaExceeded", text + fmt.Sprintf(", for %s; ask Azure for more quota, or allow other sizes", sku.Name)}
}

func joined(names []string) string { return strings.Join(names, ", ") }
