// SPDX-License-Identifier: Apache-2.0

package pack

import "math"

// dual is a lower bound that knows the caps. What a node takes of a cap is paid for at the cap's own price, and what
// the caps hold is paid back: no solution that keeps to the caps costs less than the cheapest one at these prices. The
// prices are those for which that bound is highest, more or less, so that it is as strong as the linear program.
type dual struct {
	price []float64 // of a node of each bin, with what it takes of the caps
	least []float64 // that an item of each group costs
	rest  []float64 // of all items of a group and those after it
	back  float64   // for the caps
}

// dualSteps is how often the prices of the caps are corrected.
const dualSteps = 300

// dualize looks for the prices of the caps by the subgradient method, with steps after Polyak: as long as the distance
// to a cost that is known to be possible suggests.
func (p *Program) dualize(possible int64) dual {
	prices := make([]float64, len(p.Caps))
	best := p.dualAt(prices)
	bestBound, patience := best.bound(p), 0
	step := 1.0
	for range dualSteps {
		d := p.dualAt(prices)
		bound := d.bound(p)
		if bound > bestBound {
			best, bestBound, patience = d, bound, 0
		} else if patience++; patience == 15 {
			step, patience = step/2, 0
		}
		over := p.overuse(d)
		norm := 0.0
		for r, o := range over {
			if o < 0 && prices[r] == 0 {
				over[r] = 0
			}
			norm += over[r] * over[r]
		}
		if norm == 0 {
			break
		}
		length := step * max(float64(possible)-bound, 1) / norm
		for r := range prices {
			prices[r] = max(prices[r]+length*over[r], 0)
		}
	}
	return best
}

// dualAt is the bound for given prices of the caps.
func (p *Program) dualAt(prices []float64) dual {
	d := dual{
		price: make([]float64, len(p.Bins)),
		least: make([]float64, len(p.Groups)),
		rest:  make([]float64, len(p.Groups)+1),
	}
	for b := range p.Bins {
		d.price[b] = float64(p.Bins[b].Price)
		for _, u := range p.Bins[b].Uses {
			d.price[b] += prices[u.Row] * float64(u.Amount)
		}
	}
	for r, c := range p.Caps {
		d.back += prices[r] * float64(c)
	}
	for c := len(p.Groups) - 1; c >= 0; c-- {
		d.least[c], _ = p.cheapest(c, d)
		d.rest[c] = d.rest[c+1] + float64(p.Groups[c].Count)*d.least[c]
	}
	return d
}

// cheapest returns the choice of a group that costs least at the prices of a bound, or -1 for leaving it out.
func (p *Program) cheapest(c int, d dual) (float64, int) {
	low, at := float64(LeftOut), -1
	for j, ch := range p.Groups[c].Choices {
		if cost := d.price[ch.Bin] * float64(ch.Count<<ch.Level) / float64(p.Bins[ch.Bin].Units); cost < low {
			low, at = cost, j
		}
	}
	return low, at
}

// overuse is by how much the cheapest solution at the prices of a bound breaks each cap.
func (p *Program) overuse(d dual) []float64 {
	over := make([]float64, len(p.Caps))
	for r, c := range p.Caps {
		over[r] = -float64(c)
	}
	take := func(b int, units float64) {
		for _, u := range p.Bins[b].Uses {
			over[u.Row] += float64(u.Amount) * units / float64(p.Bins[b].Units)
		}
	}
	for b := range p.Bins {
		units := -float64(p.Bins[b].Holes[0])
		for l, n := range p.Bins[b].Fixed {
			units += float64(n << l)
		}
		take(b, units)
	}
	for c := range p.Groups {
		if _, j := p.cheapest(c, d); j >= 0 {
			ch := p.Groups[c].Choices[j]
			take(ch.Bin, float64(p.Groups[c].Count*ch.Count<<ch.Level))
		}
	}
	return over
}

// bound is the bound before anything is placed.
func (d *dual) bound(p *Program) float64 {
	sum := d.rest[0] - d.back
	for b := range p.Bins {
		units := -p.Bins[b].Holes[0]
		for l, n := range p.Bins[b].Fixed {
			units += n << l
		}
		sum += d.price[b] * float64(units) / float64(p.Bins[b].Units)
	}
	return sum
}

// low is the bound where the search is, a little below what the sums say, since they are not exact.
func (d *dual) low(x *explorer, c, i int) int64 {
	sum := d.rest[c] - float64(i)*d.least[c] - d.back + float64(x.t.Cost/LeftOut)*float64(LeftOut)
	for b := range x.p.Bins {
		units := -x.p.Bins[b].Holes[0]
		for l, n := range x.t.Load[b] {
			units += n << l
		}
		sum += d.price[b] * float64(units) / float64(x.p.Bins[b].Units)
	}
	return int64(math.Floor(sum - 1 - 1e-12*math.Abs(sum)))
}
