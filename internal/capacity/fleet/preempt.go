// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"maps"
	"slices"
	"sort"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/fleet/words"
	"syncer.dev/syncer/internal/workspace"
)

// claims names for each Workspace that gives up its nodes the one that gets its place.
type claims map[workspace.Key]workspace.Key

// yields reports whether a Workspace gives up its nodes.
func (c claims) yields(k workspace.Key) bool {
	_, ok := c[k]
	return ok
}

// preempt returns the plan in which Workspaces without a place have taken those of a lower priority. It first finds out
// who has to give way, and then plans again without them: all that they set free goes to those who are next.
func (p *planner) preempt() *planner {
	for c := p.claims(); len(c) > 0; {
		next := planned(p.in.Without(c.yields, words.Yielding))
		lost := map[workspace.Key]bool{}
		for i := range next.assignments {
			s := &next.assignments[i]
			lost[s.workload.Workspace] = s.option == nil
		}
		before := len(c)
		maps.DeleteFunc(c, func(_, to workspace.Key) bool { return lost[to] })
		if len(c) == before {
			next.yield(c)
			return next
		}
		p = planned(p.in)
	}
	return p
}

// yield notes who has given way to whom.
func (p *planner) yield(c claims) {
	at := map[workspace.Key]*assignment{}
	for i := range p.assignments {
		at[p.assignments[i].workload.Workspace] = &p.assignments[i]
	}
	for from, to := range c {
		at[from].yields = at[to]
		at[from].idle = words.GivesWay(to, at[to].standing.Priority)
		at[from].reason = at[from].idle
		at[to].takes = append(at[to].takes, from)
	}
	for i := range p.assignments {
		if s := &p.assignments[i]; len(s.takes) > 0 {
			slices.SortFunc(s.takes, workspace.Key.Compare)
			s.reason = words.TakesFrom(s.takes, s.standing.Priority)
		}
	}
}

// claims finds for Workspaces without a place those of a lower priority that have to give way. Those of the lowest
// standing do so first, and only as many as have to. One plan interrupts at most maxTogether.
func (p *planner) claims() claims {
	out := claims{}
	left, tries := maxTogether, maxTogether
	for i := range p.assignments {
		s := &p.assignments[i]
		if s.option != nil || s.idle != "" || s.runs != "" || len(s.options) == 0 || left == 0 || tries == 0 {
			continue
		}
		victims := p.lower(i)
		if len(victims) == 0 {
			continue
		}
		tries--
		for _, from := range p.takeFrom(i, victims, left) {
			out[from] = s.workload.Workspace
			left--
		}
	}
	return out
}

// maxVictims bounds how many Workspaces are looked at for one that waits. It is syncer's own: each is a trial.
const maxVictims = 64

// lower lists the assignments of a lower priority that have some of what an assignment lacks, the lowest standing
// first.
func (p *planner) lower(i int) []int {
	s := &p.assignments[i]
	lacks, used := map[int]bool{}, p.usage()
	for _, o := range s.options {
		for _, no := range p.ledger.Shortages(s.request(o, o.Nodes), used) {
			lacks[no.Row] = true
		}
	}
	var out []int
	for j, v := range slices.Backward(p.assignments) {
		if v.standing.Priority.Compare(s.standing.Priority) >= 0 || len(out) == maxVictims {
			break
		}
		if v.option == nil || v.idle != "" || v.runs != "" && v.runs != v.pool {
			continue
		}
		uses := append(p.ledger.Uses(v.option.SKU, v.workload.NodePriority()), p.ledger.ShareUses(v.request(v.option, 1))...)
		relevant := v.class >= 0 && slices.Contains(s.classes, v.class)
		for _, u := range uses {
			relevant = relevant || lacks[u.Row]
		}
		if relevant {
			out = append(out, j)
		}
	}
	return out
}

// takeFrom finds the victims whose nodes make a place for an assignment, and gives it the place. It returns those that
// this interrupts; none if there is no such place within most.
func (p *planner) takeFrom(i int, victims []int, most int) []workspace.Key {
	release := func(n int) []*eviction {
		out := make([]*eviction, n)
		for k := range n {
			out[k] = p.evict(victims[k])
		}
		return out
	}
	restore := func(all []*eviction) {
		for _, e := range slices.Backward(all) {
			p.restore(e)
		}
	}
	enough := sort.Search(len(victims), func(n int) bool {
		all := release(n + 1)
		_, ok := p.placeFor(i)
		restore(all)
		return ok
	}) + 1
	if enough > len(victims) {
		return nil
	}
	all := release(enough)
	var needed []*eviction
	var interrupted []workspace.Key
	for k, e := range slices.Backward(all) {
		if k < enough-1 { // without the last one there is no place
			p.restore(e)
			if _, ok := p.placeFor(i); ok {
				continue
			}
			e = p.evict(victims[k])
		}
		needed = append(needed, e)
		if n := p.assignments[e.at].workload; n.Pool != "" || p.assignments[e.at].runs != "" {
			interrupted = append(interrupted, n.Workspace)
		}
	}
	at, ok := p.placeFor(i)
	if !ok || len(interrupted) > most {
		restore(needed)
		return nil
	}
	s := &p.assignments[i]
	if at.pool != "" {
		s.option, s.pool, s.class = at.option, at.pool, at.class
		p.give(s)
	} else {
		p.assign(s, at.option, "")
		p.takeOwn([]int{i})
	}
	return interrupted
}

// placeFor returns a place for an assignment beside all others, without giving it.
func (p *planner) placeFor(i int) (at place, ok bool) {
	s := &p.assignments[i]
	prog, fixed := p.program()
	p.fix(prog, fixed)
	prog.Settle()
	t := prog.Empty()
	if s.workload.Automatic {
		at = p.cheapestPlace(prog, t, s)
		return at, at.option != nil
	}
	given, made := maps.Clone(p.given), maps.Clone(p.made)
	at = place{s.options[0], p.wanted.OwnName(s.workload, s.options[0]), -1}
	ok = p.sit(t, s, at)
	p.given, p.made = given, made
	return at, ok
}

// eviction is a place that an assignment has lost, with what that has set free.
type eviction struct {
	at   int // of assignments
	had  place
	more int // nodes of its own pool that were counted and do not exist
	open int // its nodes without a pod
}

// evict takes its place away from an assignment as if its pods were gone.
func (p *planner) evict(i int) *eviction {
	s := &p.assignments[i]
	e := &eviction{at: i, had: place{s.option, s.pool, s.class}, open: p.pending(s)}
	if s.class < 0 {
		e.more = min(e.open, max(p.given[s.pool]-p.inUse(s.pool), 0))
		p.given[s.pool] -= s.option.Nodes
		p.takeShare(s, s.option, -e.open)
	}
	p.count(s, e, -1)
	s.option, s.pool, s.class = nil, "", -1
	return e
}

// restore undoes evict.
func (p *planner) restore(e *eviction) {
	s := &p.assignments[e.at]
	s.option, s.pool, s.class = e.had.option, e.had.pool, e.had.class
	p.count(s, e, 1)
	if s.class < 0 {
		p.given[s.pool] += s.option.Nodes
		p.takeShare(s, s.option, e.open)
	}
}

// count adds an assignment's nodes and pods to what is used, or with sign -1 takes them off.
func (p *planner) count(s *assignment, e *eviction, sign int) {
	p.ledger.Take(e.had.option.SKU, s.workload.NodePriority(), sign*e.more)
	for _, pod := range s.workload.Pods {
		h := p.hosts[pod.Node]
		if h == nil || p.live[h.Pool] == nil {
			continue
		}
		sku, _ := capacity.LookupSKU(p.live[h.Pool].Size)
		before := h.Pods
		h.Pods, h.Used = h.Pods+sign, h.Used+sign*s.workload.GPUs
		if before == 0 || h.Pods == 0 {
			p.ledger.Take(sku, p.live[h.Pool].Priority(), sign)
		}
		p.takeShare(s, &capacity.Option{SKU: sku, GPUsPerNode: s.workload.GPUs}, sign)
	}
}
