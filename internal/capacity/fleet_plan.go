package capacity

import (
	"cmp"
	"math/bits"
	"slices"
	"strings"

	"syncer.dev/syncer/internal/capacity/pack"
)

// planner is PlanFleet at work.
type planner struct {
	in    FleetInput
	live  map[string]*LivePool
	nodes map[string][]*FleetNode // by pool
	hosts map[string]*FleetNode   // by name
	seats []seat                  // one for each Need, in the order of their keys
	sites []site
	index map[kind]int    // of sites
	named map[string]int  // site of a shared pool, by its name
	own   map[ownSite]int // of sites for pools of one Workspace
	rows  rows
	made  map[string]bool // new pools for one Workspace or set each
	left  map[string]int  // pods that will have left, by node

	optimal bool
}

// seat is where one Workspace is to be.
type seat struct {
	need    *Need
	options []*Option // all ways to satisfy it
	sites   []int     // on which each of them would be
	option  *Option   // nil: no place
	pool    string    // "" as long as only the site is known
	site    int       // of a shared pool; -1 for a pool of its own
	// runs is the pool on which its pods are now, or "".
	runs   string
	reason string
	no     Unplaced
}

// site is a kind of node on which seats may be: that of shared pools, one pool that is only kept, or those that are made for one
// Workspace each.
type site struct {
	kind   kind
	sku    SKU
	spot   bool
	pools  []string // live ones, in the order in which they are filled
	closed bool     // nobody new comes in
	own    bool
}

type ownSite struct {
	size string
	spot bool
}

func newPlanner(in FleetInput) *planner {
	p := &planner{
		in: in, live: map[string]*LivePool{}, nodes: map[string][]*FleetNode{}, hosts: map[string]*FleetNode{}, index: map[kind]int{},
		named: map[string]int{}, own: map[ownSite]int{}, made: map[string]bool{}, optimal: true,
	}
	if p.in.Horizon == 0 {
		p.in.Horizon = DefaultHorizon
	}
	for i := range in.Pools {
		if l := &in.Pools[i]; l.Owned && !l.System && l.State != Deleting {
			p.live[l.Name] = l
		}
	}
	for i := range in.Nodes {
		n := &in.Nodes[i]
		p.nodes[n.Pool] = append(p.nodes[n.Pool], n)
		p.hosts[n.Name] = n
	}
	p.seats = make([]seat, len(in.Needs))
	for i := range in.Needs {
		p.seats[i] = seat{need: &in.Needs[i], options: in.Needs[i].options(), site: -1}
	}
	slices.SortStableFunc(p.seats, func(a, b seat) int { return a.need.Workspace.Compare(b.need.Workspace) })
	for i := range p.seats {
		s := &p.seats[i]
		for _, pod := range s.need.Pods {
			if h := p.hosts[pod.Node]; h != nil && (s.runs == "" || h.Pool == s.need.Pool) {
				s.runs = h.Pool
			}
		}
		if s.need.Shared {
			s.sites = make([]int, len(s.options))
			for j, o := range s.options {
				s.sites[j] = p.siteOf(kindOf(s.need, o), o.SKU)
			}
		}
	}
	// Shared pools that no kind stands for any more stay as long as something is on them.
	for _, l := range in.Pools {
		if _, known := p.named[l.Name]; !known && p.live[l.Name] != nil && l.Shared() {
			sku, _ := LookupSKU(l.Size)
			p.named[l.Name] = len(p.sites)
			p.sites = append(p.sites, site{sku: sku, spot: l.Spot, pools: []string{l.Name}, closed: true})
		}
	}
	return p
}

// options are the ways to satisfy a Need: shares of nodes first, then whole nodes.
func (n *Need) options() []*Option {
	out := make([]*Option, 0, len(n.Demand.Shares)+len(n.Demand.Options))
	if n.Shared {
		for i := range n.Demand.Shares {
			// Only powers of two are put together without loss, and several nodes are taken whole.
			if o := &n.Demand.Shares[i]; o.Nodes == 1 && powerOfTwo(o.SKU.GPUs) && o.GPUsPerNode > 0 {
				out = append(out, o)
			}
		}
	}
	for i := range n.Demand.Options {
		if i == 0 || n.Automatic {
			out = append(out, &n.Demand.Options[i])
		}
	}
	return out
}

func powerOfTwo(n int) bool { return n > 0 && n&(n-1) == 0 }

// siteOf returns the site of a kind, which it makes when there is none yet.
func (p *planner) siteOf(k kind, sku SKU) int {
	if i, ok := p.index[k]; ok {
		return i
	}
	i := len(p.sites)
	p.index[k] = i
	s := site{kind: k, sku: sku, spot: k.spot}
	for j := range len(p.seats)/maxNodesPerPool + 2 {
		name := sharedName(p.in.Cluster, k, j)
		p.named[name] = i
		if p.live[name] != nil {
			s.pools = append(s.pools, name)
		}
	}
	p.sites = append(p.sites, s)
	return i
}

// ownSiteOf returns the site of pools for one Workspace each.
func (p *planner) ownSiteOf(sku SKU, spot bool) int {
	k := ownSite{sku.Name, spot}
	i, ok := p.own[k]
	if !ok {
		i = len(p.sites)
		p.own[k] = i
		p.sites = append(p.sites, site{sku: sku, spot: spot, own: true})
	}
	return i
}

// units is into how many parts a node of the site can be had.
func (s *site) units() int {
	if s.own || !powerOfTwo(s.sku.GPUs) || s.sku.GPUs > 1<<(pack.Levels-1) {
		return 1
	}
	return s.sku.GPUs
}

// level is the power of two that an option takes of a node.
func (s *site) level(o *Option) int {
	if s.units() == 1 || o.GPUsPerNode >= s.sku.GPUs {
		return bits.Len(uint(s.units())) - 1
	}
	return bits.Len(uint(o.GPUsPerNode - 1))
}

// bind keeps everybody where they are, as long as that fits.
func (p *planner) bind() {
	for i := range p.seats {
		s := &p.seats[i]
		n := s.need
		options := s.options
		switch {
		case len(options) == 0:
			s.no = Unplaced{"NoSize", "no size fits"}
		case !n.Automatic: // the user's choice; whether it can be had is for place
			s.option, s.pool = options[0], poolName(p.in.Cluster, n.owner(), options[0].SKU.Name, n.Spot)
			s.reason = options[0].SKU.Name + " is what the file names"
		default:
			p.keep(s, options)
		}
		if n.Idle != "" && s.option == nil && len(options) > 0 {
			p.sit(s, options[0], "")
		}
		if n.Idle != "" && s.option != nil {
			s.reason = n.Idle
		}
	}
}

// keep finds the seat that an automatic Need has.
func (p *planner) keep(s *seat, options []*Option) {
	n := s.need
	for _, name := range []string{n.Pool, s.runs, p.owned(n)} {
		if name == "" {
			continue
		}
		l := p.live[name]
		at, shared := p.named[name]
		if l == nil && !shared || l != nil && !l.Shared() && l.Workspace != n.owner() || l != nil && l.Shared() && !n.Shared {
			continue
		}
		o := p.matching(n, options, l, at, shared && (l == nil || l.Shared()))
		switch {
		case o == nil:
			continue
		case s.runs != name && n.Idle == "" && !p.available(l, o, n): // it does not run yet, and would have to wait
			continue
		}
		s.option, s.pool, s.site = o, name, -1
		if shared {
			s.site = at
		}
		s.reason = "it stays with " + o.SKU.Name
		return
	}
}

// owned returns the pool that the Workspace has to itself, or "".
func (p *planner) owned(n *Need) string {
	best := ""
	for name, l := range p.live {
		if l.Workspace == n.owner() && !l.Shared() && (best == "" || name < best) {
			best = name
		}
	}
	return best
}

// matching returns the option that fits a pool: of the same size, and with as many GPUs as the pods have now.
func (p *planner) matching(n *Need, options []*Option, l *LivePool, at int, shared bool) *Option {
	var found *Option
	for _, o := range options {
		switch {
		case l != nil && (!strings.EqualFold(l.Size, o.SKU.Name) || l.Spot != n.Spot):
			continue
		case l == nil && (p.sites[at].sku.Name != o.SKU.Name || p.sites[at].kind != kindOf(n, o)):
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

// available reports whether nodes for the option can be expected of the pool: it is there and well, or Azure has not refused its
// size lately.
func (p *planner) available(l *LivePool, o *Option, n *Need) bool {
	if l != nil && !p.in.Lost[l.Name] && l.State != Failed && l.State != Canceled && l.Count >= o.Nodes {
		return true
	}
	_, blocked := p.blocked(o.SKU, n.Spot)
	return !blocked
}

func (p *planner) blocked(sku SKU, spot bool) (string, bool) {
	if p.in.Unavailable == nil {
		return "", false
	}
	reason, until, ok := p.in.Unavailable.Blocked(sku, spot, p.in.Now)
	if !ok {
		return "", false
	}
	return outOfCapacity(sku.Name, reason, until, p.in.Now), true
}

// sit puts a seat to an option, in a pool of its own or in a shared one of which the name is still open.
func (p *planner) sit(s *seat, o *Option, reason string) {
	s.option, s.reason = o, reason
	if s.need.Shared {
		s.site, s.pool = p.siteOf(kindOf(s.need, o), o.SKU), ""
		return
	}
	s.site, s.pool = -1, poolName(p.in.Cluster, s.need.owner(), o.SKU.Name, s.need.Spot)
}

// pending returns how many nodes' worth of pods of a seat have no node of its pool yet.
func (p *planner) pending(s *seat) int {
	if s.option == nil || s.need.Idle != "" {
		return 0
	}
	have := 0
	for _, pod := range s.need.Pods {
		if h := p.hosts[pod.Node]; h != nil && h.Pool == s.pool {
			have++
		}
	}
	return max(s.option.Nodes-have, 0)
}

// inUse counts the nodes of a pool on which something runs.
func (p *planner) inUse(pool string) int {
	n := 0
	for _, node := range p.nodes[pool] {
		if node.Pods > 0 {
			n++
		}
	}
	return n
}

// chosen are the choices of one Need in a program, cheapest first, and the options that they stand for.
type chosen struct {
	choices []pack.Choice
	options []int // of the seat
}

// may reports whether a seat may take its j-th option. except is a site that it is to leave, or -1.
func (p *planner) may(s *seat, j, except int) bool {
	if s.sites[j] == except {
		return false
	}
	_, blocked := p.blocked(s.options[j].SKU, s.need.Spot)
	return !blocked
}

// choiceOf is what the j-th option of a seat is in a program.
func (p *planner) choiceOf(s *seat, j int) pack.Choice {
	return pack.Choice{Bin: s.sites[j], Level: p.sites[s.sites[j]].level(s.options[j]), Count: s.options[j].Nodes}
}

// choicesOf returns where a seat may go.
func (p *planner) choicesOf(s *seat, except int, prog *pack.Program) chosen {
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
