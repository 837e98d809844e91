// SPDX-License-Identifier: Apache-2.0

package ledger

import "syncer.dev/syncer/internal/capacity"

// Prices are the prices of nodes in a region.
type Prices struct {
	Region string
	// List returns the price of a node per hour; nil for that of the embedded list.
	List func(size string, priority capacity.Priority) capacity.Cost
}

// unknownPrice is the Rank of a size without any price, in millionths of a US dollar per hour: more than any size
// costs.
const unknownPrice = int64(1000e6)

// Of returns the price of a node per hour.
func (p Prices) Of(size string, priority capacity.Priority) capacity.Cost {
	if p.List != nil {
		return p.List(size, priority)
	}
	return capacity.Price(p.Region, size, priority)
}

// Share returns the part of an option in the price of its nodes, by GPUs.
func (p Prices) Share(o *capacity.Option, priority capacity.Priority) capacity.Cost {
	c := p.Of(o.SKU.Name, priority).Times(o.Nodes)
	if o.SKU.GPUs > 0 && o.GPUsPerNode < o.SKU.GPUs {
		c.USD *= float64(o.GPUsPerNode) / float64(o.SKU.GPUs)
	}
	return c
}

// Rank is the price for comparing nodes, in millionths of a US dollar per hour. Spot without a price uses the regular
// price; a size without any price ranks last.
func (p Prices) Rank(size string, priority capacity.Priority) int64 {
	c := p.Of(size, priority)
	if !c.Known && priority == capacity.Spot {
		c = p.Of(size, capacity.OnDemand)
	}
	if !c.Known {
		return unknownPrice
	}
	return int64(c.USD*1e6 + 0.5)
}

// Compare notes in Verdicts how much dearer each option is than the cheapest one, by the share of its nodes.
func (p Prices) Compare(all []capacity.Verdict, priority capacity.Priority) {
	cost := func(v *capacity.Verdict) capacity.Cost { return p.Share(&v.Option, priority) }
	var least *capacity.Verdict
	for i := range all {
		if c := cost(&all[i]); c.Known && (least == nil || c.USD < cost(least).USD) {
			least = &all[i]
		}
	}
	for i := range all {
		if c := cost(&all[i]); least != nil && c.Known && c.USD > cost(least).USD {
			all[i].Dearer = capacity.Cost{USD: c.USD - cost(least).USD, Known: true}
			all[i].Than = least.SKU.Name
		}
	}
}
