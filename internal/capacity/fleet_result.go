package capacity

import (
	"fmt"
	"slices"
	"strings"

	"syncer.dev/syncer/internal/capacity/pack"
	"syncer.dev/syncer/internal/workspace"
)

// result turns seats into pools and bindings.
func (p *planner) result() Fleet {
	f := Fleet{Bindings: make(map[workspace.Key]Binding, len(p.seats)), Unplaced: map[workspace.Key]Unplaced{}, Optimal: p.optimal}
	pools := map[string]Pool{}
	p.fill(pools)
	arriving := map[string]bool{} // pools for which pods wait
	for i := range p.seats {
		if s := &p.seats[i]; s.option != nil && (s.runs == "" || s.runs == s.pool || s.need.Pool == s.pool) && p.pending(s) > 0 {
			arriving[s.pool] = true
		}
	}
	for i := range p.seats {
		s := &p.seats[i]
		if s.option == nil {
			f.Unplaced[s.need.Workspace] = s.no
			continue
		}
		if s.site < 0 {
			pool := p.poolOfOne(s)
			if others, ok := pools[s.pool]; ok { // of the same set
				pool.Count += others.Count
				pool.HourlyCost = p.price(pool.SKU.Name, pool.Spot).Times(pool.Count)
			}
			pools[s.pool] = pool
		} else if _, ok := pools[s.pool]; !ok && s.need.Idle != "" && p.live[s.pool] != nil {
			pools[s.pool] = p.livePool(p.live[s.pool], 0) // for when it goes on
		}
		f.Bindings[s.need.Workspace] = p.binding(s, arriving)
	}
	p.keepOld(pools, f.Bindings)
	for _, pool := range pools {
		f.Pools = append(f.Pools, pool)
	}
	slices.SortFunc(f.Pools, func(a, b Pool) int { return strings.Compare(a.Name, b.Name) })
	return f
}

// keepOld keeps the nodes of those who are to move, and of those for whom there is no place as they ask for it now, but who have a
// workload from before. Others of the pool may go.
func (p *planner) keepOld(pools map[string]Pool, bindings map[workspace.Key]Binding) {
	keep := map[string]int{}
	for i := range p.seats {
		s := &p.seats[i]
		name := s.need.Pool
		if b := bindings[s.need.Workspace]; s.option != nil && b.Next != "" {
			name = b.Pool
		} else if s.option != nil || len(s.options) == 0 || s.need.Idle != "" {
			continue
		}
		if l := p.live[name]; l != nil && !l.Shared() && len(p.nodes[name]) > 0 {
			keep[name] += max(len(s.need.Pods), 1)
		}
	}
	for name, n := range keep {
		if _, wanted := pools[name]; !wanted {
			l := p.live[name]
			pools[name] = p.livePool(l, min(max(n, p.inUse(name)), l.Count))
		}
	}
}

// poolOfOne returns the pool that only this Workspace has, or its part of that of its set.
func (p *planner) poolOfOne(s *seat) Pool {
	count := s.option.Nodes
	if s.need.Idle != "" {
		count = 0
	}
	if l := p.live[s.pool]; l != nil && s.need.Shared {
		return p.livePool(l, count) // from when the user had named a size
	}
	return p.ownPool(s.need, s.option, count)
}

// fill gives every seat at a shared site one of its pools: first where a node has room, then where a pool may grow, and counts
// the nodes.
func (p *planner) fill(pools map[string]Pool) {
	p.leaving()
	bySite := make([][]int, len(p.sites))
	for i := range p.seats {
		if s := &p.seats[i]; s.option != nil && s.site >= 0 {
			bySite[s.site] = append(bySite[s.site], i)
		}
	}
	for at := range p.sites {
		st := &p.sites[at]
		if st.own || len(st.pools) == 0 && len(bySite[at]) == 0 {
			continue
		}
		w := p.wards(st)
		seats := bySite[at]
		// Large items first, as the sums assume; those who have a pool already before those who can choose.
		slices.SortStableFunc(seats, func(a, b int) int {
			x, y := &p.seats[a], &p.seats[b]
			if c := st.level(y.option) - st.level(x.option); c != 0 {
				return c
			}
			return strings.Compare(y.pool, x.pool)
		})
		for _, i := range seats {
			s := &p.seats[i]
			if n := p.pending(s); n > 0 && s.pool != "" {
				w.at(s.pool).load[st.level(s.option)] += n
			}
		}
		for _, r := range p.in.Reserved {
			if i, ok := p.named[r.Pool]; ok && i == at {
				w.at(r.Pool).load[st.level(&Option{GPUsPerNode: r.GPUs})] += r.Nodes
			}
		}
		for _, i := range seats {
			if s := &p.seats[i]; s.pool == "" {
				n := p.pending(s)
				if s.need.Idle != "" {
					s.pool = w.list[0].name
					continue
				}
				s.pool = w.choose(st.level(s.option), n)
				if s.runs == s.pool { // its pods are there already: only what is missing counts
					w.at(s.pool).load[st.level(s.option)] -= n - p.pending(s)
				}
			}
		}
		for _, ward := range w.list {
			count := ward.bin.Stay + ward.bin.NodesFor(&ward.load)
			if count == 0 {
				continue
			}
			if l := p.live[ward.name]; l != nil && st.closed {
				pools[ward.name] = p.livePool(l, count)
			} else {
				pools[ward.name] = p.sharedPool(ward.name, st.kind, st.sku, count)
			}
		}
	}
}

// leaving counts the pods that will have left each node, when the plan is asked for where things end.
func (p *planner) leaving() {
	p.left = map[string]int{}
	if !p.in.Eventual {
		return
	}
	for i := range p.seats {
		s := &p.seats[i]
		for _, pod := range s.need.Pods {
			if h := p.hosts[pod.Node]; h != nil && (s.need.Idle != "" || s.option != nil && s.pool != h.Pool) {
				p.left[pod.Node]++
			}
		}
	}
}

// wards are the pools of a site, while seats are handed out.
type wards struct{ list []*ward }

type ward struct {
	name string
	bin  pack.Bin
	load [pack.Levels]int
}

func (p *planner) wards(st *site) *wards {
	w := &wards{}
	names := slices.Clone(st.pools)
	if !st.closed {
		for i := range len(p.seats)/maxNodesPerPool + 2 {
			if name := sharedName(p.in.Cluster, st.kind, i); !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	for _, name := range names {
		x := &ward{name: name, bin: pack.Bin{Units: st.units()}}
		for _, n := range p.nodes[name] {
			if n.Pods > p.left[n.Name] {
				x.bin.Stay++
				x.bin.AddHoles(p.free(st, n))
			}
		}
		w.list = append(w.list, x)
	}
	return w
}

func (w *wards) at(name string) *ward {
	for _, x := range w.list {
		if x.name == name {
			return x
		}
	}
	return w.list[0]
}

// choose puts n items of a level into the first pool in which they take no new node, or else into the first that may grow.
func (w *wards) choose(level, n int) string {
	var grow *ward
	for _, x := range w.list {
		before := x.bin.NodesFor(&x.load)
		x.load[level] += n
		after := x.bin.NodesFor(&x.load)
		if after == before {
			return x.name
		}
		x.load[level] -= n
		if grow == nil && x.bin.Stay+after <= maxNodesPerPool {
			grow = x
		}
		if before == 0 && x.bin.Stay == 0 {
			break // this one and all that follow are empty
		}
	}
	if grow == nil {
		grow = w.list[len(w.list)-1]
	}
	grow.load[level] += n
	return grow.name
}

// binding says where a Workspace is now, and where it goes. A server that runs is not moved before the nodes that it moves to
// have their GPUs.
func (p *planner) binding(s *seat, arriving map[string]bool) Binding {
	n, o := s.need, s.option
	b := Binding{Pool: s.pool, Option: *o, Shared: s.site >= 0 || n.Set != "", Reason: s.reason}
	if n.Idle == "" {
		b.Cost = p.shareOf(o, n.Spot)
	} else {
		b.Cost = Cost{Known: true}
	}
	if s.runs == "" || s.runs == s.pool || n.Pool == s.pool || n.Idle != "" || p.in.Eventual || p.ready(s, arriving) {
		return b
	}
	b.Next = s.pool
	b.Pool = s.runs
	at, shared := p.named[s.runs]
	l := p.live[s.runs]
	old := p.matching(n, s.options, l, at, shared)
	b.Reason = fmt.Sprintf("moves to pool %s (%s) once it is ready: %s", s.pool, o.SKU.Name, s.reason)
	if old == nil || l == nil {
		b.Hold = b.Reason
		return b
	}
	b.Option, b.Shared, b.Cost = *old, shared || n.Set != "", p.shareOf(old, n.Spot)
	return b
}

// shareOf is the part of the price of its nodes that an option has, by GPUs.
func (p *planner) shareOf(o *Option, spot bool) Cost {
	c := p.price(o.SKU.Name, spot).Times(o.Nodes)
	if o.SKU.GPUs > 0 && o.GPUsPerNode < o.SKU.GPUs {
		c.USD *= float64(o.GPUsPerNode) / float64(o.SKU.GPUs)
	}
	return c
}

// ready reports whether the pool of a seat has as many free GPUs as it takes. Which nodes its pods get is for the scheduler of
// Kubernetes to say, which knows nothing of those who come next: so one server arrives on a pool at a time.
func (p *planner) ready(s *seat, arriving map[string]bool) bool {
	if arriving[s.pool] {
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
	arriving[s.pool] = true
	return true
}
