package capacity

// exactSteps bounds the search for the optimum, in steps rather than in time, so that the same fleet always gets the same
// plan.
const exactSteps = 80_000

// exact looks for the best solution by branch and bound: items in the order of their classes, one after another. A branch ends
// where even its lower bound is no better than the best that is known, and where the same loads have been met before. It
// reports whether it has seen everything, so that best is the optimum.
func (p *program) exact(best solution, steps int) (solution, bool) {
	x := &explorer{p: p, t: p.empty(), best: best.clone(), bound: p.total(best).cost, seen: map[uint64]struct{}{}, steps: steps}
	x.rest = make([]int64, len(p.classes)+1)
	for c := len(p.classes) - 1; c >= 0; c-- {
		x.rest[c] = x.rest[c+1] + int64(p.classes[c].n)*p.least(c)
	}
	x.dual = p.dualize(x.bound)
	x.now = make(solution, len(p.classes))
	for c := range x.now {
		x.now[c] = make([]int, len(p.classes[c].choices)+1)
	}
	x.walk(0, 0, 0)
	return x.best, x.steps > 0
}

// least is the least that an item of a class can cost.
func (p *program) least(c int) int64 {
	low := leftOut
	for _, ch := range p.classes[c].choices {
		low = min(low, p.share(ch))
	}
	return low
}

type explorer struct {
	p     *program
	t     *tally
	now   solution
	best  solution
	bound int64 // cost of best
	rest  []int64
	dual  dual
	seen  map[uint64]struct{}
	steps int
}

// walk places the i-th item of class c by one of its choices from j on: items of a class are alike, so that their order does
// not matter.
func (x *explorer) walk(c, i, j int) {
	for c < len(x.p.classes) && i == x.p.classes[c].n {
		c, i, j = c+1, 0, 0
	}
	if c == len(x.p.classes) {
		if x.t.cost < x.bound {
			x.bound, x.best = x.t.cost, x.now.clone()
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
	for ; j <= len(x.p.classes[c].choices); j++ {
		x.t.add(c, j, 1)
		x.now[c][j]++
		if x.t.feasible() {
			x.walk(c, i+1, j)
		}
		x.now[c][j]--
		x.t.add(c, j, -1)
	}
}

// low is the least that a solution from here on can cost: what nodes cost already, and the items that are left at the price of
// the part of a node, of which free parts of nodes that are paid for are taken off.
func (x *explorer) low(c, i int) int64 {
	rest := x.rest[c] - int64(i)*x.p.least(c)
	free := int64(0)
	for b := range x.p.bins {
		bin := &x.p.bins[b]
		units := x.t.nodes[b]*bin.units + bin.holes[0]
		for l, n := range x.t.load[b] {
			units -= n << l
		}
		free += bin.price * int64(units) / int64(bin.units)
	}
	return max(x.t.cost+max(rest-free, 0), x.dual.low(x, c, i))
}

// key hashes where the search is (FNV-1a over the numbers). Equal loads cost the same and leave the same to be done.
func (x *explorer) key(c, i, j int) uint64 {
	h := uint64(14695981039346656037)
	mix := func(n int) { h = (h ^ uint64(n)) * 1099511628211; h ^= h >> 29 }
	mix(c)
	mix(i)
	mix(j)
	mix(int(x.t.cost / leftOut))
	for b := range x.t.load {
		bin := &x.p.bins[b]
		if bin.holes[0] == 0 { // only the sum matters
			sum := 0
			for l, n := range x.t.load[b] {
				sum += n << l
			}
			mix(sum)
			continue
		}
		for _, n := range x.t.load[b] {
			mix(n)
		}
	}
	return h
}
