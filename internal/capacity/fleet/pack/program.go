// SPDX-License-Identifier: Apache-2.0

package pack

// Program is an integer program: groups of items, bins with prices, and caps on what the bins use.
type Program struct {
	Bins   []Bin
	Groups []Group
	Caps   []int64 // the most that all bins together may use, by row
	Pools  int     // number of pools that may still be created
	Quick  bool    // skip the annealing: the caller compares many programs
	Cost   int64   // of the solution, in millionths of a US dollar per hour; the caller sets it from Total
}

// MaxNodes is the number of nodes that AKS allows in a pool.
const MaxNodes = 1000

// Levels is the number of powers of two from 1 to 8 GPUs, the most in a node of Azure.
const Levels = 4

// Bin is a kind of node, with its nodes that exist already.
type Bin struct {
	Units int   // GPUs of a node that items may share; otherwise 1
	Price int64 // of a node, in millionths of a US dollar per hour, with a surcharge for the risk of a refusal
	// Holes are the free parts of nodes that stay, where items cost nothing: Holes[l] is how many items of 2^l units fit.
	Holes [Levels]int
	Fixed [Levels]int // items that every solution puts here, by level
	Stay  int         // nodes that stay in every solution
	Pools int         // that exist
	Own   bool        // each item gets a pool of its own
	Uses  []Use       // of each node
}

// Use is the amount of a cap that a node uses.
type Use struct {
	Row    int
	Amount int64
}

// Group is a number of items with the same choices.
type Group struct {
	Count   int
	Choices []Choice // cheapest first
}

// Choice puts an item into a bin: count times 2^level units, each on a node of its own if they are whole nodes.
type Choice struct {
	Bin, Level, Count int
	Uses              []Use // of the item itself, in addition to those of the nodes
}

// LeftOut is the cost of leaving one item out: more than the price of any fleet, in the unit of Bin.Price.
const LeftOut = int64(1e13)

// Solution counts for each group the items of each choice; the last column counts the items that are left out.
type Solution [][]int

// Tally is a partial solution with its sums.
type Tally struct {
	p     *Program
	Load  [][Levels]int // by bin
	Nodes []int         // new nodes by bin
	Used  []int64       // by cap
	Pools int
	Cost  int64
}

// Empty returns the tally of the fixed items alone.
func (p *Program) Empty() *Tally {
	t := &Tally{
		p: p, Load: make([][Levels]int, len(p.Bins)), Nodes: make([]int, len(p.Bins)),
		Used: make([]int64, len(p.Caps)),
	}
	for b := range p.Bins {
		t.Load[b] = p.Bins[b].Fixed
		t.Refresh(b)
	}
	return t
}

// Settle raises the caps to what the fixed items use: limits forbid growth, they never shrink a fleet.
func (p *Program) Settle() {
	t := p.Empty()
	for i, u := range t.Used {
		p.Caps[i] = max(p.Caps[i], u)
	}
	p.Pools = max(p.Pools, t.Pools)
}

// Keep adds n nodes that stay, each with so many free GPUs.
func (b *Bin) Keep(n, free int) {
	b.Stay += n
	for l := range Levels {
		b.Holes[l] += n * (free >> l)
	}
}

// AddHoles adds free GPUs of a node that counts already.
func (b *Bin) AddHoles(free int) {
	for l := range Levels {
		b.Holes[l] += free >> l
	}
}

// NodesFor returns the number of new nodes for a load, by level, after the holes are full.
func (b *Bin) NodesFor(load *[Levels]int) int {
	need, above := 0, 0
	for l := Levels - 1; l >= 0; l-- {
		above += load[l] << l
		if short := above - b.Holes[l]<<l; short > 0 {
			need = max(need, (short+b.Units-1)/b.Units)
		}
	}
	return need
}

// add puts k more items of a group to a choice; k may be negative.
func (t *Tally) add(c, j, k int) {
	group := &t.p.Groups[c]
	if j == len(group.Choices) {
		t.Cost += int64(k) * LeftOut
		return
	}
	t.Put(&group.Choices[j], k)
}

// Put puts k more items of a choice; k may be negative.
func (t *Tally) Put(ch *Choice, k int) {
	t.Load[ch.Bin][ch.Level] += k * ch.Count
	if t.p.Bins[ch.Bin].Own {
		t.Pools += k
	}
	for _, u := range ch.Uses {
		t.Used[u.Row] += int64(k) * u.Amount
	}
	t.Refresh(ch.Bin)
}

// Take counts what is used outside of the bins; times and pools may be negative.
func (t *Tally) Take(uses []Use, times, pools int) {
	for _, u := range uses {
		t.Used[u.Row] += int64(times) * u.Amount
	}
	t.Pools += pools
}

// Refresh updates the sums after a change to Load[i].
func (t *Tally) Refresh(i int) {
	b := &t.p.Bins[i]
	nodes := b.NodesFor(&t.Load[i])
	more := nodes - t.Nodes[i]
	if more == 0 {
		return
	}
	if !b.Own {
		t.Pools += b.newPools(nodes) - b.newPools(t.Nodes[i])
	}
	t.Nodes[i] = nodes
	t.Cost += int64(more) * b.Price
	for _, u := range b.Uses {
		t.Used[u.Row] += int64(more) * u.Amount
	}
}

// newPools is the number of pools to create for additional nodes.
func (b *Bin) newPools(nodes int) int {
	if nodes == 0 {
		return 0
	}
	return max((b.Stay+nodes+MaxNodes-1)/MaxNodes-b.Pools, 0)
}

// Feasible reports whether all caps hold.
func (t *Tally) Feasible() bool {
	for i, u := range t.Used {
		if u > t.p.Caps[i] {
			return false
		}
	}
	return t.Pools <= t.p.Pools
}

// Total returns the tally of a solution.
func (p *Program) Total(s Solution) *Tally {
	t := p.Empty()
	for c := range s {
		for j, k := range s[c] {
			if k > 0 {
				t.add(c, j, k)
			}
		}
	}
	return t
}

// Share is the price of the part of a node that a choice takes, a lower bound of its cost.
func (p *Program) Share(ch Choice) int64 {
	b := &p.Bins[ch.Bin]
	return b.Price * int64(ch.Count<<ch.Level) / int64(b.Units)
}

func (s Solution) clone() Solution {
	out := make(Solution, len(s))
	for i := range s {
		out[i] = append([]int(nil), s[i]...)
	}
	return out
}
