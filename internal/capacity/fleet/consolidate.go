// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"cmp"
	"encoding/binary"
	"maps"
	"slices"
	"strings"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/fleet/pack"
	"syncer.dev/syncer/internal/capacity/fleet/words"
)

// improve moves servers off nodes that then become free, if the move pays: the saving over the horizon has to exceed
// the cost of the move. One group of servers moves at a time, and only while no other server moves. Tuning jobs and
// Workspaces with a named size never move.
func (p *planner) improve() {
	if p.busy() {
		return
	}
	groups := p.groups()
	if len(groups) == 0 {
		return
	}
	base, before := p.settledProgram()
	var best move
	for _, g := range groups {
		if o := p.evaluate(g, base, before); o.net > best.net {
			best = o
		}
	}
	for i, o := range best.to {
		s := &p.assignments[i]
		old := s.option.SKU.Name
		p.assign(s, o, words.Saves(best.saving, old, p.in.Horizon))
	}
}

// busy reports whether no server may move: another one does, or quota is short, of which moves would use more.
func (p *planner) busy() bool {
	for i := range p.assignments {
		s := &p.assignments[i]
		if s.runs != "" && s.option != nil && (s.pool != s.runs || s.workload.Pool != "" && s.workload.Pool != s.runs) ||
			s.yields != nil || s.option == nil && s.idle == "" && len(s.options) > 0 {
			return true
		}
	}
	return false
}

// settledProgram returns the program in which all have their places, and what its new nodes cost.
func (p *planner) settledProgram() (base *pack.Program, cost int64) {
	base, fixed := p.program()
	p.fix(base, fixed)
	base.Settle()
	return base, base.Empty().Cost
}

// group is a set of servers that move together.
type group struct {
	members []int
	freed   map[string]bool // nodes
	except  map[int]int     // the class that each member leaves
	price   int64           // of the freed nodes
}

func newGroup() group { return group{freed: map[string]bool{}, except: map[int]int{}} }

// move is the outcome of moving a group.
type move struct {
	to          map[int]*capacity.Option
	saving, net int64 // per hour; over the horizon, after what the moves cost
}

// fix adds the assignments with pods that have no node yet.
func (p *planner) fix(prog *pack.Program, fixed []int) {
	for _, i := range fixed {
		s := &p.assignments[i]
		prog.Bins[s.class].Fixed[p.classes.All[s.class].Level(s.option)] += p.pending(s)
	}
}

// movable reports whether an assignment is a running server whose place the planner chooses.
func (p *planner) movable(s *assignment) bool {
	return s.option != nil && s.workload.Automatic && !s.workload.Tuning && s.idle == "" &&
		s.runs == s.pool && p.pending(s) == 0
}

// groups lists the groups that could move: the servers of one node, of all nodes of a shared pool, and servers with a
// pool of their own. It lists interchangeable nodes once.
func (p *planner) groups() []group {
	on := p.byNode()
	var out []group
	for _, pool := range p.inOrder() {
		out = append(out, p.groupsOn(pool, on)...)
	}
	return out
}

// byNode lists the assignments with pods on each node.
func (p *planner) byNode() map[string][]int {
	on := map[string][]int{}
	for i := range p.assignments {
		for _, pod := range p.assignments[i].workload.Pods {
			on[pod.Node] = append(on[pod.Node], i)
		}
	}
	return on
}

// groupsOn lists the groups of one pool.
func (p *planner) groupsOn(pool string, on map[string][]int) (out []group) {
	l := p.live[pool]
	all := newGroup()
	listed := map[string]bool{}
	for _, n := range p.nodes[pool] {
		members := on[n.Name]
		if n.Pods == 0 || len(members) < n.Pods || !p.allMovable(members) {
			continue
		}
		if len(all.members) <= maxTogether {
			for _, i := range members {
				p.join(&all, i, on)
			}
		}
		if sig := p.signature(members); !listed[sig] && l.Shared() {
			listed[sig] = true
			g := newGroup()
			for _, i := range members {
				p.join(&g, i, on)
			}
			out = append(out, g)
		}
	}
	if len(all.members) > 0 && len(all.members) <= maxTogether {
		out = append(out, all)
	}
	return out
}

// inOrder lists the live pools by size and by who runs there: the name of a pool depends on that of its Workspace.
func (p *planner) inOrder() []string {
	first := map[string]int{} // assignment on each pool
	for i := range slices.Backward(p.assignments) {
		first[p.assignments[i].runs] = i + 1
	}
	return slices.SortedFunc(maps.Keys(p.live), func(a, b string) int {
		return cmp.Or(strings.Compare(p.live[a].Size, p.live[b].Size), cmp.Compare(first[a], first[b]), strings.Compare(a, b))
	})
}

// maxTogether is how many servers may move at once. It is syncer's own: a move interrupts all of them.
const maxTogether = 16

func (p *planner) allMovable(members []int) bool {
	for _, i := range members {
		if !p.movable(&p.assignments[i]) {
			return false
		}
	}
	return len(members) > 0
}

// join adds an assignment to a group, with all nodes that only members of the group use.
func (p *planner) join(g *group, i int, on map[string][]int) {
	if _, ok := g.except[i]; ok {
		return
	}
	s := &p.assignments[i]
	g.members = append(g.members, i)
	g.except[i] = s.class
	if s.class < 0 {
		g.except[i] = -1
		if !s.workload.Shared {
			g.except[i] = p.classes.OwnOf(s.option.SKU, s.workload.NodePriority())
		}
	}
	for _, pod := range s.workload.Pods {
		if h := p.hosts[pod.Node]; h != nil && !g.freed[pod.Node] && h.Pods == len(on[pod.Node]) {
			g.freed[pod.Node] = true
			g.price += p.prices.Rank(s.option.SKU.Name, s.workload.NodePriority())
		}
	}
}

// signature is equal for interchangeable groups: members with the same choices and the same present options.
func (p *planner) signature(members []int) string {
	ids := make([][3]int, 0, len(members))
	for _, i := range members {
		s := &p.assignments[i]
		ids = append(ids, [3]int{p.groupOf(s), s.option.GPUsPerNode, s.option.Nodes})
	}
	slices.SortFunc(ids, func(a, b [3]int) int { return slices.Compare(a[:], b[:]) })
	key := make([]byte, 0, 3*len(ids))
	for _, id := range ids {
		for _, n := range id {
			key = binary.AppendUvarint(key, uint64(n))
		}
	}
	return string(key)
}

// groupOf numbers the groups of interchangeable assignments.
func (p *planner) groupOf(s *assignment) int {
	row, bounded := p.ledger.ShareRow(s.namespace())
	if !bounded {
		row = -1
	}
	id, known := s.groups[row]
	if !known {
		key := string(p.groupKey(nil, s, -1))
		if id, known = p.groupIDs[key]; !known {
			id = len(p.groupIDs)
			p.groupIDs[key] = id
		}
		if s.groups != nil {
			s.groups[row] = id
		}
	}
	return id
}

// evaluate returns the best move of a group. The old nodes count for the limits until the move is done.
func (p *planner) evaluate(g group, base *pack.Program, before int64) move {
	prog := &pack.Program{Bins: slices.Clone(base.Bins), Caps: slices.Clone(base.Caps), Pools: base.Pools, Quick: true}
	for name := range g.freed {
		h := p.hosts[name]
		if at, shared := p.classes.Named[h.Pool]; shared {
			b := &prog.Bins[at]
			b.Stay--
			for l := range pack.Levels {
				b.Holes[l] -= p.free(&p.classes.All[at], h) >> l
			}
		}
	}
	prog.Settle()
	o := move{to: map[int]*capacity.Option{}}
	cost := int64(0)
	p.solve(prog, g.members, g.except, func(i int, to *capacity.Option) {
		o.to[i] = to
		price := p.prices.Rank(to.SKU.Name, p.assignments[i].workload.NodePriority())
		share := price * int64(to.Nodes*max(to.GPUsPerNode, 1)) / int64(max(to.SKU.GPUs, 1))
		cost += int64(moveCostUSD*1e6) + int64(float64(share)*moveTime.Hours())
	})
	if len(o.to) < len(g.members) {
		return move{}
	}
	o.saving = g.price + before - prog.Cost
	o.net = int64(float64(o.saving)*p.in.Horizon.Hours()) - cost
	return o
}
