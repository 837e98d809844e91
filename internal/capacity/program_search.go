package capacity

import (
	"math"
	"math/rand/v2"
)

// solve returns a good solution, and whether it is known to be the best.
//
// Most fleets are bound by no cap: then what is best without caps is best with them, and a choice that costs more than another
// has no merit. Only if that solution breaks a cap, the whole program is searched.
func (p *program) solve() (solution, bool) {
	if len(p.classes) == 0 {
		return solution{}, true
	}
	free, back := p.relaxed()
	s, proven := free.search()
	s = expand(s, back, p)
	if p.total(s).feasible() {
		return s, proven
	}
	return p.search()
}

// search takes the better of a greedy start and its annealing, and on to the optimum if that is not too far.
func (p *program) search() (solution, bool) {
	s := p.greedy()
	p.descend(s)
	s, proven := p.exact(s, exactSteps/10)
	if proven || p.quick {
		return s, proven
	}
	s = p.anneal(s)
	p.descend(s)
	if p.items() > exactItems {
		cost := p.total(s).cost
		d := p.dualize(cost)
		return s, float64(cost) <= math.Ceil(d.bound(p))
	}
	return p.exact(s, exactSteps)
}

// exactItems is up to how many items the search for the optimum has a chance to end.
const exactItems = 60

func (p *program) items() int {
	n := 0
	for _, c := range p.classes {
		n += c.n
	}
	return n
}

// relaxed returns the program without caps, and without the choices that then have no merit: whole nodes that cost more than
// other whole nodes, and kinds of shared nodes of which even a part costs every class at least as much as its cheapest whole
// node. back maps its choices to those of p.
func (p *program) relaxed() (free *program, back [][]int) {
	free = &program{bins: make([]bin, len(p.bins)), pools: math.MaxInt32, quick: p.quick}
	copy(free.bins, p.bins)
	for b := range free.bins {
		free.bins[b].uses = nil
	}
	whole := make([]int64, len(p.classes))
	cheapest := make([]int, len(p.classes))
	useful := make([]bool, len(p.bins))
	for c, class := range p.classes {
		whole[c], cheapest[c] = math.MaxInt64, -1
		for j, ch := range class.choices {
			if b := &p.bins[ch.bin]; b.units == 1<<ch.level && b.holes[0] == 0 && p.share(ch) < whole[c] {
				whole[c], cheapest[c] = p.share(ch), j
			}
		}
	}
	for c, class := range p.classes {
		for _, ch := range class.choices {
			if b := &p.bins[ch.bin]; b.holes[0] > 0 || b.fixed != [levels]int{} || p.share(ch) < whole[c] {
				useful[ch.bin] = true
			}
		}
	}
	for c, class := range p.classes {
		kept := classOf(class.n)
		var to []int
		for j, ch := range class.choices {
			b := &p.bins[ch.bin]
			wholeNode := b.units == 1<<ch.level && b.holes[0] == 0
			if j == cheapest[c] || useful[ch.bin] && !wholeNode {
				kept.choices = append(kept.choices, ch)
				to = append(to, j)
			}
		}
		free.classes = append(free.classes, kept)
		back = append(back, to)
	}
	return free, back
}

func classOf(n int) class { return class{n: n} }

func expand(s solution, back [][]int, p *program) solution {
	out := make(solution, len(s))
	for c := range s {
		out[c] = make([]int, len(p.classes[c].choices)+1)
		for j, to := range back[c] {
			out[c][to] = s[c][j]
		}
		out[c][len(p.classes[c].choices)] = s[c][len(back[c])]
	}
	return out
}

// greedy gives each item in turn the choice that costs least at that moment.
func (p *program) greedy() solution {
	t := p.empty()
	s := make(solution, len(p.classes))
	for c, class := range p.classes {
		s[c] = make([]int, len(class.choices)+1)
		for range class.n {
			best, at := int64(math.MaxInt64), len(class.choices)
			for j := range class.choices {
				before := t.cost
				t.add(c, j, 1)
				// Among choices that cost the same for now, the one whose part of the node is worth less.
				if delta := t.cost - before; t.feasible() && (delta < best || delta == best && p.share(class.choices[j]) < p.share(class.choices[at])) {
					best, at = delta, j
				}
				t.add(c, j, -1)
			}
			t.add(c, at, 1)
			s[c][at]++
		}
	}
	return s
}

// descend moves items from choice to choice as long as that saves something: one, as many as fill a node, or all.
func (p *program) descend(s solution) {
	t := p.total(s)
	for range 50 {
		improved := false
		for c := range p.classes {
			for i := range s[c] {
				for j := range s[c] {
					for _, k := range p.portions(&p.classes[c], i, j, s[c][i]) {
						if i == j || s[c][i] < k || k < 1 {
							continue
						}
						before := t.cost
						t.add(c, i, -k)
						t.add(c, j, k)
						if t.cost < before && t.feasible() {
							s[c][i] -= k
							s[c][j] += k
							improved = true
							continue
						}
						t.add(c, j, -k)
						t.add(c, i, k)
					}
				}
			}
		}
		if !improved {
			return
		}
	}
}

// portions are the numbers of items that are worth moving together: one, as many as fill a node of either choice, or all. Not
// all of them differ.
func (p *program) portions(class *class, i, j, n int) [4]int {
	out := [4]int{1, 1, 1, n}
	for k, at := range [2]int{i, j} {
		if at < len(class.choices) {
			ch := class.choices[at]
			out[1+k] = min(max(p.bins[ch.bin].units>>ch.level, 1), n)
		}
	}
	return out
}

// annealSteps bounds the annealing, in steps rather than in time: the same fleet always gets the same plan. It is done several
// times, each from the best so far, at another temperature to begin with: as part of the price of the most expensive node. It
// ends when moves that cost more than cold are refused.
const (
	annealSteps = 280_000
	cold        = 2e-6
	manyItems   = 500 // from which on a third of the steps will do: nodes are a small part of the whole then
)

var hot = [...]float64{0.25, 0.02, 0.05, 0.02}

// anneal moves items at random, at first also to where they cost more, so as to come out of what is best only nearby. Swaps
// matter where caps are tight: something has to leave before something else can enter.
func (p *program) anneal(s solution) solution {
	best, bestCost := s.clone(), p.total(s).cost
	top := int64(1)
	var open []int // classes with a choice
	for c := range p.classes {
		if len(p.classes[c].choices) > 0 {
			open = append(open, c)
		}
	}
	for b := range p.bins {
		top = max(top, p.bins[b].price)
	}
	if len(open) == 0 {
		return best
	}
	steps := annealSteps
	if p.items() > manyItems {
		steps /= 3
	}
	for start, warm := range hot {
		rng := rand.New(rand.NewPCG(uint64(start), 1))
		now := best.clone()
		t := p.total(now)
		heat, cool := float64(top)*warm, math.Pow(cold/warm, float64(len(hot))/float64(steps))
		for range steps / len(hot) {
			heat *= cool
			var moves [2]move
			n := 1 + rng.IntN(2)
			before := t.cost
			for m := range n {
				moves[m] = p.move(rng, open, now)
				moves[m].do(t, now)
			}
			delta := float64(t.cost - before)
			if !t.feasible() || delta > 0 && rng.Float64() >= math.Exp(-delta/heat) {
				for m := n - 1; m >= 0; m-- {
					moves[m].undo(t, now)
				}
				continue
			}
			if t.cost < bestCost {
				best, bestCost = now.clone(), t.cost
			}
		}
	}
	return best
}

// move takes k items of a class from one choice to another.
type move struct{ c, from, to, k int }

func (p *program) move(rng *rand.Rand, open []int, s solution) move {
	c := open[rng.IntN(len(open))]
	m := move{c: c, from: rng.IntN(len(s[c])), to: rng.IntN(len(s[c]))}
	for tries := 0; s[c][m.from] == 0 && tries < 2*len(s[c]); tries++ {
		m.from = (m.from + 1) % len(s[c])
	}
	if m.from == m.to {
		return move{c: c}
	}
	portions := p.portions(&p.classes[c], m.from, m.to, s[c][m.from])
	m.k = min(portions[rng.IntN(len(portions))], s[c][m.from])
	return m
}

func (m move) do(t *tally, s solution) {
	if m.k > 0 {
		t.add(m.c, m.from, -m.k)
		t.add(m.c, m.to, m.k)
		s[m.c][m.from] -= m.k
		s[m.c][m.to] += m.k
	}
}

func (m move) undo(t *tally, s solution) {
	move{m.c, m.to, m.from, m.k}.do(t, s)
}
