// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"fmt"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/diag"
)

// Obstacle says in words why a limit, a quota or a share refuses a request.
func (l *Ledger) Obstacle(no Shortage, r Request) capacity.Obstacle {
	row, sku := l.names[no.Row], r.Option.SKU
	out := capacity.Obstacle{
		Check:  capacity.CheckLimit,
		Reason: diag.LimitReached,
		Name:   row,
		Need:   inUnit(row, no.missing+no.left),
		Have:   inUnit(row, no.left),
		Unit:   unitOf(row),
	}
	unknown := row == rowMoney && l.prices.Rank(sku.Name, r.Priority) == unknownPrice
	switch {
	case no.share && !unknown:
		out.Check = capacity.CheckShare
		out.Message = fmt.Sprintf("namespace %s may use %d%% of %s (policy.priority.shares), which leaves %s; needs %s more",
			r.Namespace, l.limits.Shares[r.Namespace], rowName(row), amount(row, no.left), amount(row, no.missing))
	case row == rowNodes:
		out.Message = fmt.Sprintf("capacity.limits.nodes is %d, which leaves %d; needs %d more",
			l.limits.Nodes, no.left, no.missing)
	case row == rowMoney:
		out.Message = fmt.Sprintf("capacity.limits.hourlyCost is %.2f, which leaves %.2f USD/h; needs %.2f more for %s",
			l.limits.HourlyCost, float64(no.left)/1e6, float64(no.missing)/1e6, sku.Name)
		if unknown {
			out.Message = fmt.Sprintf("the price of %s in %s is unknown, and capacity.limits.hourlyCost is set",
				sku.Name, l.prices.Region)
		}
	default:
		text := fmt.Sprintf("%d vCPU of %s short in %s", no.missing, rowName(row), l.prices.Region)
		if r.Priority == capacity.Spot {
			text += " (spot)"
		}
		out.Check, out.Reason = capacity.CheckQuota, diag.QuotaExceeded
		out.Message = text + fmt.Sprintf(", for %s; allow other sizes, or %s", sku.Name, l.quotaRequest(row, no.missing, sku))
	}
	return out
}

// quotaRequest returns what to ask Azure for, so that the missing vCPUs of a quota are there.
func (l *Ledger) quotaRequest(row string, missing int64, sku capacity.SKU) capacity.QuotaRequest {
	quota := l.quota.Family(sku)
	switch row {
	case capacity.QuotaRegional:
		quota = l.quota.Regional
	case capacity.QuotaSpot:
		quota = l.quota.Spot
	}
	r := capacity.QuotaRequest{Name: row, Region: l.prices.Region, More: int(missing)}
	if quota.Known {
		r.Limit = quota.Max + int(missing)
	}
	return r
}

// rowName is the name of a row in messages.
func rowName(row string) string {
	if row == capacity.QuotaRegional {
		return "the region's quota (cores)"
	}
	return row
}

// amount is an amount of a row with its unit.
func amount(row string, n int64) string {
	if row == rowMoney {
		return fmt.Sprintf("%.2f %s", inUnit(row, n), unitOf(row))
	}
	if row == rowNodes && n == 1 {
		return "1 node"
	}
	return fmt.Sprintf("%d %s", n, unitOf(row))
}

// inUnit is an amount of a row in the unit that people read.
func inUnit(row string, n int64) float64 {
	if row == rowMoney {
		return float64(n) / 1e6
	}
	return float64(n)
}

func unitOf(row string) string {
	switch row {
	case rowMoney:
		return "USD/h"
	case rowNodes:
		return "nodes"
	}
	return "vCPU"
}
