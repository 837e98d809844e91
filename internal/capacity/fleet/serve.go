// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"maps"
	"slices"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/fleet/pack"
)

// Where not all Workspaces find a place, the search for the cheapest fleet must not decide who is left out. Then serve
// gives places to one after another, in the order of the assignments: each gets a place if there is one beside those
// before it. The search then makes the fleet of those that have a place cheaper. That may leave room that one of those
// without a place can use, who is put in at its turn; those after it are served again.
//
// A Workspace that has no place in the end would have none either if all after it had none. That holds for each round
// by itself, since later ones only add to what is used.

// rounds is how often serve looks for a cheaper fleet. Each round but the last has placed one more at its turn.
const rounds = 4

// place is a place of an assignment: an option, and the pool if it has one already.
type place struct {
	option *capacity.Option
	pool   string
	class  int
}

// mark is the state before the nodes that are missing are given away.
type mark struct {
	taken  []int64
	given  map[string]int
	made   map[string]bool
	places map[int]place // of assignments with a pool of their own whose nodes are missing
}

func (p *planner) mark(missing []int) mark {
	m := mark{slices.Clone(p.ledger.Taken), maps.Clone(p.given), maps.Clone(p.made), map[int]place{}}
	for _, i := range missing {
		s := &p.assignments[i]
		m.places[i] = place{s.option, s.pool, -1}
	}
	return m
}

// reset returns to the state of a mark. The assignments stay as they are.
func (p *planner) reset(m mark) {
	p.ledger.Taken, p.given, p.made = slices.Clone(m.taken), maps.Clone(m.given), maps.Clone(m.made)
}

// queued takes their places away from all assignments that wait: those in free, those of the mark, and those whose
// place is on nodes that no pool asks for yet. It returns them in their order; the mark has what they had.
func (p *planner) queued(m mark, free []int) []int {
	var order []int
	waits := map[int]bool{}
	for _, i := range free {
		waits[i] = true
	}
	for i := range p.assignments {
		s := &p.assignments[i]
		_, named := m.places[i]
		if s.class >= 0 && s.option != nil && s.runs == "" && !waits[i] && p.pending(s) > 0 && !p.covered(s) {
			m.places[i] = place{s.option, s.pool, s.class}
			waits[i] = true
		}
		if waits[i] || named {
			order = append(order, i)
		}
	}
	for _, i := range order {
		s := &p.assignments[i]
		s.option, s.pool, s.class = nil, "", -1
	}
	return order
}

// serve gives places to the assignments that wait, in their order.
func (p *planner) serve(m mark, free []int) {
	p.reset(m)
	order := p.queued(m, free)
	p.optimal = false
	places, _ := p.round(m, order, nil)
	for range rounds {
		cheaper, ok := p.cheaper(m, order, places)
		if !ok {
			break
		}
		next, extended := p.round(m, order, cheaper)
		places = next
		if !extended {
			break
		}
	}
	p.settle(m, order, places)
}

// round gives each assignment in turn the place that prefer has for it, or else the cheapest at that moment. extended
// reports that one has got a place for which prefer has none.
func (p *planner) round(m mark, order []int, prefer map[int]place) (places map[int]place, extended bool) {
	p.reset(m)
	prog, fixed := p.program()
	p.fix(prog, fixed)
	prog.Settle()
	t := prog.Empty()
	places = map[int]place{}
	for _, i := range order {
		s := &p.assignments[i]
		at, had := prefer[i]
		if !had {
			at = m.places[i]
		}
		if at.option == nil || !p.sit(t, s, at) {
			at = p.cheapestPlace(prog, t, s)
			if at.option == nil || !p.sit(t, s, at) {
				continue
			}
		}
		places[i] = at
		extended = extended || !had
	}
	p.reset(m)
	return places, extended
}

// sit counts a place if it is within all limits.
func (p *planner) sit(t *pack.Tally, s *assignment, at place) bool {
	if at.class >= 0 {
		j := slices.Index(s.options, at.option)
		if j < 0 {
			return false
		}
		ch := p.choiceOf(s, j)
		t.Put(&ch, 1)
		if !t.Feasible() {
			t.Put(&ch, -1)
			return false
		}
		return true
	}
	own := *s
	own.option, own.pool = at.option, at.pool
	more, after := p.more(&own)
	pools := 0
	if p.live[at.pool] == nil && !p.made[at.pool] {
		pools = 1
	}
	if _, blocked := p.blocked(at.option.SKU, s.workload.NodePriority()); blocked || after > capacity.MaxNodesPerPool {
		return false
	}
	uses := p.ledger.Uses(at.option.SKU, s.workload.NodePriority())
	shares := p.ledger.ShareUses(s.request(at.option, at.option.Nodes))
	t.Take(uses, more, pools)
	t.Take(shares, 1, 0)
	if !t.Feasible() {
		t.Take(uses, -more, -pools)
		t.Take(shares, -1, 0)
		return false
	}
	p.given[at.pool] = after
	p.made[at.pool] = p.made[at.pool] || pools > 0
	return true
}

// cheapestPlace returns the option that costs least at that moment, and of those that cost the same the one whose part
// of a node is worth less. It returns none for a named size, whose only place is that of the mark.
func (p *planner) cheapestPlace(prog *pack.Program, t *pack.Tally, s *assignment) place {
	best := place{class: -1}
	if !s.workload.Automatic {
		return best
	}
	var least, part int64
	for j, o := range s.options {
		if !p.may(s, j, -1) {
			continue
		}
		ch := p.choiceOf(s, j)
		before := t.Cost
		t.Put(&ch, 1)
		cost, share := t.Cost-before, prog.Share(ch)
		if t.Feasible() && (best.option == nil || cost < least || cost == least && share < part) {
			best, least, part = place{option: o, class: s.classes[j]}, cost, share
		}
		t.Put(&ch, -1)
	}
	return best
}

// cheaper looks for cheaper places for the assignments that have one, named ones aside. ok is false if the search finds
// none for one of them.
func (p *planner) cheaper(m mark, order []int, places map[int]place) (out map[int]place, ok bool) {
	p.reset(m)
	out = maps.Clone(places)
	var free []int
	for _, i := range order {
		s := &p.assignments[i]
		at, placed := places[i]
		switch {
		case placed && at.pool != "" && at.class < 0:
			s.option, s.pool = at.option, at.pool
			p.give(s)
			s.option, s.pool = nil, ""
		case placed && at.pool == "":
			free = append(free, i)
			delete(out, i)
		case placed: // it keeps the pool that its live workload requires
			s.option, s.pool, s.class = at.option, at.pool, at.class
		}
	}
	prog, fixed := p.program()
	p.fix(prog, fixed)
	prog.Settle()
	p.optimal = p.solve(prog, free, nil, func(i int, o *capacity.Option) {
		s := &p.assignments[i]
		out[i] = place{option: o, class: s.classes[slices.Index(s.options, o)]}
	})
	for _, i := range order {
		s := &p.assignments[i]
		s.option, s.pool, s.class = nil, "", -1
	}
	return out, len(out) == len(places)
}

// settle makes the places those of the assignments.
func (p *planner) settle(m mark, order []int, places map[int]place) {
	p.reset(m)
	for _, i := range order {
		s := &p.assignments[i]
		at, ok := places[i]
		switch {
		case !ok:
		case at.pool != "":
			s.option, s.pool, s.class = at.option, at.pool, at.class
			if at.class < 0 {
				p.give(s)
			}
		default:
			p.assignCheapest(i, at.option)
			p.takeOwn([]int{i})
		}
	}
}
