// Package pack is the optimisation behind the plan of a fleet: put items into bins, so that as few as possible are left out, and
// what the bins cost is least. It knows nothing of Workspaces and sizes.
//
// A bin is a kind of node, of which any number may be had; an item takes a power of two of the node's GPUs, or whole nodes.
// Because the amounts are powers of two, the number of nodes follows from the sums alone, whatever the order in which items
// are put on them: items of 2^l GPUs and more fit exactly when they take no more than what nodes have in pieces of 2^l. So a
// solution is how many items of each group take which choice, and a large fleet is hardly more to think about than a small one.
//
// Solve is exact for small programs, and bounded by steps for all: the same program always has the same solution.
package pack

// Program is an integer program.
type Program struct {
	Bins   []Bin
	Groups []Group
	Caps   []int64 // what the uses of all bins together may come to
	Pools  int     // that may still be made
	Quick  bool    // a good solution will do: it is one of many that are compared
	Cost   int64   // of the solution that was found
}

// MaxNodes is how many nodes AKS allows in a pool.
const MaxNodes = 1000

// Levels is how many powers of two there are: 1 to 8 GPUs in a node, which is the most that Azure has.
const Levels = 4

// Bin is a kind of node.
type Bin struct {
	Units int   // GPUs of a node, when a part of it may be had; otherwise 1
	Price int64 // of a node, in millionths of a US dollar per hour, with the risk not to get it
	// Holes are the free parts of nodes that stay in any case, where items cost nothing: Holes[l] is how many items of 2^l
	// units fit.
	Holes [Levels]int
	Fixed [Levels]int // items that are put here whatever is decided, by level
	Stay  int         // nodes that stay in any case
	Pools int         // that are there
	Own   bool        // each item gets a pool of its own
	Uses  []Use       // of each node
}

// Use is what a node takes of a cap.
type Use struct {
	Row    int
	Amount int64
}

// Group is a number of items that have the same choices.
type Group struct {
	Count   int
	Choices []Choice // cheapest first
}

// Choice puts an item into a bin: count times 2^level units, each on a node of its own if they are whole nodes.
type Choice struct{ Bin, Level, Count int }

// LeftOut is what it costs to leave one item out: more than any fleet.
const LeftOut = int64(1e13)

// Solution says for each group how many of its items take which choice; the last column counts those that are left out.
type Solution [][]int

// Tally is a solution in the making, with its sums.
type Tally struct {
	p     *Program
	Load  [][Levels]int // by bin
	Nodes []int         // by bin, beside those that stay
	Used  []int64       // by cap
	Pools int
	Cost  int64
}

// Empty returns the solution that puts nothing anywhere.
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

// Settle raises the caps to what is there in any case: limits forbid more, they never take away.
func (p *Program) Settle() {
	t := p.Empty()
	for i, u := range t.Used {
		p.Caps[i] = max(p.Caps[i], u)
	}
	p.Pools = max(p.Pools, t.Pools)
}

// AddHoles adds the free GPUs of a node that stays.
func (b *Bin) AddHoles(free int) {
	for l := range Levels {
		b.Holes[l] += free >> l
	}
}

// NodesFor returns how many nodes a load takes beside the holes.
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
	ch := group.Choices[j]
	t.Load[ch.Bin][ch.Level] += k * ch.Count
	if t.p.Bins[ch.Bin].Own {
		t.Pools += k
	}
	t.Refresh(ch.Bin)
}

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

// newPools is how many pools have to be made for so many more nodes.
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

// Total puts a solution together.
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

// Share is the price of the part of a node that a choice takes: the least that it can cost.
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
