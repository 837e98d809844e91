// SPDX-License-Identifier: Apache-2.0

package pack

// exactSteps bounds the search for the optimum, in steps rather than in time, so that the same fleet always gets the
// same plan.
const exactSteps = 80_000

// exact looks for the best solution by branch and bound: items in the order of their groups, one after another. A
// branch ends where even its lower bound is no better than the best that is known, and where the same loads have been
// met before. It reports whether it has seen everything, so that best is the optimum.
func (p *Program) exact(best Solution, steps int) (Solution, bool) {
	x := &explorer{
		p:     p,
		t:     p.Empty(),
		best:  best.clone(),
		bound: p.Total(best).Cost,
		seen:  map[uint64]struct{}{},
		steps: steps,
	}
	x.rest = make([]int64, len(p.Groups)+1)
	for c := len(p.Groups) - 1; c >= 0; c-- {
		x.rest[c] = x.rest[c+1] + int64(p.Groups[c].Count)*p.least(c)
	}
	x.dual = p.dualize(x.bound)
	for c := range p.Groups {
		for _, ch := range p.Groups[c].Choices {
			x.items = x.items || len(ch.Uses) > 0
		}
	}
	x.now = make(Solution, len(p.Groups))
	for c := range x.now {
		x.now[c] = make([]int, len(p.Groups[c].Choices)+1)
	}
	x.walk(0, 0, 0)
	return x.best, x.steps > 0
}

// least is the least that an item of a group can cost.
func (p *Program) least(c int) int64 {
	low := LeftOut
	for _, ch := range p.Groups[c].Choices {
		low = min(low, p.Share(ch))
	}
	return low
}

type explorer struct {
	p     *Program
	t     *Tally
	now   Solution
	best  Solution
	bound int64 // cost of best
	rest  []int64
	dual  dual
	seen  map[uint64]struct{}
	steps int
	items bool // some items use caps themselves
}

// walk places the i-th item of group c by one of its choices from j on: items of a group are alike, so that their order
// does not matter.
func (x *explorer) walk(c, i, j int) {
	for c < len(x.p.Groups) && i == x.p.Groups[c].Count {
		c, i, j = c+1, 0, 0
	}
	if c == len(x.p.Groups) {
		if x.t.Cost < x.bound {
			x.bound, x.best = x.t.Cost, x.now.clone()
		}
		return
	}
	if x.steps--; x.steps < 0 || x.low(c, i) >= x.bound {
		return
	}
	key := x.key(c, i, j)
	if _, ok := x.seen[key]; ok {
		return
	}
	x.seen[key] = struct{}{}
	for ; j <= len(x.p.Groups[c].Choices); j++ {
		x.t.add(c, j, 1)
		x.now[c][j]++
		if x.t.Feasible() {
			x.walk(c, i+1, j)
		}
		x.now[c][j]--
		x.t.add(c, j, -1)
	}
}

// low is the least that a solution from here on can cost: what nodes cost already, and the items that are left at the
// price of the part of a node, of which free parts of nodes that are paid for are taken off.
func (x *explorer) low(c, i int) int64 {
	rest := x.rest[c] - int64(i)*x.p.least(c)
	free := int64(0)
	for b := range x.p.Bins {
		bin := &x.p.Bins[b]
		units := x.t.Nodes[b]*bin.Units + bin.Holes[0]
		for l, n := range x.t.Load[b] {
			units -= n << l
		}
		free += bin.Price * int64(units) / int64(bin.Units)
	}
	return max(x.t.Cost+max(rest-free, 0), x.dual.low(x, c, i))
}

// key hashes where the search is (FNV-1a over the numbers). Equal loads cost the same and leave the same to be done.
func (x *explorer) key(c, i, j int) uint64 {
	h := uint64(14695981039346656037)
	mix := func(n int) { h = (h ^ uint64(n)) * 1099511628211; h ^= h >> 29 }
	mix(c)
	mix(i)
	mix(j)
	mix(int(x.t.Cost / LeftOut))
	if x.items { // what items use themselves does not follow from the loads
		for _, u := range x.t.Used {
			mix(int(u))
		}
	}
	for b := range x.t.Load {
		bin := &x.p.Bins[b]
		if bin.Holes[0] == 0 { // only the sum matters
			sum := 0
			for l, n := range x.t.Load[b] {
				sum += n << l
			}
			mix(sum)
			continue
		}
		for _, n := range x.t.Load[b] {
			mix(n)
		}
	}
	return h
}
