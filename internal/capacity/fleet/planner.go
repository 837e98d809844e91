// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"cmp"
	"slices"
	"strings"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/fleet/ledger"
	"syncer.dev/syncer/internal/capacity/fleet/nodeclass"
	"syncer.dev/syncer/internal/capacity/fleet/pack"
	"syncer.dev/syncer/internal/capacity/fleet/question"
	"syncer.dev/syncer/internal/capacity/fleet/settled"
	"syncer.dev/syncer/internal/capacity/fleet/wanted"
	"syncer.dev/syncer/internal/capacity/fleet/words"
	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/workspace"
)

// planner holds the state of one call of Plan.
type planner struct {
	in    Input
	live  map[string]*capacity.LivePool
	nodes map[string][]*Node // by pool
	hosts map[string]*Node   // by name

	assignments []assignment // one for each Workload, in the order in which they are served
	classes     *nodeclass.Set
	prices      ledger.Prices
	wanted      wanted.Pools
	ledger      *ledger.Ledger  // once limit has opened it
	made        map[string]bool // new pools of one Workspace or set each
	given       map[string]int  // nodes of each pool of one Workspace or set, as placeNamed gives them
	departing   map[string]int  // pods that leave, by node
	kinds       map[question.Kind]*kind
	groupIDs    map[string]int // of interchangeable assignments, by groupKey

	optimal bool
	short   bool // one has no place

	kept *settled.Nodes // for a Kept: the sums over nodes; nil: the plan counts, and may change them
}

// assignment is the option and the pool that the plan gives to one Workspace.
type assignment struct {
	workload *Workload
	*kind
	option   *capacity.Option // nil: unplaced
	pool     string           // "" while only the class is decided
	class    int              // of a shared pool; -1 for a pool of its own
	runs     string           // the pool on which its pods run now, or ""
	idle     string           // Workload.Idle, or why it gives up its nodes
	yields   *assignment      // the one to which it gives them up
	takes    []workspace.Key  // those that give up their nodes for it
	standing capacity.Standing
	reason   string
	no       Unplaced
}

func (s *assignment) namespace() string { return s.workload.Workspace.Namespace }

// startPlanner returns a planner without Workloads and nodes.
func startPlanner(in Input) *planner {
	p := &planner{
		in:      in,
		live:    in.Live(),
		nodes:   map[string][]*Node{},
		hosts:   map[string]*Node{},
		prices:  ledger.Prices{Region: in.Region, List: in.Prices},
		made:    map[string]bool{},
		given:   map[string]int{},
		kinds:   map[question.Kind]*kind{},
		optimal: true,

		groupIDs: map[string]int{},
	}
	if p.in.Horizon == 0 {
		p.in.Horizon = question.DefaultHorizon
	}
	p.wanted = wanted.Pools{Question: &p.in, Prices: p.prices}
	return p
}

func newPlanner(in Input) *planner {
	p := startPlanner(in)
	if in.Preemption {
		in.Nodes = slices.Clone(in.Nodes) // preempt changes them
	}
	for i := range in.Nodes {
		n := &in.Nodes[i]
		p.nodes[n.Pool] = append(p.nodes[n.Pool], n)
		p.hosts[n.Name] = n
	}
	p.classes = nodeclass.NewSet(in.Cluster, len(in.Workloads), p.live)
	p.assignments = make([]assignment, len(in.Workloads))
	p.queue()
	for i := range p.assignments {
		if s := &p.assignments[i]; s.workload.Shared && s.classes == nil {
			p.classify(s.kind, s.workload)
		}
	}
	for i := range in.Pools {
		p.classes.Close(&in.Pools[i])
	}
	return p
}

// classify numbers the classes of a kind, of which n is one.
func (p *planner) classify(k *kind, n *Workload) {
	k.classes = make([]int, len(k.options))
	for j, o := range k.options {
		k.classes[j] = p.classes.Of(n.Key(o), o.SKU)
	}
}

// queue puts the Workloads in the order in which they are served. The key decides only between two with the same
// content.
func (p *planner) queue() {
	all := make([]assignment, len(p.in.Workloads))
	order := make([]int, len(p.in.Workloads))
	pool := func(node string) (string, bool) {
		if h := p.hosts[node]; h != nil {
			return h.Pool, true
		}
		return "", false
	}
	for i := range p.in.Workloads {
		n := &p.in.Workloads[i]
		s := assignment{workload: n, kind: kindIn(p.kinds, n), class: -1, idle: n.Idle, runs: n.Runs(pool)}
		s.standing = n.Standing(s.runs != "")
		all[i], order[i] = s, i
	}
	slices.SortFunc(order, func(i, j int) int {
		return question.Before(all[i].workload, all[i].standing, all[j].workload, all[j].standing)
	})
	for at, i := range order {
		p.assignments[at] = all[i]
	}
}

// kind is what Workloads with one Demand and equal settings have in common: many Workspaces serve one model in one way.
type kind struct {
	options []*capacity.Option // that satisfy the demand
	classes []int              // of the options
	groups  map[int]int        // the number of the group of such an assignment, by the row of its share
}

// kindIn returns the kind of a Workload: one of kinds if it is there, or else a new one.
func kindIn(kinds map[question.Kind]*kind, n *Workload) *kind {
	if !n.Shared {
		return &kind{options: n.Options()}
	}
	key := n.Kind()
	k := kinds[key]
	if k == nil {
		k = &kind{options: n.Options(), groups: map[int]int{}}
		kinds[key] = k
	}
	return k
}

// bind keeps every Workspace on its present pool while that fits, and gives named sizes their pool.
func (p *planner) bind() {
	for i := range p.assignments {
		s := &p.assignments[i]
		n := s.workload
		options := s.options
		switch {
		case len(options) == 0:
			s.no = Unplaced{Reason: diag.NoSize, Message: "no size fits"}
		case !n.Automatic: // the user's choice; place checks its availability
			s.option, s.pool = options[0], p.wanted.OwnName(n, options[0])
			s.reason = options[0].SKU.Name + " is what the file names"
		default:
			p.keep(s, options)
		}
		if s.idle != "" && s.option == nil && len(options) > 0 {
			p.assign(s, options[0], "")
		}
		if s.idle != "" && s.option != nil {
			s.reason = s.idle
		}
	}
}

// keep assigns an automatic Workload to the pool that it has already, if an option fits there.
func (p *planner) keep(s *assignment, options []*capacity.Option) {
	n := s.workload
	for _, name := range []string{n.Pool, s.runs, p.owned(n)} {
		if name == "" {
			continue
		}
		l := p.live[name]
		at, shared := p.classes.Named[name]
		if l == nil && !shared || l != nil && !l.Shared() && l.Workspace != n.Owner() || l != nil && l.Shared() && !n.Shared {
			continue
		}
		o := p.matching(n, options, l, at, shared && (l == nil || l.Shared()))
		switch {
		case o == nil:
			continue
		case s.runs != name && s.idle == "" && !p.available(l, o, n): // it does not run yet, and the pool would make it wait
			continue
		}
		s.option, s.pool, s.class = o, name, -1
		if shared {
			s.class = at
		}
		s.reason = "it stays with " + o.SKU.Name
		return
	}
}

// owned returns the live pool that belongs to the Workspace alone, or "". Of several it takes the first by size: their
// names depend on that of the Workspace.
func (p *planner) owned(n *Workload) string {
	var best *capacity.LivePool
	for _, l := range p.live {
		if l.Workspace == n.Owner() && !l.Shared() &&
			(best == nil || cmp.Or(strings.Compare(l.Size, best.Size), strings.Compare(l.Name, best.Name)) < 0) {
			best = l
		}
	}
	if best == nil {
		return ""
	}
	return best.Name
}

// matching returns the option that fits a pool: of the same size, and preferably with the GPUs that the pods have now.
func (p *planner) matching(
	n *Workload, options []*capacity.Option, l *capacity.LivePool, at int, shared bool,
) *capacity.Option {
	var found *capacity.Option
	for _, o := range options {
		switch {
		case l != nil && (!strings.EqualFold(l.Size, o.SKU.Name) || l.Spot != n.Spot):
			continue
		case l == nil && (p.classes.All[at].SKU.Name != o.SKU.Name || p.classes.All[at].Key != n.Key(o)):
			continue
		case !shared && o.GPUsPerNode != o.SKU.GPUs:
			continue
		}
		if found == nil || n.GPUs > 0 && o.GPUsPerNode == n.GPUs && found.GPUsPerNode != n.GPUs {
			found = o
		}
	}
	return found
}

// available reports whether the pool can provide the nodes of the option: it is healthy and large enough, or its size
// is not blocked.
func (p *planner) available(l *capacity.LivePool, o *capacity.Option, n *Workload) bool {
	if l != nil && !p.in.Unprovisionable[l.Name] && l.State != capacity.Failed && l.State != capacity.Canceled &&
		l.Count >= o.Nodes {
		return true
	}
	_, blocked := p.blocked(o.SKU, n.NodePriority())
	return !blocked
}

func (p *planner) blocked(sku capacity.SKU, priority capacity.Priority) (string, bool) {
	if p.in.Unavailable == nil {
		return "", false
	}
	reason, until, ok := p.in.Unavailable.Blocked(sku, priority, p.in.Now)
	if !ok {
		return "", false
	}
	return words.OutOfCapacity(sku.Name, reason, until, p.in.Now), true
}

// assign gives an assignment its option, in a pool of its own or in a shared pool whose name fill decides.
func (p *planner) assign(s *assignment, o *capacity.Option, reason string) {
	s.option, s.reason = o, reason
	if s.workload.Shared {
		s.class, s.pool = p.classes.Of(s.workload.Key(o), o.SKU), ""
		return
	}
	s.class, s.pool = -1, p.wanted.OwnName(s.workload, o)
}

// pending returns the number of nodes for which an assignment has no pod on its pool yet.
func (p *planner) pending(s *assignment) int {
	if s.option == nil || s.idle != "" {
		return 0
	}
	have := 0
	for _, pod := range s.workload.Pods {
		if h := p.hosts[pod.Node]; h != nil && h.Pool == s.pool {
			have++
		}
	}
	return max(s.option.Nodes-have, 0)
}

// inUse counts the nodes of a pool with pods.
func (p *planner) inUse(pool string) int {
	if p.kept != nil {
		return p.kept.Sum(pool).InUse
	}
	n := 0
	for _, node := range p.nodes[pool] {
		if node.Pods > 0 {
			n++
		}
	}
	return n
}

// chosen has the choices of one assignment in a program, cheapest first, and the indices of their options.
type chosen struct {
	choices []pack.Choice
	options []int // of the assignment
}

// may reports whether an assignment may take its j-th option. except is the class that it has to leave, or -1.
func (p *planner) may(s *assignment, j, except int) bool {
	if s.classes[j] == except {
		return false
	}
	_, blocked := p.blocked(s.options[j].SKU, s.workload.NodePriority())
	return !blocked
}

// choiceOf returns the choice in a program for the j-th option of an assignment.
func (p *planner) choiceOf(s *assignment, j int) pack.Choice {
	o := s.options[j]
	return pack.Choice{
		Bin:   s.classes[j],
		Level: p.classes.All[s.classes[j]].Level(o),
		Count: o.Nodes,
		Uses:  p.ledger.ShareUses(s.request(o, o.Nodes)),
	}
}

// choicesOf returns all choices of an assignment.
func (p *planner) choicesOf(s *assignment, except int, prog *pack.Program) chosen {
	var out chosen
	for j := range s.options {
		if p.may(s, j, except) {
			out.options = append(out.options, j)
		}
	}
	slices.SortStableFunc(out.options, func(a, b int) int {
		return cmp.Or(cmp.Compare(prog.Share(p.choiceOf(s, a)), prog.Share(p.choiceOf(s, b))),
			cmp.Compare(s.options[a].Nodes, s.options[b].Nodes), strings.Compare(s.options[a].SKU.Name, s.options[b].SKU.Name))
	})
	for _, j := range out.options {
		out.choices = append(out.choices, p.choiceOf(s, j))
	}
	return out
}
