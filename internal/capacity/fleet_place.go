package capacity

import (
	"encoding/binary"
	"fmt"
	"slices"

	"syncer.dev/syncer/internal/capacity/pack"
)

// place finds a seat for everybody who has none.
func (p *planner) place() {
	for i := range p.seats { // so that all sites are known
		if s := &p.seats[i]; !s.need.Shared && s.need.Automatic {
			s.sites = make([]int, len(s.options))
			for j, o := range s.options {
				s.sites[j] = p.ownSiteOf(o.SKU, s.need.Spot)
			}
		}
	}
	p.limit()
	for name, l := range p.live {
		sku, _ := LookupSKU(l.Size)
		p.take(sku, l.Spot, p.inUse(name))
	}
	p.placeNamed()
	var free []int
	for i := range p.seats {
		s := &p.seats[i]
		if s.option == nil && s.need.Idle == "" && s.need.Automatic && len(s.options) > 0 {
			free = append(free, i)
		}
	}
	prog, fixed := p.program()
	// Those who were promised a place that is not there yet get it as long as the limits allow it.
	t := prog.Empty()
	for _, i := range fixed {
		s := &p.seats[i]
		b := &prog.Bins[s.site]
		level, count := p.sites[s.site].level(s.option), p.pending(s)
		t.Load[s.site][level] += count
		t.Refresh(s.site)
		if !t.Feasible() && !p.covered(s) {
			t.Load[s.site][level] -= count
			t.Refresh(s.site)
			s.option, s.pool, s.site = nil, "", -1
			free = append(free, i)
			continue
		}
		b.Fixed[level] += count
	}
	slices.Sort(free)
	prog.Settle()
	p.optimal = p.assign(prog, free, nil, func(i int, o *Option) {
		s := &p.seats[i]
		reason := "it is the cheapest place within quota and limits"
		if s.runs != "" {
			reason = "where it runs does not fit any more; " + reason
		}
		p.sit(s, o, reason)
	})
	p.takeOwn(free)
	prog, fixed = p.program()
	p.fix(prog, fixed)
	used := prog.Empty().Used
	for i := range used {
		used[i] += p.rows.taken[i]
	}
	for _, i := range free {
		if s := &p.seats[i]; s.option == nil {
			s.no = p.why(s, used)
		}
	}
}

// covered reports whether the pool of a seat is large enough as it is.
func (p *planner) covered(s *seat) bool {
	l := p.live[s.pool]
	return l != nil && l.Count-p.inUse(s.pool) >= p.pending(s)
}

// placeNamed gives those who named a size, and those who keep a pool of their own, their nodes: first who runs, then where nodes are
// there already, then in the order of names.
func (p *planner) placeNamed() {
	given := map[string]int{} // nodes of each pool
	done := make([]bool, len(p.seats))
	for _, turn := range []int{turnRuns, turnThere, turnMissing} {
		for i := range p.seats {
			s := &p.seats[i]
			if done[i] || s.option == nil || s.site >= 0 || s.need.Idle != "" {
				continue
			}
			l := p.live[s.pool]
			used, before := p.inUse(s.pool), given[s.pool]
			after := before + s.option.Nodes
			more := max(after-used, 0) - max(before-used, 0)
			at := turnMissing
			if l != nil && (more == 0 || l.Count >= after && l.State != Failed) {
				at = turnThere
				if p.pending(s) == 0 {
					at = turnRuns
				}
			}
			if at > turn {
				continue
			}
			done[i] = true
			if no := p.refuse(s, more, after); turn == turnMissing && no.Reason != "" {
				p.leave(s, no)
				continue
			}
			given[s.pool] = after
			p.takePool(s, more)
		}
	}
}

// The turns of placeNamed.
const (
	turnRuns = iota
	turnThere
	turnMissing
)

// refuse says why a seat cannot have so many more nodes of its size, which would make all in its pool; there is no Reason when
// it can.
func (p *planner) refuse(s *seat, more, all int) Unplaced {
	if message, blocked := p.blocked(s.option.SKU, s.need.Spot); blocked {
		return Unplaced{"OutOfCapacity", message}
	}
	if all > maxNodesPerPool {
		return Unplaced{"TooManyNodes", fmt.Sprintf("pool %s would have %d nodes, and AKS allows no more than %d", s.pool, all, maxNodesPerPool)}
	}
	if p.live[s.pool] == nil && !p.made[s.pool] && p.poolsLeft() == 0 {
		return tooManyPools(len(p.in.Pools))
	}
	if row, missing, left := p.short(s.option.SKU, s.need.Spot, more, p.rows.taken); row != "" {
		return p.shortOf(row, missing, left, s.option.SKU, s.need.Spot)
	}
	return Unplaced{}
}

// takePool counts the nodes of a pool that one Workspace has, and the pool when it is a new one.
func (p *planner) takePool(s *seat, nodes int) {
	p.take(s.option.SKU, s.need.Spot, nodes)
	if p.live[s.pool] == nil {
		p.made[s.pool] = true
	}
}

// leave takes the seat of somebody who cannot have it. What still runs for it goes on.
func (p *planner) leave(s *seat, why Unplaced) { s.option, s.pool, s.no = nil, "", why }

// takeOwn counts the nodes of pools that were given to one Workspace each by assign.
func (p *planner) takeOwn(placed []int) {
	for _, i := range placed {
		if s := &p.seats[i]; s.option != nil && s.site < 0 {
			p.takePool(s, s.option.Nodes)
		}
	}
}

// poolsLeft is how many more pools the cluster may have.
func (p *planner) poolsLeft() int { return max(maxPools-len(p.in.Pools)-len(p.made), 0) }

// program returns the program with what is there: nodes that stay with their free parts, and what the limits leave. It also returns
// the seats on shared pools that have pods without a node.
func (p *planner) program() (prog *pack.Program, fixed []int) {
	prog = &pack.Program{Bins: make([]pack.Bin, len(p.sites)), Caps: make([]int64, len(p.rows.caps))}
	for i := range prog.Caps {
		prog.Caps[i] = p.rows.caps[i] - p.rows.taken[i]
	}
	for i := range p.sites {
		s := &p.sites[i]
		b := &prog.Bins[i]
		b.Units, b.Own, b.Price, b.Pools = s.units(), s.own, p.risked(s.sku, s.spot), len(s.pools)
		b.Uses = p.uses(s.sku, s.spot)
		for _, name := range s.pools {
			for _, n := range p.nodes[name] {
				if n.Pods > 0 {
					b.Stay++
					b.AddHoles(p.free(s, n))
				}
			}
		}
	}
	for i := range p.seats {
		if s := &p.seats[i]; s.site >= 0 && s.option != nil && p.pending(s) > 0 {
			fixed = append(fixed, i)
		}
	}
	for _, r := range p.in.Reserved {
		if i, ok := p.named[r.Pool]; ok {
			prog.Bins[i].Fixed[p.sites[i].level(&Option{GPUsPerNode: r.GPUs})] += r.Nodes
		}
	}
	prog.Pools = p.poolsLeft()
	return prog, fixed
}

// free returns how many units of a node that stays are free. Nodes that are not ready have none.
func (p *planner) free(s *site, n *FleetNode) int {
	if !n.Ready || s.units() == 1 || s.closed {
		return 0
	}
	return max(min(n.GPUs, s.sku.GPUs)-n.Used, 0)
}

// classKey appends what makes two seats alike: the same choices, in the same order. except is a site that the seat is to leave,
// or -1.
func (p *planner) classKey(key []byte, s *seat, except int) []byte {
	for j := range s.options {
		if !p.may(s, j, except) {
			key = append(key, 0xff, 0xff) // no number
			continue
		}
		ch := p.choiceOf(s, j)
		key = binary.AppendUvarint(key, uint64(ch.Bin))
		key = binary.AppendUvarint(key, uint64(ch.Level))
		key = binary.AppendUvarint(key, uint64(ch.Count))
	}
	return key
}

// assign solves a program for the seats in free and sits them; whoever is left out keeps no option. It reports whether there is
// no better solution.
func (p *planner) assign(prog *pack.Program, free []int, except map[int]int, sit func(i int, o *Option)) bool {
	byClass := map[string]int{}
	var members [][]int
	var ways []chosen
	var key []byte
	for _, i := range free {
		s := &p.seats[i]
		leave := -1
		if at, ok := except[i]; ok {
			leave = at
		}
		key = p.classKey(key[:0], s, leave)
		at, ok := byClass[string(key)]
		if !ok {
			at = len(members)
			byClass[string(key)] = at
			c := p.choicesOf(s, leave, prog)
			members, ways = append(members, nil), append(ways, c)
			prog.Groups = append(prog.Groups, pack.Group{Choices: c.choices})
		}
		members[at] = append(members[at], i)
		prog.Groups[at].Count++
	}
	solution, proven := prog.Solve()
	prog.Cost = prog.Total(solution).Cost
	for c := range solution {
		next := 0
		for j, n := range solution[c] {
			for range n {
				i := members[c][next]
				next++
				if j < len(ways[c].options) {
					sit(i, p.seats[i].options[ways[c].options[j]])
				}
			}
		}
	}
	return proven
}

// why says why there is no place for a seat, by the cheapest way to satisfy it.
func (p *planner) why(s *seat, used []int64) Unplaced {
	var first Unplaced
	var others []string
	for _, o := range s.options {
		var no Unplaced
		if message, blocked := p.blocked(o.SKU, s.need.Spot); blocked {
			no = Unplaced{"OutOfCapacity", message}
		} else if row, missing, left := p.short(o.SKU, s.need.Spot, o.Nodes, used); row != "" {
			no = p.shortOf(row, missing, left, o.SKU, s.need.Spot)
		} else {
			no = tooManyPools(len(p.in.Pools))
		}
		if first.Reason == "" {
			first = no
		} else if len(others) < 3 && !slices.Contains(others, o.SKU.Name) {
			others = append(others, o.SKU.Name)
		}
	}
	if len(others) > 0 {
		first.Message += fmt.Sprintf("; of the other sizes that fit none is left either (%s)", joined(others))
	}
	return first
}
