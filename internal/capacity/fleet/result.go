// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"cmp"
	"slices"
	"strings"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/fleet/nodeclass"
	"syncer.dev/syncer/internal/capacity/fleet/words"
	"syncer.dev/syncer/internal/workspace"
)

// result turns the assignments into pools and bindings.
func (p *planner) result() Result {
	f := Result{
		Bindings: make(map[workspace.Key]Binding, len(p.assignments)),
		Unplaced: map[workspace.Key]Unplaced{},
		Optimal:  p.optimal,
	}
	pools := map[string]capacity.Pool{}
	p.fill(pools)
	inbound := map[string]bool{} // pools for which pods are pending
	for i := range p.assignments {
		if s := &p.assignments[i]; s.option != nil && (s.runs == "" || s.runs == s.pool || s.workload.Pool == s.pool) &&
			p.pending(s) > 0 {
			inbound[s.pool] = true
		}
	}
	for i := range p.assignments {
		s := &p.assignments[i]
		if s.option == nil {
			f.Unplaced[s.workload.Workspace] = s.no
			continue
		}
		if s.class < 0 {
			pool := p.poolOfOne(s)
			if others, ok := pools[s.pool]; ok { // replicas of the same set
				pool.Count += others.Count
				pool.HourlyCost = p.prices.Of(pool.SKU.Name, pool.Priority()).Times(pool.Count)
			}
			pools[s.pool] = pool
		} else if _, ok := pools[s.pool]; !ok && s.idle != "" && p.live[s.pool] != nil {
			pools[s.pool] = p.wanted.Live(p.live[s.pool], 0) // kept until the Workspace resumes
		}
		f.Bindings[s.workload.Workspace] = p.binding(s, inbound)
	}
	p.keepOld(pools, f.Bindings)
	for _, pool := range pools {
		f.Pools = append(f.Pools, pool)
	}
	slices.SortFunc(f.Pools, func(a, b capacity.Pool) int { return strings.Compare(a.Name, b.Name) })
	return f
}

// keepOld keeps the nodes of Workspaces that move, and of unplaced Workspaces with a live workload. Other nodes of
// these pools may go.
func (p *planner) keepOld(pools map[string]capacity.Pool, bindings map[workspace.Key]Binding) {
	keep := map[string]int{}
	for i := range p.assignments {
		s := &p.assignments[i]
		name := s.workload.Pool
		if b := bindings[s.workload.Workspace]; s.option != nil && b.Next != "" {
			name = b.Pool
		} else if s.option != nil || len(s.options) == 0 || s.idle != "" || s.workload.Paused {
			continue
		}
		if l := p.live[name]; l != nil && !l.Shared() && len(p.nodes[name]) > 0 {
			keep[name] += max(len(s.workload.Pods), 1)
		}
	}
	for name, n := range keep {
		if _, wanted := pools[name]; !wanted {
			l := p.live[name]
			pools[name] = p.wanted.Live(l, min(max(n, p.inUse(name)), l.Count))
		}
	}
}

// poolOfOne returns the pool of one Workspace, or its part of the pool of its set.
func (p *planner) poolOfOne(s *assignment) capacity.Pool {
	count := s.option.Nodes
	if s.idle != "" {
		count = 0
	}
	if l := p.live[s.pool]; l != nil && s.workload.Shared {
		return p.wanted.Live(l, count) // created while the user named a size
	}
	return p.wanted.Own(s.workload, s.option, count)
}

// fill gives every assignment to a shared class one of its pools, first where a node has room, then where a pool may
// grow, and adds the pools with their number of nodes.
func (p *planner) fill(pools map[string]capacity.Pool) {
	p.countDeparting()
	byClass := make([][]int, len(p.classes.All))
	for i := range p.assignments {
		if s := &p.assignments[i]; s.option != nil && s.class >= 0 {
			byClass[s.class] = append(byClass[s.class], i)
		}
	}
	for at := range p.classes.All {
		c := &p.classes.All[at]
		if c.Own || len(c.Pools) == 0 && len(byClass[at]) == 0 {
			continue
		}
		bins := p.poolBins(c)
		p.load(bins, at, byClass[at])
		p.choosePools(bins, c, byClass[at])
		for _, bin := range bins {
			count := bin.Nodes()
			if count == 0 {
				continue
			}
			if l := p.live[bin.Name]; l != nil && c.Closed {
				pools[bin.Name] = p.wanted.Live(l, count)
			} else {
				pools[bin.Name] = p.wanted.Shared(bin.Name, c.Key, c.SKU, count)
			}
		}
	}
}

// load sorts the assignments of a class for packing and counts what its pools have to hold already: pending pods of
// assignments with a pool, and reservations.
func (p *planner) load(bins nodeclass.Bins, at int, assignments []int) {
	c := &p.classes.All[at]
	// Large items come first, as package pack assumes; assignments with a pool come before those that may choose.
	slices.SortStableFunc(assignments, func(a, b int) int {
		x, y := &p.assignments[a], &p.assignments[b]
		return cmp.Or(c.Level(y.option)-c.Level(x.option), strings.Compare(y.pool, x.pool))
	})
	for _, i := range assignments {
		s := &p.assignments[i]
		if n := p.pending(s); n > 0 && s.pool != "" {
			bins.Add(s.pool, c.Level(s.option), n)
		}
	}
	for _, r := range p.in.Reserved {
		if i, ok := p.classes.Named[r.Pool]; ok && i == at {
			bins.Add(r.Pool, c.Level(&capacity.Option{GPUsPerNode: r.GPUs}), r.Nodes)
		}
	}
}

// choosePools gives a pool to the assignments of a class that have none.
func (p *planner) choosePools(bins nodeclass.Bins, c *nodeclass.Class, assignments []int) {
	for _, i := range assignments {
		s := &p.assignments[i]
		if s.pool != "" {
			continue
		}
		if s.idle != "" {
			s.pool = bins[0].Name
			continue
		}
		n := p.pending(s)
		s.pool = bins.Choose(c.Level(s.option), n)
		if s.runs == s.pool { // some of its pods run there: only the pending ones count
			bins.Add(s.pool, c.Level(s.option), p.pending(s)-n)
		}
	}
}

// countDeparting counts the pods that leave each node. Only the plan of the end state needs it.
func (p *planner) countDeparting() {
	p.departing = map[string]int{}
	if !p.in.Eventual {
		return
	}
	for i := range p.assignments {
		s := &p.assignments[i]
		for _, pod := range s.workload.Pods {
			if h := p.hosts[pod.Node]; h != nil && (s.idle != "" || s.option != nil && s.pool != h.Pool) {
				p.departing[pod.Node]++
			}
		}
	}
}

// poolBins returns the pools of a class as bins, with the nodes that stay.
func (p *planner) poolBins(c *nodeclass.Class) nodeclass.Bins {
	bins := p.classes.Bins(c)
	for _, bin := range bins {
		p.stay(bin.Name, c, bin.Keep)
	}
	return bins
}

// binding returns the present pool of a Workspace, and the next one. A running server moves only once the nodes of the
// next pool have allocatable GPUs.
func (p *planner) binding(s *assignment, inbound map[string]bool) Binding {
	n, o := s.workload, s.option
	b := Binding{Pool: s.pool, Option: o, Shared: s.class >= 0 || n.Set != "", Reason: s.reason, Takes: s.takes}
	if s.yields != nil {
		b.Yields, b.To = s.idle, s.yields.workload.Workspace
	}
	if s.idle == "" {
		b.Cost = p.prices.Share(o, n.NodePriority())
	} else {
		b.Cost = capacity.Cost{Known: true}
	}
	if s.runs == "" || s.runs == s.pool || n.Pool == s.pool || s.idle != "" || p.in.Eventual || p.ready(s, inbound) {
		return b
	}
	b.Next, b.Pool = s.pool, s.runs
	at, shared := p.classes.Named[s.runs]
	b.Reason = words.Moves(s.pool, o.SKU.Name, s.reason)
	var old *capacity.Option
	if l := p.live[s.runs]; l != nil { // not: the pool is gone, or not ours any more, and perhaps no class is left
		old = p.matching(n, s.options, l, at, shared)
	}
	if old == nil {
		b.Hold = b.Reason
		return b
	}
	b.Option, b.Shared, b.Cost = old, shared || n.Set != "", p.prices.Share(old, n.NodePriority())
	return b
}

// ready reports whether the pool of an assignment has enough free GPUs for it. The Kubernetes scheduler picks the nodes
// and does not know which servers follow, so one server at a time moves to a pool.
func (p *planner) ready(s *assignment, inbound map[string]bool) bool {
	if inbound[s.pool] {
		return false
	}
	need := max(s.option.GPUsPerNode, 1)
	room := 0
	for _, n := range p.nodes[s.pool] {
		if n.Ready {
			room += max(n.GPUs-n.Used, 0) / need
		}
	}
	if room < s.option.Nodes {
		return false
	}
	inbound[s.pool] = true
	return true
}
