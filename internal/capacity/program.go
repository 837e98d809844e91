package capacity

// program is the integer program behind PlanFleet: put items into bins, so that as few as possible are left out, and what the
// bins cost is least.
//
// A bin is a kind of node, of which any number may be had; an item takes a power of two of the node's GPUs, or whole nodes.
// Because the amounts are powers of two, the number of nodes follows from the sums alone, whatever the order in which items
// are put on them: items of 2^l GPUs and more fit exactly when they take no more than what nodes have in pieces of 2^l. So a
// solution is how many items of each class take which choice, and a large fleet is hardly more to think about than a small one.
type program struct {
	bins    []bin
	classes []class
	caps    []int64 // what the uses of all bins together may come to
	pools   int     // that may still be made
	quick   bool    // a good solution will do: it is one of many that are compared
	cost    int64   // of the solution that was found
}

// levels is how many powers of two there are: 1 to 8 GPUs in a node, which is the most that Azure has.
const levels = 4

// bin is a kind of node.
type bin struct {
	units int   // GPUs of a node, when a part of it may be had; otherwise 1
	price int64 // of a node, in millionths of a US dollar per hour, with the risk not to get it
	// holes are the free parts of nodes that stay in any case, where items cost nothing: holes[l] is how many items of 2^l
	// units fit.
	holes [levels]int
	fixed [levels]int // items that are put here whatever is decided, by level
	stay  int         // nodes that stay in any case
	pools int         // that are there
	own   bool        // each item gets a pool of its own
	uses  []use       // of each node
}

// use is what a node takes of a cap.
type use struct {
	row    int
	amount int64
}

// class is a number of items that have the same choices.
type class struct {
	n       int
	choices []choice // cheapest first
}

// choice puts an item into a bin: count times 2^level units, each on a node of its own if they are whole nodes.
type choice struct{ bin, level, count int }

// leftOut is what it costs to leave one item out: more than any fleet.
const leftOut = int64(1e13)

// solution says for each class how many of its items take which choice; the last column counts those that are left out.
type solution [][]int

// tally is a solution in the making, with its sums.
type tally struct {
	p     *program
	load  [][levels]int // by bin
	nodes []int         // by bin, beside those that stay
	used  []int64       // by cap
	pools int
	cost  int64
}

func (p *program) empty() *tally {
	t := &tally{
		p: p, load: make([][levels]int, len(p.bins)), nodes: make([]int, len(p.bins)),
		used: make([]int64, len(p.caps)),
	}
	for b := range p.bins {
		t.load[b] = p.bins[b].fixed
		t.refresh(b)
	}
	return t
}

// settle raises the caps to what is there in any case: limits forbid more, they never take away.
func (p *program) settle() {
	t := p.empty()
	for i, u := range t.used {
		p.caps[i] = max(p.caps[i], u)
	}
	p.pools = max(p.pools, t.pools)
}

// nodesFor returns how many nodes a load takes beside the holes.
func (b *bin) nodesFor(load *[levels]int) int {
	need, above := 0, 0
	for l := levels - 1; l >= 0; l-- {
		above += load[l] << l
		if short := above - b.holes[l]<<l; short > 0 {
			need = max(need, (short+b.units-1)/b.units)
		}
	}
	return need
}

// add puts k more items of a class to a choice; k may be negative.
func (t *tally) add(c, j, k int) {
	class := &t.p.classes[c]
	if j == len(class.choices) {
		t.cost += int64(k) * leftOut
		return
	}
	ch := class.choices[j]
	t.load[ch.bin][ch.level] += k * ch.count
	if t.p.bins[ch.bin].own {
		t.pools += k
	}
	t.refresh(ch.bin)
}

func (t *tally) refresh(i int) {
	b := &t.p.bins[i]
	nodes := b.nodesFor(&t.load[i])
	more := nodes - t.nodes[i]
	if more == 0 {
		return
	}
	if !b.own {
		t.pools += b.newPools(nodes) - b.newPools(t.nodes[i])
	}
	t.nodes[i] = nodes
	t.cost += int64(more) * b.price
	for _, u := range b.uses {
		t.used[u.row] += int64(more) * u.amount
	}
}

// newPools is how many pools have to be made for so many more nodes.
func (b *bin) newPools(nodes int) int {
	if nodes == 0 {
		return 0
	}
	return max((b.stay+nodes+maxNodesPerPool-1)/maxNodesPerPool-b.pools, 0)
}

// feasible reports whether all caps hold.
func (t *tally) feasible() bool {
	for i, u := range t.used {
		if u > t.p.caps[i] {
			return false
		}
	}
	return t.pools <= t.p.pools
}

// total puts a solution together.
func (p *program) total(s solution) *tally {
	t := p.empty()
	for c := range s {
		for j, k := range s[c] {
			if k > 0 {
				t.add(c, j, k)
			}
		}
	}
	return t
}

// share is the price of the part of a node that a choice takes: the least that it can cost.
func (p *program) share(ch choice) int64 {
	b := &p.bins[ch.bin]
	return b.price * int64(ch.count<<ch.level) / int64(b.units)
}

func (s solution) clone() solution {
	out := make(solution, len(s))
	for i := range s {
		out[i] = append([]int(nil), s[i]...)
	}
	return out
}
