// SPDX-License-Identifier: Apache-2.0

package view

import (
	"cmp"
	"slices"
	"strings"
)

// Cost is what the Workspaces cost, by namespace.
type Cost struct {
	Namespaces []Spending // the most expensive first
	Sum        Spending
	Pools      Money  // of all pools; not asked for a client who sees only some namespaces
	Idle       Money  // of Pools, what no Workspace has a part in
	Limit      Part   // capacity.limits.hourlyCost; Of is 0 without one
	PricesDate string // "" without a price
}

// Spending is what a namespace costs.
type Spending struct {
	Namespace  string
	Workspaces int
	GPUs       int
	Hourly     float64
	Unpriced   int
	Part       Part // of the most expensive namespace
}

// Monthly returns the cost of a month.
func (s Spending) Monthly() float64 { return Money{USD: s.Hourly}.Monthly() }

// Cost returns what the Workspaces cost.
func (b *Board) Cost(sees Sees) Cost {
	var out Cost
	at := map[string]int{}
	for i := range b.rows {
		r := &b.rows[i]
		name := r.report.Namespace
		if !sees(name) {
			continue
		}
		k, known := at[name]
		if !known {
			k = len(out.Namespaces)
			at[name] = k
			out.Namespaces = append(out.Namespaces, Spending{Namespace: name})
		}
		for _, s := range []*Spending{&out.Namespaces[k], &out.Sum} {
			s.Workspaces++
			s.GPUs += r.gpus
			s.Hourly += r.cost.USD
			if r.cost.Asked && !r.cost.Known {
				s.Unpriced++
			}
		}
		if r.report.PricesDate != "" {
			out.PricesDate = text(r.report.PricesDate)
		}
	}
	slices.SortFunc(out.Namespaces, func(x, y Spending) int {
		return cmp.Or(cmp.Compare(y.Hourly, x.Hourly), strings.Compare(x.Namespace, y.Namespace))
	})
	for i := range out.Namespaces {
		out.Namespaces[i].Part = Part{out.Namespaces[i].Hourly, out.Namespaces[0].Hourly}
	}
	if sees("") && len(b.facts.Pools) > 0 {
		out.Pools = moneyFor(b.facts.Plan.Cost.Before)
		out.Limit = Part{out.Pools.USD, b.facts.Limits.HourlyCost}
		if idle := out.Pools.USD - out.Sum.Hourly; out.Pools.Known && out.Sum.Unpriced == 0 && idle > 0.005 {
			out.Idle = Money{USD: idle, Known: true, Asked: true}
		}
	}
	return out
}
