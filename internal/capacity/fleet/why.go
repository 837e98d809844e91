// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"cmp"
	"slices"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/fleet/words"
	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/workspace"
)

// explain says of each Workspace without a place why it has none, and for whom it waits.
func (p *planner) explain() {
	var used []int64
	var holders map[int][]int
	for i := range p.assignments {
		s := &p.assignments[i]
		if s.option != nil || s.idle != "" || len(s.options) == 0 {
			continue
		}
		if used == nil {
			used, holders = p.usage(), p.holders()
		}
		near := p.nearest(s, used)
		s.no = p.why(s, near, used)
		p.behind(i, near, holders, used)
	}
}

// why returns why an assignment has no option: the obstacle of the one that is nearest to fitting, and the names of
// others, the cheapest first.
func (p *planner) why(s *assignment, near []*capacity.Option, used []int64) Unplaced {
	first := p.obstacle(s, near[0], used)
	if first.Reason == "" { // an own pool, or part of a node, for which there is room only together with others
		no := words.TooManyPools(len(p.in.Pools))
		first = Unplaced{Reason: no.Reason, Message: no.Message}
	}
	rest := slices.Clone(near[1:])
	slices.SortStableFunc(rest, func(a, b *capacity.Option) int { return cmp.Compare(p.worth(s, a), p.worth(s, b)) })
	var others []string
	for _, o := range rest {
		if name := o.SKU.Name; len(others) < 3 && name != near[0].SKU.Name && !slices.Contains(others, name) {
			others = append(others, name)
		}
	}
	if len(others) > 0 {
		first.Message += words.OtherSizes(others)
	}
	return first
}

// nearest returns the options of an assignment beside what is used, the one first of which least is missing, and then
// the cheapest. What is missing counts as its part of the price of the nodes, so that money, vCPUs and nodes compare;
// an obstacle without figures counts as all of it. The measure is syncer's own.
func (p *planner) nearest(s *assignment, used []int64) []*capacity.Option {
	type distance struct {
		option         *capacity.Option
		missing, worth float64
	}
	all := make([]distance, len(s.options))
	for i, o := range s.options {
		found := p.obstacles(s, o, used)
		part := 0.0
		if len(found) == 0 { // no pool is left for it
			part = 1
		}
		for _, no := range found {
			part = max(part, no.Part())
		}
		worth := p.worth(s, o)
		all[i] = distance{o, part * worth, worth}
	}
	slices.SortStableFunc(all, func(a, b distance) int {
		return cmp.Or(cmp.Compare(a.missing, b.missing), cmp.Compare(a.worth, b.worth))
	})
	out := make([]*capacity.Option, len(all))
	for i := range all {
		out[i] = all[i].option
	}
	return out
}

// worth is the rank of all nodes of an option, which is that of their price.
func (p *planner) worth(s *assignment, o *capacity.Option) float64 {
	return float64(p.prices.Rank(o.SKU.Name, s.workload.NodePriority())) * float64(o.Nodes)
}

// obstacle returns why an assignment cannot have new nodes of an option beside what is used. The Reason is empty when
// it can.
func (p *planner) obstacle(s *assignment, o *capacity.Option, used []int64) Unplaced {
	for _, no := range p.obstacles(s, o, used) {
		return Unplaced{Reason: no.Reason, Message: no.Message}
	}
	return Unplaced{}
}

// obstacles returns everything that keeps an assignment from new nodes of an option beside what is used.
func (p *planner) obstacles(s *assignment, o *capacity.Option, used []int64) []capacity.Obstacle {
	own := *s
	own.option = o
	if s.workload.Shared {
		return p.against(&own, o.Nodes, 0, used)
	}
	own.pool = p.wanted.OwnName(s.workload, o)
	more, after := p.more(&own)
	return p.against(&own, more, after, used)
}

// against returns everything that keeps an assignment from more nodes of its option beside what is used; its own pool
// would then have all of them, 0 for a shared one. It is the one place where an offering, a quota or a limit refuses
// new nodes to one Workspace.
func (p *planner) against(s *assignment, more, all int, used []int64) []capacity.Obstacle {
	var out []capacity.Obstacle
	sku, priority := s.option.SKU, s.workload.NodePriority()
	if message, blocked := p.blocked(sku, priority); blocked {
		_, until, _ := p.in.Unavailable.Blocked(sku, priority, p.in.Now)
		out = append(out, capacity.Obstacle{
			Check:   capacity.CheckAvailability,
			Reason:  diag.OutOfCapacity,
			Message: message,
			Until:   until,
			Code:    p.in.Unavailable.Code(sku, priority, p.in.Now),
		})
	}
	if all > capacity.MaxNodesPerPool {
		out = append(out, words.TooManyNodes(s.pool, all))
	}
	if all > 0 && p.live[s.pool] == nil && !p.made[s.pool] && p.poolsLeft() == 0 {
		out = append(out, words.TooManyPools(len(p.in.Pools)))
	}
	asks := s.request(s.option, more)
	for _, no := range p.ledger.Shortages(asks, used) {
		out = append(out, p.ledger.Obstacle(no, asks))
	}
	return out
}

// maxVerdicts bounds for how many Workspaces a plan explains all sizes. It is syncer's own: a person reads few.
const maxVerdicts = 100

// verdicts explains all options of assignments that do not run. What an assignment uses itself does not count against
// its other options.
func (p *planner) verdicts() map[workspace.Key][]capacity.Verdict {
	if !p.in.Explain {
		return nil
	}
	out := map[workspace.Key][]capacity.Verdict{}
	for _, placed := range []bool{false, true} {
		for i := range p.assignments {
			s := &p.assignments[i]
			if s.option != nil != placed || s.runs != "" || s.idle != "" || len(s.options) == 0 || len(out) == maxVerdicts {
				continue
			}
			taken := s.option
			var had *eviction
			if placed {
				had = p.evict(i)
			}
			used := p.usage()
			order := s.options
			if !placed {
				order = p.nearest(s, used)
			}
			for _, o := range order {
				v := capacity.Verdict{SKU: o.SKU, Option: *o, Taken: o == taken}
				v.Unknown = p.in.Unknown(o.SKU, s.workload.NodePriority())
				if !v.Taken && !p.fits(s, slices.Index(s.options, o)) {
					v.Obstacles = p.obstacles(s, o, used)
				}
				out[s.workload.Workspace] = append(out[s.workload.Workspace], v)
			}
			if placed {
				p.restore(had)
			}
			p.prices.Compare(out[s.workload.Workspace], s.workload.NodePriority())
		}
	}
	return out
}

// fits reports whether there is room for an option on nodes that are shared, some of which may exist.
func (p *planner) fits(s *assignment, j int) bool {
	if !s.workload.Shared || !p.may(s, j, -1) {
		return false
	}
	prog, fixed := p.program()
	p.fix(prog, fixed)
	prog.Settle()
	t, ch := prog.Empty(), p.choiceOf(s, j)
	t.Put(&ch, 1)
	return t.Feasible()
}

// maxNamed is how many Workspaces a message names that go before another one.
const maxNamed = 3

// holders lists for each row the assignments that use some of it, in the order in which they are served.
func (p *planner) holders() map[int][]int {
	out := map[int][]int{}
	for i := range p.assignments {
		s := &p.assignments[i]
		o := s.option
		if o == nil && s.runs != "" { // unplaced, but its nodes stay
			o = p.running(s)
		}
		if o == nil || s.idle != "" {
			continue
		}
		for _, u := range p.ledger.Uses(o.SKU, s.workload.NodePriority()) {
			out[u.Row] = append(out[u.Row], i)
		}
		for _, u := range p.ledger.ShareUses(s.request(o, 1)) {
			out[u.Row] = append(out[u.Row], i)
		}
	}
	return out
}

// running returns an option for the nodes on which an assignment runs now; nil if the pool is gone.
func (p *planner) running(s *assignment) *capacity.Option {
	l := p.live[s.runs]
	if l == nil {
		return nil
	}
	sku, _ := capacity.LookupSKU(l.Size)
	return &capacity.Option{SKU: sku, Nodes: 1, GPUsPerNode: s.workload.GPUs}
}

// behind lists for an unplaced assignment who has what it waits for: those that go before it, and those that run.
func (p *planner) behind(i int, near []*capacity.Option, holders map[int][]int, used []int64) {
	s := &p.assignments[i]
	for _, o := range near {
		short := p.ledger.Shortages(s.request(o, o.Nodes), used)
		if len(short) == 0 {
			continue
		}
		var all []capacity.Ahead
		for _, h := range holders[short[0].Row] {
			other := &p.assignments[h]
			switch {
			case other.standing.Compare(s.standing) <= 0:
				all = append(all, capacity.Ahead{Workspace: other.workload.Workspace, Why: other.standing.Ahead(s.standing)})
			case other.standing.Runs || p.live[other.pool] != nil:
				all = append(all, capacity.Ahead{Workspace: other.workload.Workspace, Why: words.HoldsNodes})
			} // one after it without nodes takes what does not suffice for it anyway: see serve
		}
		s.no.Behind = all[:min(len(all), maxNamed)]
		s.no.More = len(all) - len(s.no.Behind)
		break
	}
	s.no.Message += words.WaitsBehind(s.no.Behind, s.no.More)
}
