package capacity

import (
	"fmt"
	"maps"
	"slices"

	"syncer.dev/syncer/internal/capacity/pack"
)

// improve moves servers from nodes that can then be given back, if that pays: the saving per hour, counted over the horizon, must
// be more than what the moves cost. One group of servers moves at a time, and nobody while somebody else is still on the way.
// Tuning jobs and what the user placed are never moved.
func (p *planner) improve() {
	for i := range p.seats {
		s := &p.seats[i]
		if s.runs != "" && s.option != nil && (s.pool != s.runs || s.need.Pool != "" && s.need.Pool != s.runs) {
			return
		}
		if s.option == nil && s.need.Idle == "" && len(s.options) > 0 {
			return // quota is short: nobody gets more of it now
		}
	}
	groups := p.groups()
	if len(groups) == 0 {
		return
	}
	base, fixed := p.program()
	p.fix(base, fixed)
	base.Settle()
	before := base.Empty().Cost
	var best offer
	for _, g := range groups {
		if o := p.evaluate(g, base, before); o.net > best.net {
			best = o
		}
	}
	for i, o := range best.to {
		s := &p.seats[i]
		old := s.option.SKU.Name
		p.sit(s, o, fmt.Sprintf("saves %.2f USD/h against %s, which pays for the move within %s", float64(best.saving)/1e6, old, p.in.Horizon))
	}
}

// group is a set of servers that leave their nodes together.
type group struct {
	seats  []int
	gone   map[string]bool // nodes
	except map[int]int     // the site that each leaves
	price  int64           // of the nodes
}

func newGroup() group { return group{gone: map[string]bool{}, except: map[int]int{}} }

// offer is what moving a group brings.
type offer struct {
	to          map[int]*Option
	saving, net int64 // per hour; over the horizon, after what the moves cost
}

// fix adds the seats whose pods have no node yet.
func (p *planner) fix(prog *pack.Program, fixed []int) {
	for _, i := range fixed {
		s := &p.seats[i]
		prog.Bins[s.site].Fixed[p.sites[s.site].level(s.option)] += p.pending(s)
	}
}

// movable reports whether a seat is that of a server that runs and whose place is ours to choose.
func (p *planner) movable(s *seat) bool {
	return s.option != nil && s.need.Automatic && !s.need.Tuning && s.need.Idle == "" && s.runs == s.pool && p.pending(s) == 0
}

// groups lists what could move: the servers of one node, of all nodes of a pool, and those with a pool of their own. Nodes that
// look alike are listed once.
func (p *planner) groups() []group {
	on := map[string][]int{} // seats by node
	for i := range p.seats {
		s := &p.seats[i]
		for _, pod := range s.need.Pods {
			on[pod.Node] = append(on[pod.Node], i)
		}
	}
	var out []group
	classes := map[string]int{}
	for _, pool := range slices.Sorted(maps.Keys(p.live)) {
		l := p.live[pool]
		all := newGroup()
		alike := map[string]bool{}
		for _, n := range p.nodes[pool] {
			seats := on[n.Name]
			if n.Pods == 0 || len(seats) < n.Pods || !p.allMovable(seats) {
				continue
			}
			if len(all.seats) <= maxTogether {
				for _, i := range seats {
					p.join(&all, i, on)
				}
			}
			if sig := p.signature(seats, classes); !alike[sig] && l.Shared() {
				alike[sig] = true
				g := newGroup()
				for _, i := range seats {
					p.join(&g, i, on)
				}
				out = append(out, g)
			}
		}
		if len(all.seats) > 0 && len(all.seats) <= maxTogether {
			out = append(out, all)
		}
	}
	return out
}

// maxTogether is how many servers may move at once.
const maxTogether = 16

func (p *planner) allMovable(seats []int) bool {
	for _, i := range seats {
		if !p.movable(&p.seats[i]) {
			return false
		}
	}
	return len(seats) > 0
}

// join adds a seat to a group, with all nodes on which it is alone with members of the group.
func (p *planner) join(g *group, i int, on map[string][]int) {
	if _, ok := g.except[i]; ok {
		return
	}
	s := &p.seats[i]
	g.seats = append(g.seats, i)
	g.except[i] = s.site
	if s.site < 0 {
		g.except[i] = p.own[ownSite{s.option.SKU.Name, s.need.Spot}]
		if s.need.Shared {
			g.except[i] = -1
		}
	}
	for _, pod := range s.need.Pods {
		if h := p.hosts[pod.Node]; h != nil && !g.gone[pod.Node] && h.Pods == len(on[pod.Node]) {
			g.gone[pod.Node] = true
			g.price += p.rank(s.option.SKU.Name, s.need.Spot)
		}
	}
}

// signature is the same for groups of seats that are alike: of the same classes, and with the same options now.
func (p *planner) signature(seats []int, classes map[string]int) string {
	var key []byte
	ids := make([]int, 0, len(seats))
	for _, i := range seats {
		s := &p.seats[i]
		key = p.classKey(key[:0], s, -1)
		key = append(key, byte(s.option.GPUsPerNode), byte(s.option.Nodes))
		id, ok := classes[string(key)]
		if !ok {
			id = len(classes)
			classes[string(key)] = id
		}
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return fmt.Sprint(ids)
}

// evaluate works out what it would bring to move a group. Until it has moved, the old nodes are there as well, so that they
// still count for the limits.
func (p *planner) evaluate(g group, base *pack.Program, before int64) offer {
	prog := &pack.Program{Bins: slices.Clone(base.Bins), Caps: slices.Clone(base.Caps), Pools: base.Pools, Quick: true}
	for name := range g.gone {
		h := p.hosts[name]
		if at, shared := p.named[h.Pool]; shared {
			b := &prog.Bins[at]
			b.Stay--
			for l := range pack.Levels {
				b.Holes[l] -= p.free(&p.sites[at], h) >> l
			}
		}
	}
	prog.Settle()
	o := offer{to: map[int]*Option{}}
	cost := int64(0)
	p.assign(prog, g.seats, g.except, func(i int, to *Option) {
		o.to[i] = to
		share := p.rank(to.SKU.Name, p.seats[i].need.Spot) * int64(to.Nodes*max(to.GPUsPerNode, 1)) / int64(max(to.SKU.GPUs, 1))
		cost += int64(moveCostUSD*1e6) + int64(float64(share)*moveTime.Hours())
	})
	if len(o.to) < len(g.seats) {
		return offer{}
	}
	o.saving = g.price + before - prog.Cost
	o.net = int64(float64(o.saving)*p.in.Horizon.Hours()) - cost
	return o
}
