package capacity

import "math"

// dual is a lower bound that knows the caps. What a node takes of a cap is paid for at the cap's own price, and what the caps hold
// is paid back: no solution that keeps to the caps costs less than the cheapest one at these prices. The prices are those for
// which that bound is highest, more or less, so that it is as strong as the linear program.
type dual struct {
	price []float64 // of a node of each bin, with what it takes of the caps
	least []float64 // that an item of each class costs
	rest  []float64 // of all items of a class and those after it
	back  float64   // for the caps
}

// dualSteps is how often the prices of the caps are corrected.
const dualSteps = 300

// dualize looks for the prices of the caps by the subgradient method, with steps after Polyak: as long as the distance to a cost
// that is known to be possible suggests.
func (p *program) dualize(possible int64) dual {
	prices := make([]float64, len(p.caps))
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
func (p *program) dualAt(prices []float64) dual {
	d := dual{price: make([]float64, len(p.bins)), least: make([]float64, len(p.classes)), rest: make([]float64, len(p.classes)+1)}
	for b := range p.bins {
		d.price[b] = float64(p.bins[b].price)
		for _, u := range p.bins[b].uses {
			d.price[b] += prices[u.row] * float64(u.amount)
		}
	}
	for r, c := range p.caps {
		d.back += prices[r] * float64(c)
	}
	for c := len(p.classes) - 1; c >= 0; c-- {
		d.least[c], _ = p.cheapest(c, d)
		d.rest[c] = d.rest[c+1] + float64(p.classes[c].n)*d.least[c]
	}
	return d
}

// cheapest returns the choice of a class that costs least at the prices of a bound, or -1 for leaving it out.
func (p *program) cheapest(c int, d dual) (float64, int) {
	low, at := float64(leftOut), -1
	for j, ch := range p.classes[c].choices {
		if cost := d.price[ch.bin] * float64(ch.count<<ch.level) / float64(p.bins[ch.bin].units); cost < low {
			low, at = cost, j
		}
	}
	return low, at
}

// overuse is by how much the cheapest solution at the prices of a bound breaks each cap.
func (p *program) overuse(d dual) []float64 {
	over := make([]float64, len(p.caps))
	for r, c := range p.caps {
		over[r] = -float64(c)
	}
	take := func(b int, units float64) {
		for _, u := range p.bins[b].uses {
			over[u.row] += float64(u.amount) * units / float64(p.bins[b].units)
		}
	}
	for b := range p.bins {
		units := -float64(p.bins[b].holes[0])
		for l, n := range p.bins[b].fixed {
			units += float64(n << l)
		}
		take(b, units)
	}
	for c := range p.classes {
		if _, j := p.cheapest(c, d); j >= 0 {
			ch := p.classes[c].choices[j]
			take(ch.bin, float64(p.classes[c].n*ch.count<<ch.level))
		}
	}
	return over
}

// bound is the bound before anything is placed.
func (d *dual) bound(p *program) float64 {
	sum := d.rest[0] - d.back
	for b := range p.bins {
		units := -p.bins[b].holes[0]
		for l, n := range p.bins[b].fixed {
			units += n << l
		}
		sum += d.price[b] * float64(units) / float64(p.bins[b].units)
	}
	return sum
}

// low is the bound where the search is, a little below what the sums say, since they are not exact.
func (d *dual) low(x *explorer, c, i int) int64 {
	sum := d.rest[c] - float64(i)*d.least[c] - d.back + float64(x.t.cost/leftOut)*float64(leftOut)
	for b := range x.p.bins {
		units := -x.p.bins[b].holes[0]
		for l, n := range x.t.load[b] {
			units += n << l
		}
		sum += d.price[b] * float64(units) / float64(x.p.bins[b].units)
	}
	return int64(math.Floor(sum - 1 - 1e-12*math.Abs(sum)))
}
