// SPDX-License-Identifier: Apache-2.0

package pack

import (
	"math"
	"math/rand/v2"
)

// Solve returns a good solution, and whether it is known to be the best.
//
// Most fleets are bound by no cap: then what is best without caps is best with them, and a choice that costs more than
// another has no merit. Only if that solution breaks a cap, the whole program is searched.
func (p *Program) Solve() (Solution, bool) {
	if len(p.Groups) == 0 {
		return Solution{}, true
	}
	free, back := p.relaxed()
	s, proven := free.search()
	s = expand(s, back, p)
	if p.Total(s).Feasible() {
		return s, proven
	}
	return p.search()
}

// search takes the better of a greedy start and its annealing, and on to the optimum if that is not too far.
func (p *Program) search() (Solution, bool) {
	s := p.greedy()
	p.descend(s)
	s, proven := p.exact(s, exactSteps/10)
	if proven || p.Quick {
		return s, proven
	}
	s = p.anneal(s)
	p.descend(s)
	if p.items() > exactItems {
		cost := p.Total(s).Cost
		d := p.dualize(cost)
		return s, float64(cost) <= math.Ceil(d.bound(p))
	}
	return p.exact(s, exactSteps)
}

// exactItems is up to how many items the search for the optimum has a chance to end.
const exactItems = 60

func (p *Program) items() int {
	n := 0
	for _, c := range p.Groups {
		n += c.Count
	}
	return n
}

// relaxed returns the program without caps, and without the choices that then have no merit: whole nodes that cost more
// than other whole nodes, and kinds of shared nodes of which even a part costs every group at least as much as its
// cheapest whole node. back maps its choices to those of p.
func (p *Program) relaxed() (free *Program, back [][]int) {
	free = &Program{Bins: make([]Bin, len(p.Bins)), Pools: math.MaxInt32, Quick: p.Quick}
	copy(free.Bins, p.Bins)
	for b := range free.Bins {
		free.Bins[b].Uses = nil
	}
	whole := make([]int64, len(p.Groups))
	cheapest := make([]int, len(p.Groups))
	useful := make([]bool, len(p.Bins))
	for c, group := range p.Groups {
		whole[c], cheapest[c] = math.MaxInt64, -1
		for j, ch := range group.Choices {
			if b := &p.Bins[ch.Bin]; b.Units == 1<<ch.Level && b.Holes[0] == 0 && p.Share(ch) < whole[c] {
				whole[c], cheapest[c] = p.Share(ch), j
			}
		}
	}
	for c, group := range p.Groups {
		for _, ch := range group.Choices {
			if b := &p.Bins[ch.Bin]; b.Holes[0] > 0 || b.Fixed != [Levels]int{} || p.Share(ch) < whole[c] {
				useful[ch.Bin] = true
			}
		}
	}
	for c, group := range p.Groups {
		kept := groupOf(group.Count)
		var to []int
		for j, ch := range group.Choices {
			b := &p.Bins[ch.Bin]
			wholeNode := b.Units == 1<<ch.Level && b.Holes[0] == 0
			if j == cheapest[c] || useful[ch.Bin] && !wholeNode {
				ch.Uses = nil
				kept.Choices = append(kept.Choices, ch)
				to = append(to, j)
			}
		}
		free.Groups = append(free.Groups, kept)
		back = append(back, to)
	}
	return free, back
}

func groupOf(n int) Group { return Group{Count: n} }

func expand(s Solution, back [][]int, p *Program) Solution {
	out := make(Solution, len(s))
	for c := range s {
		out[c] = make([]int, len(p.Groups[c].Choices)+1)
		for j, to := range back[c] {
			out[c][to] = s[c][j]
		}
		out[c][len(p.Groups[c].Choices)] = s[c][len(back[c])]
	}
	return out
}

// greedy gives each item in turn the choice that costs least at that moment.
func (p *Program) greedy() Solution {
	t := p.Empty()
	s := make(Solution, len(p.Groups))
	for c, group := range p.Groups {
		s[c] = make([]int, len(group.Choices)+1)
		for range group.Count {
			best, at := int64(math.MaxInt64), len(group.Choices)
			for j := range group.Choices {
				before := t.Cost
				t.add(c, j, 1)
				// Among choices that cost the same for now, the one whose part of the node is worth less.
				if delta := t.Cost - before; t.Feasible() &&
					(delta < best || delta == best && p.Share(group.Choices[j]) < p.Share(group.Choices[at])) {
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
func (p *Program) descend(s Solution) {
	t := p.Total(s)
	for range 50 {
		improved := false
		for c := range p.Groups {
			for i := range s[c] {
				for j := range s[c] {
					for _, k := range p.portions(&p.Groups[c], i, j, s[c][i]) {
						if i == j || s[c][i] < k || k < 1 {
							continue
						}
						before := t.Cost
						t.add(c, i, -k)
						t.add(c, j, k)
						if t.Cost < before && t.Feasible() {
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

// portions are the numbers of items that are worth moving together: one, as many as fill a node of either choice, or
// all. Not all of them differ.
func (p *Program) portions(group *Group, i, j, n int) [4]int {
	out := [4]int{1, 1, 1, n}
	for k, at := range [2]int{i, j} {
		if at < len(group.Choices) {
			ch := group.Choices[at]
			out[1+k] = min(max(p.Bins[ch.Bin].Units>>ch.Level, 1), n)
		}
	}
	return out
}

// annealSteps bounds the annealing, in steps rather than in time: the same fleet always gets the same plan. It is done
// several times, each from the best so far, at another temperature to begin with: as part of the price of the most
// expensive node. It ends when moves that cost more than cold are refused.
const (
	annealSteps = 280_000
	cold        = 2e-6
	manyItems   = 500 // from which on a third of the steps will do: nodes are a small part of the whole then
)

var hot = [...]float64{0.25, 0.02, 0.05, 0.02}

// anneal moves items at random, at first also to where they cost more, so as to come out of what is best only nearby.
// Swaps matter where caps are tight: something has to leave before something else can enter.
func (p *Program) anneal(s Solution) Solution {
	best, bestCost := s.clone(), p.Total(s).Cost
	top := int64(1)
	var open []int // groups with a choice
	for c := range p.Groups {
		if len(p.Groups[c].Choices) > 0 {
			open = append(open, c)
		}
	}
	for b := range p.Bins {
		top = max(top, p.Bins[b].Price)
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
		t := p.Total(now)
		heat, cool := float64(top)*warm, math.Pow(cold/warm, float64(len(hot))/float64(steps))
		for range steps / len(hot) {
			heat *= cool
			var moves [2]move
			n := 1 + rng.IntN(2)
			before := t.Cost
			for m := range n {
				moves[m] = p.move(rng, open, now)
				moves[m].do(t, now)
			}
			delta := float64(t.Cost - before)
			if !t.Feasible() || delta > 0 && rng.Float64() >= math.Exp(-delta/heat) {
				for m := n - 1; m >= 0; m-- {
					moves[m].undo(t, now)
				}
				continue
			}
			if t.Cost < bestCost {
				best, bestCost = now.clone(), t.Cost
			}
		}
	}
	return best
}

// move takes k items of a group from one choice to another.
type move struct{ c, from, to, k int }

func (p *Program) move(rng *rand.Rand, open []int, s Solution) move {
	c := open[rng.IntN(len(open))]
	m := move{c: c, from: rng.IntN(len(s[c])), to: rng.IntN(len(s[c]))}
	for tries := 0; s[c][m.from] == 0 && tries < 2*len(s[c]); tries++ {
		m.from = (m.from + 1) % len(s[c])
	}
	if m.from == m.to {
		return move{c: c}
	}
	portions := p.portions(&p.Groups[c], m.from, m.to, s[c][m.from])
	m.k = min(portions[rng.IntN(len(portions))], s[c][m.from])
	return m
}

func (m move) do(t *Tally, s Solution) {
	if m.k > 0 {
		t.add(m.c, m.from, -m.k)
		t.add(m.c, m.to, m.k)
		s[m.c][m.from] -= m.k
		s[m.c][m.to] += m.k
	}
}

func (m move) undo(t *Tally, s Solution) {
	move{c: m.c, from: m.to, to: m.from, k: m.k}.do(t, s)
}
