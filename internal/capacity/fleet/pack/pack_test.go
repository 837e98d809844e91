// SPDX-License-Identifier: Apache-2.0

package pack

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// better finds out in another way than the planner does whether any solution costs less than the given one: it lists
// every vector of loads that some assignment leads to, item after item, since the cost follows from the loads alone and
// never falls when an item is added. It knows no bound but the given one, no order of choices and no reduction.
func better(p *Program, than int64) (int64, bool) {
	type state struct {
		load [12][Levels]uint8
		out  uint8
	}
	t := p.Empty()
	cost := func(s *state) int64 {
		for b := range p.Bins {
			for l := range Levels {
				t.Load[b][l] = int(s.load[b][l])
			}
			t.Refresh(b)
		}
		if !t.Feasible() {
			return math.MaxInt64
		}
		return t.Cost + int64(s.out)*LeftOut
	}
	layer := map[state]bool{{}: true}
	for _, group := range p.Groups {
		for range group.Count {
			next := map[state]bool{}
			add := func(s state) {
				if !next[s] && cost(&s) < than {
					next[s] = true
				}
			}
			for s := range layer {
				for _, ch := range group.Choices {
					to := s
					to.load[ch.Bin][ch.Level] += uint8(ch.Count)
					add(to)
				}
				s.out++
				add(s)
			}
			layer = next
		}
	}
	best := than
	for s := range layer {
		best = min(best, cost(&s))
	}
	return best, best < than
}

// randomProgram makes a program of real sizes at real prices, with tight quotas, with and without free parts of nodes.
func randomProgram(rng *rand.Rand, items int) *Program {
	p := &Program{Pools: 100}
	sizes := []struct {
		gpus, vcpus, family int
		usd                 float64
		gib                 float64
	}{
		{gpus: 1, vcpus: 36, usd: 3.2, gib: 24},
		{gpus: 2, vcpus: 72, usd: 6.52, gib: 24},
		{
			gpus:   1,
			vcpus:  24,
			family: 1,
			usd:    3.673,
			gib:    80,
		},
		{
			gpus:   2,
			vcpus:  48,
			family: 1,
			usd:    7.346,
			gib:    80,
		},
		{
			gpus:   4,
			vcpus:  96,
			family: 1,
			usd:    14.692,
			gib:    80,
		},
		{
			gpus:   8,
			vcpus:  96,
			family: 2,
			usd:    27.197,
			gib:    40,
		},
		{
			gpus:   8,
			vcpus:  96,
			family: 3,
			usd:    32.77,
			gib:    80,
		},
		{
			gpus:   1,
			vcpus:  40,
			family: 4,
			usd:    6.98,
			gib:    94,
		},
		{
			gpus:   2,
			vcpus:  80,
			family: 4,
			usd:    13.96,
			gib:    94,
		},
		{
			gpus:   8,
			vcpus:  96,
			family: 5,
			usd:    84.8,
			gib:    141,
		},
	}
	for range 7 {
		p.Caps = append(p.Caps, int64(rng.IntN(20)*24))
	}
	p.Caps[6] = int64(200 + rng.IntN(1000))
	if rng.IntN(3) == 0 { // nothing is short
		for i := range p.Caps {
			p.Caps[i] = 1e6
		}
	}
	for _, s := range sizes {
		b := Bin{Units: s.gpus, Price: int64(s.usd * 1e6), Uses: []Use{{s.family, int64(s.vcpus)}, {6, int64(s.vcpus)}}}
		if s.gpus > 1 && rng.IntN(3) == 0 {
			b.Stay = 1
			b.AddHoles(rng.IntN(s.gpus))
		}
		p.Bins = append(p.Bins, b)
	}
	for items > 0 {
		n := min(1+rng.IntN(3), items)
		items -= n
		c := Group{Count: n}
		gib := 10 * math.Exp(rng.Float64()*4) // of GPU memory: 10 to 546
		for b, s := range sizes {
			need := 1
			for float64(need)*s.gib < gib {
				need *= 2
			}
			level := 0
			for 1<<level < need {
				level++
			}
			switch {
			case need <= s.gpus:
				c.Choices = append(c.Choices, Choice{Bin: b, Level: level, Count: 1})
			case need/s.gpus <= 4:
				full := 0
				for 1<<full < s.gpus {
					full++
				}
				c.Choices = append(c.Choices, Choice{Bin: b, Level: full, Count: need / s.gpus})
			}
			if len(c.Choices) == 6 { // so that the reference ends
				break
			}
		}
		p.Groups = append(p.Groups, c)
	}
	p.Settle()
	return p
}

// TestSmallFleetsAreOptimal compares fleets of 3 to 12 Workspaces with the reference.
func TestSmallFleetsAreOptimal(t *testing.T) {
	unproven := 0
	for seed := range uint64(60) {
		rng := rand.New(rand.NewPCG(seed, 7))
		p := randomProgram(rng, 3+int(seed)%10)
		s, proven := p.Solve()
		got := p.Total(s)
		if !got.Feasible() {
			t.Fatalf("seed %d: a cap is broken: %v of %v", seed, got.Used, p.Caps)
		}
		unproven += map[bool]int{false: 1}[proven]
		if want, ok := better(p, got.Cost); ok {
			t.Errorf(
				"seed %d: %d items cost %.3f, the optimum is %.3f",
				seed,
				p.items(),
				float64(got.Cost)/1e6,
				float64(want)/1e6,
			)
		}
	}
	if unproven > 3 {
		t.Errorf("%d of 60 plans are optimal without the planner knowing it", unproven)
	}
}

// TestNodesForIsExact packs random items one by one, first fit, largest first, and compares with the closed form.
func TestNodesForIsExact(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 3))
	for range 5000 {
		b := Bin{Units: 8}
		var free []int
		for range rng.IntN(4) {
			h := rng.IntN(8)
			free = append(free, h)
			b.AddHoles(h)
		}
		var load [Levels]int
		for l := range 4 {
			load[l] = rng.IntN(5)
		}
		nodes := 0
		for l := 3; l >= 0; l-- {
			for range load[l] {
				placed := false
				for i := range free {
					if free[i] >= 1<<l {
						free[i] -= 1 << l
						placed = true
						break
					}
				}
				if !placed {
					nodes++
					free = append(free, 8-1<<l)
				}
			}
		}
		if got := b.NodesFor(&load); got != nodes {
			t.Fatalf("load %v with holes %v: %d nodes, packing takes %d", load, b.Holes, got, nodes)
		}
	}
}

func TestSolutionsAreRepeatable(t *testing.T) {
	p := randomProgram(rand.New(rand.NewPCG(5, 5)), 80)
	a, _ := p.Solve()
	b, _ := p.Solve()
	if fmt.Sprint(a) != fmt.Sprint(b) {
		t.Errorf("two answers:\n%v\n%v", a, b)
	}
}
