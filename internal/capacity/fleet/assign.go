// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"encoding/binary"
	"slices"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/fleet/nodeclass"
	"syncer.dev/syncer/internal/capacity/fleet/pack"
	"syncer.dev/syncer/internal/capacity/fleet/words"
)

// place assigns every Workspace that bind left without an option.
func (p *planner) place() {
	for i := range p.assignments { // registers all classes before limit reads them
		if s := &p.assignments[i]; !s.workload.Shared && s.workload.Automatic {
			s.classes = make([]int, len(s.options))
			for j, o := range s.options {
				s.classes[j] = p.classes.OwnOf(o.SKU, s.workload.NodePriority())
			}
		}
	}
	p.limit()
	for name, l := range p.live {
		sku, _ := capacity.LookupSKU(l.Size)
		p.ledger.Take(sku, l.Priority(), p.inUse(name))
	}
	named := p.keepNamed()
	before := p.mark(named)
	p.placeNamed(named)
	free := p.dropFixed(p.unassigned())
	prog, fixed := p.program()
	p.fix(prog, fixed)
	prog.Settle()
	p.optimal = p.solve(prog, free, nil, p.assignCheapest)
	p.takeOwn(free)
	for _, i := range append(named, free...) {
		if p.assignments[i].option == nil { // in most fleets all have one
			if p.short = true; p.kept == nil {
				p.serve(before, free)
			}
			return
		}
	}
}

// unassigned lists the assignments to which the search gives an option.
func (p *planner) unassigned() []int {
	var free []int
	for i := range p.assignments {
		s := &p.assignments[i]
		if s.option == nil && s.idle == "" && s.workload.Automatic && len(s.options) > 0 {
			free = append(free, i)
		}
	}
	return free
}

// assignCheapest gives an assignment the option that the search has found.
func (p *planner) assignCheapest(i int, o *capacity.Option) {
	s := &p.assignments[i]
	reason := words.Cheapest
	if s.runs != "" {
		reason = words.Misfit + reason
	}
	p.assign(s, o, reason)
}

// dropFixed takes assignments to nodes that do not exist yet away where the limits do not allow them any more, and adds
// these to free. Those that run in part come first.
func (p *planner) dropFixed(free []int) []int {
	prog, fixed := p.program()
	slices.SortStableFunc(fixed, func(a, b int) int {
		return min(len(p.assignments[b].runs), 1) - min(len(p.assignments[a].runs), 1)
	})
	t := prog.Empty()
	for _, i := range fixed {
		s := &p.assignments[i]
		level, count := p.classes.All[s.class].Level(s.option), p.pending(s)
		t.Load[s.class][level] += count
		t.Refresh(s.class)
		if !t.Feasible() && !p.covered(s) {
			t.Load[s.class][level] -= count
			t.Refresh(s.class)
			s.option, s.pool, s.class = nil, "", -1
			free = append(free, i)
		}
	}
	slices.Sort(free)
	return free
}

// covered reports whether the live pool of an assignment is large enough.
func (p *planner) covered(s *assignment) bool {
	l := p.live[s.pool]
	return l != nil && l.Count-p.inUse(s.pool) >= p.pending(s)
}

// keepNamed keeps the nodes of Workspaces with a named size and of those that have a pool of their own: first of
// running ones, then of those whose nodes exist. It returns those whose nodes are missing.
func (p *planner) keepNamed() (missing []int) {
	var open []int
	for i := range p.assignments {
		if s := &p.assignments[i]; s.option != nil && s.class < 0 && s.idle == "" {
			open = append(open, i)
		}
	}
	for _, running := range []bool{true, false} {
		open = slices.DeleteFunc(open, func(i int) bool {
			s := &p.assignments[i]
			l := p.live[s.pool]
			more, after := p.more(s)
			keeps := l != nil && (more == 0 || l.Count >= after && l.State != capacity.Failed) &&
				(!running || p.pending(s) == 0)
			if keeps {
				p.give(s)
			}
			return keeps
		})
	}
	return open
}

// more returns how many nodes an assignment with a pool of its own adds to what the pool and the limits count already,
// and how many its pool then has.
func (p *planner) more(s *assignment) (more, after int) {
	used, before := p.inUse(s.pool), p.given[s.pool]
	after = before + s.option.Nodes
	return max(after-used, 0) - max(before-used, 0), after
}

// give gives an assignment the nodes of its own pool.
func (p *planner) give(s *assignment) {
	more, after := p.more(s)
	p.given[s.pool] = after
	p.takePool(s, more)
}

// placeNamed gives nodes to Workspaces with a named size whose nodes are missing, as far as they suffice.
func (p *planner) placeNamed(missing []int) {
	for _, i := range missing {
		s := &p.assignments[i]
		if more, after := p.more(s); len(p.against(s, more, after, p.ledger.Taken)) > 0 {
			s.option, s.pool = nil, ""
			continue
		}
		p.give(s)
	}
}

// takePool counts the nodes of a pool of one Workspace, and the pool when it is new.
func (p *planner) takePool(s *assignment, nodes int) {
	p.ledger.Take(s.option.SKU, s.workload.NodePriority(), nodes)
	p.takeShare(s, s.option, p.pending(s))
	if p.live[s.pool] == nil {
		p.made[s.pool] = true
	}
}

// takeOwn counts the nodes of the pools of one Workspace each that solve has assigned.
func (p *planner) takeOwn(placed []int) {
	for _, i := range placed {
		if s := &p.assignments[i]; s.option != nil && s.class < 0 {
			p.takePool(s, s.option.Nodes)
		}
	}
}

// poolsLeft is the number of pools that AKS still allows in the cluster.
func (p *planner) poolsLeft() int { return max(capacity.MaxPools-len(p.in.Pools)-len(p.made), 0) }

// program returns the packing problem for the present state: the nodes that stay with their free GPUs, and what is left
// of the limits. It also returns the assignments to shared pools that have pods without a node.
func (p *planner) program() (prog *pack.Program, fixed []int) {
	prog = &pack.Program{Bins: make([]pack.Bin, len(p.classes.All)), Caps: make([]int64, len(p.ledger.Caps))}
	for i := range prog.Caps {
		prog.Caps[i] = p.ledger.Caps[i] - p.ledger.Taken[i]
	}
	for i := range p.classes.All {
		s := &p.classes.All[i]
		b := &prog.Bins[i]
		b.Units, b.Own, b.Pools = s.Units(), s.Own, len(s.Pools)
		b.Price = p.in.Risked(p.prices.Rank(s.SKU.Name, s.Priority), s.SKU, s.Priority)
		b.Uses = p.ledger.Uses(s.SKU, s.Priority)
		for _, name := range s.Pools {
			p.stay(name, s, b.Keep)
		}
	}
	for i := range p.assignments {
		if s := &p.assignments[i]; s.class >= 0 && s.option != nil && p.pending(s) > 0 {
			fixed = append(fixed, i)
			for _, u := range p.ledger.ShareUses(s.request(s.option, p.pending(s))) {
				prog.Caps[u.Row] -= u.Amount
			}
		}
	}
	for _, r := range p.in.Reserved {
		if i, ok := p.classes.Named[r.Pool]; ok {
			prog.Bins[i].Fixed[p.classes.All[i].Level(&capacity.Option{GPUsPerNode: r.GPUs})] += r.Nodes
		}
	}
	prog.Pools = p.poolsLeft()
	return prog, fixed
}

// stay calls keep for the nodes of a pool of a class that stay, each with its free units: those with pods that do not
// all leave.
func (p *planner) stay(pool string, c *nodeclass.Class, keep func(n, free int)) {
	if p.kept != nil {
		for i := range p.kept.Sum(pool).Parts {
			part := &p.kept.Sum(pool).Parts[i]
			keep(part.Count, p.free(c, &part.Node))
		}
		return
	}
	for _, n := range p.nodes[pool] {
		if n.Pods > p.departing[n.Name] {
			keep(1, p.free(c, n))
		}
	}
}

// usage returns what is used of each row after all assignments.
func (p *planner) usage() []int64 {
	prog, fixed := p.program()
	p.fix(prog, fixed)
	used := prog.Empty().Used
	for i := range used {
		used[i] += p.ledger.Caps[i] - prog.Caps[i]
	}
	return used
}

// free returns the free units of a node that stays. A node that is not ready has none.
func (p *planner) free(s *nodeclass.Class, n *Node) int {
	if !n.Ready || s.Units() == 1 || s.Closed {
		return 0
	}
	return max(min(n.GPUs, s.SKU.GPUs)-n.Used, 0)
}

// groupKey appends the key under which assignments are interchangeable: the same choices in the same order, and the
// same share. except is the class that the assignment has to leave, or -1.
func (p *planner) groupKey(key []byte, s *assignment, except int) []byte {
	if first, ok := p.ledger.ShareRow(s.namespace()); ok {
		key = binary.AppendUvarint(append(key, 0xff, 0x7f), uint64(first)) // the marker is no number of a class
	}
	for j := range s.options {
		if !p.may(s, j, except) {
			key = append(key, 0xff, 0xff) // no number
			continue
		}
		o := s.options[j]
		key = binary.AppendUvarint(key, uint64(s.classes[j]))
		key = binary.AppendUvarint(key, uint64(p.classes.All[s.classes[j]].Level(o)))
		key = binary.AppendUvarint(key, uint64(o.Nodes))
	}
	return key
}

// solve solves a program for the assignments in free and calls assign for each that gets an option. It reports whether
// the solution is proven optimal.
func (p *planner) solve(
	prog *pack.Program,
	free []int,
	except map[int]int,
	assign func(i int, o *capacity.Option),
) bool {
	byClass := map[string]int{}
	var members [][]int
	var ways []chosen
	var key []byte
	for _, i := range free {
		s := &p.assignments[i]
		leave := -1
		if at, ok := except[i]; ok {
			leave = at
		}
		key = p.groupKey(key[:0], s, leave)
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
					assign(i, p.assignments[i].options[ways[c].options[j]])
				}
			}
		}
	}
	return proven
}
