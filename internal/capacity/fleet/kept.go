// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"encoding/binary"
	"maps"
	"slices"
	"sync/atomic"

	"syncer.dev/syncer/internal/capacity/fleet/nodeclass"
	"syncer.dev/syncer/internal/capacity/fleet/question"
	"syncer.dev/syncer/internal/capacity/fleet/settled"
	"syncer.dev/syncer/internal/workspace"
)

// Kept is a fleet that stays in memory from one plan to the next, so that a change costs its own size. It is for one
// list of prices. Only one goroutine may use it.
//
// Most Workloads are settled: all their pods run on nodes of one shared pool, and the plan leaves them there. Nothing
// else in a plan depends on which they are, but for sums over the nodes of each pool. Kept has these sums, and decides
// only on the other Workloads. It plans from nothing where that does not hold: where a Workload finds no place, where a
// move pays, where namespaces have shares, and for the end state.
type Kept struct {
	*settled.Roster[part]

	kinds   map[question.Kind]*kind
	members map[*kind]int
	numbers map[string]int // of interchangeable assignments
	open    map[*record]bool
	around  settled.Around
	moves   map[string][]trial // what might move, by pool of nodes that are settled

	result Result
	whole  bool // result has the Bindings of all
}

// part is what a Kept knows of a Workload.
type part struct {
	kind    *kind
	settled bool
	s       assignment // once it is settled
	binding Binding    // once it is settled
	at      int        // of planner.assignments, unless it is settled
}

type record = settled.Record[part]

// Last hands a Kept from one plan to the next. It is safe for concurrent use: the first one who asks gets the Kept, all
// others start with none.
type Last struct{ kept atomic.Pointer[Kept] }

// LastOf returns a Last with a Kept; nil for none.
func LastOf(k *Kept) *Last {
	l := &Last{}
	l.kept.Store(k)
	return l
}

// Take returns the Kept, the first time; an empty one later, and where l is nil.
func (l *Last) Take() *Kept {
	if l != nil {
		if k := l.kept.Swap(nil); k != nil {
			return k
		}
	}
	return &Kept{
		Roster:  settled.NewRoster[part](),
		kinds:   map[question.Kind]*kind{},
		members: map[*kind]int{},
		numbers: map[string]int{},
		open:    map[*record]bool{},
		moves:   map[string][]trial{},
	}
}

// Len is the number of Workloads.
func (k *Kept) Len() int { return len(k.ByKey) }

// Binding returns that of a Workload in the last plan; ok is false if it has none.
func (k *Kept) Binding(key workspace.Key) (b Binding, ok bool) {
	if r := k.ByKey[key]; !k.whole && r != nil && r.Kept.settled {
		return r.Kept.binding, true
	}
	b, ok = k.result.Bindings[key]
	return b, ok
}

// Plan is the function Plan for the Workloads that k has, after those of in, which are new or have changed, have come,
// and others have gone. The Bindings of the result lack those of Workloads that stay where they run: see Binding.
func (k *Kept) Plan(in Input, gone []workspace.Key) Result {
	k.turn(in.Nodes, in.Workloads, gone)
	in.Workloads = nil
	f, ok := Result{}, false
	if k.Nodes.Unique() && !in.Eventual && !in.Explain && len(in.Limits.Shares) == 0 {
		f, ok = k.plan(in)
	}
	if k.whole = !ok; k.whole {
		for _, r := range k.Queue {
			in.Workloads = append(in.Workloads, r.Workload)
		}
		f = Plan(in)
	}
	k.result = f
	return f
}

// turn makes k the fleet with these nodes and changes.
func (k *Kept) turn(nodes []Node, come []Workload, gone []workspace.Key) {
	old, fresh, pools := k.Turn(nodes, come, gone)
	for pool := range pools {
		delete(k.moves, pool)
	}
	for _, r := range old {
		delete(k.open, r)
		if k.members[r.Kept.kind]--; k.members[r.Kept.kind] == 0 {
			delete(k.members, r.Kept.kind)
			if r.Workload.Shared {
				delete(k.kinds, r.Workload.Kind())
			}
		}
	}
	for _, r := range fresh {
		r.Kept.kind = kindIn(k.kinds, &r.Workload)
		k.members[r.Kept.kind]++
		k.open[r] = true
	}
}

// plan decides on the Workloads that are not settled, beside the sums of the others. ok is false if that does not give
// the plan.
func (k *Kept) plan(in Input) (f Result, ok bool) {
	p := k.planner(in)
	list := slices.SortedFunc(maps.Keys(k.open), (*record).Before)
	p.assignments = make([]assignment, len(list))
	for i, r := range list {
		p.assignments[i] = start(r)
	}
	p.bind()
	p.assignments = slices.DeleteFunc(p.assignments, func(s assignment) bool {
		r := k.ByKey[s.workload.Workspace]
		if p.settles(&s) {
			r.Kept.settled, r.Kept.s, r.Kept.binding = true, s, p.binding(&s, nil)
			delete(k.open, r)
		}
		return r.Kept.settled
	})
	for i := range p.assignments {
		k.ByKey[p.assignments[i].workload.Workspace].Kept.at = i
	}
	if p.place(); p.short || k.pays(p) {
		return Result{}, false
	}
	return p.result(), true
}

// start returns the assignment of a record without an option.
func start(r *record) assignment {
	n := &r.Workload
	return assignment{workload: n, kind: r.Kept.kind, class: -1, idle: n.Idle, runs: r.Runs, standing: r.Standing}
}

// planner returns the planner for the records. If it numbers classes in another way than the last one, or if another
// fact has changed that settles Workloads, all are open again.
func (k *Kept) planner(in Input) *planner {
	p := startPlanner(in)
	p.kept, p.nodes, p.hosts, p.kinds, p.groupIDs = k.Nodes, k.Nodes.ByPool, k.Nodes.ByName, k.kinds, k.numbers
	p.classes = nodeclass.NewSet(in.Cluster, len(k.ByKey), p.live)
	seen := make(map[*kind]bool, len(k.kinds))
	for i := 0; i < len(k.Queue) && len(seen) < len(k.kinds); i++ {
		if r := k.Queue[i]; r.Workload.Shared && !seen[r.Kept.kind] {
			seen[r.Kept.kind] = true
			p.classify(r.Kept.kind, &r.Workload)
		}
	}
	for i := range in.Pools {
		p.classes.Close(&in.Pools[i])
	}
	around := settled.AroundOf(&p.in, p.classes.All, func(c *nodeclass.Class) bool {
		_, blocked := p.blocked(c.SKU, c.Priority)
		return blocked
	})
	if !k.around.Same(&around) {
		k.around = around
		clear(k.numbers)
		clear(k.moves)
		for _, r := range k.Queue {
			r.Kept.settled, k.open[r] = false, true
			if r.Kept.kind.groups != nil {
				clear(r.Kept.kind.groups)
			}
		}
	}
	return p
}

// settles reports whether bind has left an assignment where all its pods run, on nodes that others share. What other
// Workloads do changes nothing about that, and it asks for no more nodes.
func (p *planner) settles(s *assignment) bool {
	n := s.workload
	if s.option == nil || s.class < 0 || s.idle != "" || !n.Automatic || !n.Shared || p.live[s.pool] == nil ||
		s.runs != s.pool || n.Pool != "" && n.Pool != s.runs || p.pending(s) > 0 {
		return false
	}
	for _, pod := range n.Pods {
		if h := p.hosts[pod.Node]; h == nil || h.Pool != s.pool {
			return false
		}
	}
	return true
}

// trial is a move that might pay. Those with one key cost and save the same.
type trial struct {
	key         string
	assignments []assignment
	group       group // of these assignments
}

// pays reports whether a move might pay.
func (k *Kept) pays(p *planner) bool {
	if p.busy() {
		return false
	}
	base, before := p.settledProgram()
	seen := map[string]bool{}
	for pool := range p.live {
		trials, settled := k.trials(p, pool)
		if settled {
			k.moves[pool] = trials
		}
		for i := range trials {
			t := &trials[i]
			if seen[t.key] {
				continue
			}
			seen[t.key] = true
			alone := *p
			alone.assignments = t.assignments
			if alone.evaluate(t.group, base, before).net > 0 {
				return true
			}
		}
	}
	return false
}

// trials lists the groups of servers on a pool that could move. settled reports that it stays so while nothing changes
// there.
func (k *Kept) trials(p *planner, pool string) (out []trial, settled bool) {
	if known, ok := k.moves[pool]; ok {
		return known, true
	}
	alone := *p
	alone.assignments = nil
	settled = true
	for _, r := range k.Around(pool) {
		if settled = settled && r.Kept.settled; r.Kept.settled {
			alone.assignments = append(alone.assignments, r.Kept.s)
		} else {
			alone.assignments = append(alone.assignments, p.assignments[r.Kept.at])
		}
	}
	for _, g := range alone.groupsOn(pool, alone.byNode()) {
		out = append(out, alone.trial(g))
	}
	return out, settled
}

// trial returns what is needed of a group to try it.
func (p *planner) trial(g group) trial {
	t := trial{group: group{freed: g.freed, except: map[int]int{}, price: g.price}}
	key := binary.AppendVarint(nil, g.price)
	for at, i := range g.members {
		s := p.assignments[i]
		t.assignments = append(t.assignments, s)
		t.group.members, t.group.except[at] = append(t.group.members, at), g.except[i]
		key = binary.AppendVarint(key, int64(p.groupOf(&s)))
		key = binary.AppendVarint(key, int64(g.except[i]))
	}
	var freed [][2]int
	for name := range g.freed {
		h := p.hosts[name]
		if at, shared := p.classes.Named[h.Pool]; shared {
			freed = append(freed, [2]int{at, p.free(&p.classes.All[at], h)})
		}
	}
	slices.SortFunc(freed, func(a, b [2]int) int { return slices.Compare(a[:], b[:]) })
	for _, f := range freed {
		key = binary.AppendVarint(append(key, 0xff), int64(f[0]))
		key = binary.AppendVarint(key, int64(f[1]))
	}
	t.key = string(key)
	return t
}
