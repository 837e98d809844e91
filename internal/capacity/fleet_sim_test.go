package capacity

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"syncer.dev/syncer/internal/workspace"
)

// sim is a cloud and a cluster in memory. Pools take a few passes to be made, nodes one more until their GPUs can be allocated;
// pods go where their workload's pool has room, spread as Kubernetes does by default; a workload that is changed first loses
// its pods.
type sim struct {
	t       *testing.T
	rng     *rand.Rand
	now     time.Time
	needs   map[string]Need // by name of the Workspace: what Git says
	pools   map[string]*simPool
	pods    map[string]*simPod // by name
	bound   map[string]Binding // by name of the Workspace: the workload
	prices  map[string]float64
	quota   Quota
	limits  Limits
	blocked map[string]time.Time // by size
	fails   map[string]bool      // sizes of which creations fail
	writes  int
	moves   []string
	alien   map[string]string // pods of others: node
}

type simPool struct {
	Pool
	state PoolState
	wait  int
	nodes map[string]int // name to passes since it joined
	next  int
}

type simPod struct {
	need string
	gpus int
	node string
}

func newSim(t *testing.T, seed uint64) *sim {
	return &sim{
		t: t, rng: rand.New(rand.NewPCG(seed, 11)), now: time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC), needs: map[string]Need{},
		pools: map[string]*simPool{}, pods: map[string]*simPod{}, bound: map[string]Binding{}, prices: map[string]float64{},
		blocked: map[string]time.Time{}, fails: map[string]bool{}, alien: map[string]string{},
	}
}

// Blocked is an Availability.
func (s *sim) Blocked(sku SKU, _ bool, now time.Time) (string, time.Time, bool) {
	until := s.blocked[sku.Name]
	return "Azure has none", until, now.Before(until)
}

func (s *sim) price(size string, _ bool) Cost {
	if usd, ok := s.prices[size]; ok {
		return Cost{usd, true}
	}
	return Price("eastus", size, false)
}

func (s *sim) taken(node string) (gpus, pods int) {
	for _, p := range s.pods {
		if p.node == node {
			gpus, pods = gpus+p.gpus, pods+1
		}
	}
	for _, n := range s.alien {
		if n == node {
			pods++
		}
	}
	return gpus, pods
}

func (s *sim) input() FleetInput {
	in := FleetInput{Cluster: "demo", Region: "eastus", Quota: s.quota, Limits: s.limits, Unavailable: s, Now: s.now, Prices: s.price}
	for _, name := range slices.Sorted(maps.Keys(s.needs)) {
		n := s.needs[name]
		if b, ok := s.bound[name]; ok {
			n.Pool, n.GPUs = b.Pool, b.Option.GPUsPerNode
		}
		for _, pod := range slices.Sorted(maps.Keys(s.pods)) {
			if p := s.pods[pod]; p.need == name && p.node != "" {
				n.Pods = append(n.Pods, NeedPod{pod, p.node})
			}
		}
		in.Needs = append(in.Needs, n)
	}
	for _, name := range slices.Sorted(maps.Keys(s.pools)) {
		p := s.pools[name]
		in.Pools = append(in.Pools, LivePool{
			Name: name, Size: p.SKU.Name, Count: p.Count, Spot: p.Spot, Labels: p.Labels, Taints: p.Taints, State: p.state, Owned: true, Workspace: p.Workspace,
		})
		for _, node := range slices.Sorted(maps.Keys(p.nodes)) {
			used, pods := s.taken(node)
			ready := p.nodes[node] > 0
			in.Nodes = append(in.Nodes, FleetNode{Name: node, Pool: name, Ready: ready, GPUs: p.SKU.GPUs, Used: used, Pods: pods})
		}
	}
	return in
}

// pass plans, checks that the plan hurts nobody, and does what it says. It returns how many writes there were.
func (s *sim) pass() (Fleet, int) {
	s.t.Helper()
	s.now = s.now.Add(time.Minute)
	in := s.input()
	f := PlanFleet(in)
	if again := PlanFleet(in); fmt.Sprint(again) != fmt.Sprint(f) {
		s.t.Fatalf("two plans for the same input:\n%v\n%v", f, again)
	}
	changes := PlanPools(Situation{
		Desired: f.Pools, Live: in.Pools, Limits: s.limits, Region: "eastus", Held: none,
		InUse: func(pool string) string {
			for node := range s.pools[pool].nodes {
				if _, n := s.taken(node); n > 0 {
					return "a pod runs there"
				}
			}
			return ""
		},
		Empty: func(pool string) []string {
			return EmptyNodes(pool, in.Nodes)
		},
	})
	HoldBack(changes, CheckQuota(changes, s.quota))
	before := s.writes
	for _, c := range changes {
		s.carryOut(c)
	}
	s.bind(f)
	s.schedule()
	s.progress()
	return f, s.writes - before
}

func (s *sim) carryOut(c PoolChange) {
	s.t.Helper()
	p := s.pools[c.Name]
	switch c.Op {
	case Create:
		s.writes++
		s.pools[c.Name] = &simPool{Pool: *c.Desired, state: Creating, wait: 2, nodes: map[string]int{}}
	case Update:
		s.writes++
		if p.state.Busy() {
			s.t.Fatalf("update of a busy pool %s", c.Name)
		}
		gone := c.Remove
		if c.Desired.Count == 0 {
			gone = slices.Collect(maps.Keys(p.nodes))
		}
		for _, node := range gone {
			if _, n := s.taken(node); n > 0 {
				s.t.Fatalf("node %s is removed under %d pods (%s)", node, n, c.Reason)
			}
			delete(p.nodes, node)
		}
		if c.Desired.Count < p.Count && c.Desired.Count > 0 && len(c.Remove) != p.Count-c.Desired.Count {
			s.t.Fatalf("from %d to %d nodes, and %v are named", p.Count, c.Desired.Count, c.Remove)
		}
		p.Count, p.state, p.wait = c.Desired.Count, Scaling, 1
	case Delete:
		s.writes++
		for node := range p.nodes {
			if _, n := s.taken(node); n > 0 {
				s.t.Fatalf("pool %s is deleted under a pod", c.Name)
			}
		}
		delete(s.pools, c.Name)
	}
}

// bind makes workloads so. A running server may only be taken from its nodes when the new ones are there, with free GPUs.
func (s *sim) bind(f Fleet) {
	s.t.Helper()
	for name := range s.bound {
		if _, ok := s.needs[name]; !ok { // pruned
			delete(s.bound, name)
			s.stop(name)
		}
	}
	promised := map[string]int{}
	for _, key := range slices.SortedFunc(maps.Keys(f.Bindings), workspace.Key.Compare) {
		b := f.Bindings[key]
		n, old := s.needs[key.Name], s.bound[key.Name]
		if b.Hold != "" {
			continue
		}
		if n.Idle != "" {
			s.bound[key.Name] = b
			s.stop(key.Name)
			continue
		}
		// Another number of GPUs in the same pool is what the user has changed: it restarts where it is.
		changed := old.Pool != b.Pool || old.Option.GPUsPerNode != b.Option.GPUsPerNode
		for i := b.Option.Nodes; i < old.Option.Nodes; i++ {
			delete(s.pods, fmt.Sprintf("%s-%d", key.Name, i))
		}
		if old.Pool != b.Pool && s.runs(key.Name) {
			if n.Tuning {
				s.t.Fatalf("a running job is moved from %s to %s", old.Pool, b.Pool)
			}
			room := 0
			if p := s.pools[b.Pool]; p != nil {
				for node, age := range p.nodes {
					used, _ := s.taken(node)
					if age > 0 && p.SKU.GPUs-used-promised[node] >= b.Option.GPUsPerNode {
						room++
						promised[node] += b.Option.GPUsPerNode
						if room == b.Option.Nodes {
							break
						}
					}
				}
			}
			if room < b.Option.Nodes {
				s.t.Fatalf("%s is moved to %s, which has room for %d of %d", key.Name, b.Pool, room, b.Option.Nodes)
			}
			s.moves = append(s.moves, fmt.Sprintf("%s: %s -> %s", key.Name, old.Option.SKU.Name, b.Option.SKU.Name))
		}
		if changed {
			s.stop(key.Name)
		}
		s.bound[key.Name] = b
		for i := range b.Option.Nodes {
			pod := fmt.Sprintf("%s-%d", key.Name, i)
			if s.pods[pod] == nil {
				s.pods[pod] = &simPod{need: key.Name, gpus: b.Option.GPUsPerNode}
			}
		}
	}
}

func (s *sim) runs(name string) bool {
	for _, p := range s.pods {
		if p.need == name && p.node != "" {
			return true
		}
	}
	return false
}

func (s *sim) stop(name string) {
	for pod, p := range s.pods {
		if p.need == name {
			delete(s.pods, pod)
		}
	}
}

// schedule gives pods nodes: the emptiest that has room.
func (s *sim) schedule() {
	for _, pod := range slices.Sorted(maps.Keys(s.pods)) {
		p := s.pods[pod]
		pool := s.pools[s.bound[p.need].Pool]
		if p.node != "" || pool == nil {
			continue
		}
		best, most := "", -1
		for _, node := range slices.Sorted(maps.Keys(pool.nodes)) {
			used, _ := s.taken(node)
			if free := pool.SKU.GPUs - used; pool.nodes[node] > 0 && free >= p.gpus && free > most {
				best, most = node, free
			}
		}
		p.node = best
	}
}

func (s *sim) progress() {
	for name, p := range s.pools {
		for node := range p.nodes {
			p.nodes[node]++
		}
		if !p.state.Busy() {
			continue
		}
		if p.wait--; p.wait > 0 {
			continue
		}
		p.state = Succeeded
		if s.fails[p.SKU.Name] && len(p.nodes) < p.Count {
			p.state = Failed
			s.blocked[p.SKU.Name] = s.now.Add(time.Hour)
			continue
		}
		for len(p.nodes) < p.Count {
			p.nodes[fmt.Sprintf("%s-%d", name, p.next)] = 0
			p.next++
		}
	}
}

// settle passes until nothing is written, and nothing is waited for.
func (s *sim) settle() Fleet {
	s.t.Helper()
	quiet := 0
	for range 200 {
		f, writes := s.pass()
		busy := false
		for _, p := range s.pools {
			busy = busy || p.state.Busy()
		}
		for _, b := range f.Bindings {
			busy = busy || b.Next != ""
		}
		if quiet++; writes > 0 || busy {
			quiet = 0
		}
		if quiet == 4 {
			return f
		}
	}
	s.t.Fatalf("it does not come to rest: %s", s)
	return Fleet{}
}

// String lists what runs where.
func (s *sim) String() string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(s.pools)) {
		p := s.pools[name]
		fmt.Fprintf(&b, "\n%s %s x%d %s:", name, p.SKU.Name, p.Count, p.state)
		for _, node := range slices.Sorted(maps.Keys(p.nodes)) {
			gpus, pods := s.taken(node)
			fmt.Fprintf(&b, " %s(%d pods, %d GPUs)", node, pods, gpus)
		}
	}
	return b.String()
}

func (s *sim) running() int {
	n := 0
	for _, p := range s.pods {
		if p.node != "" {
			n++
		}
	}
	return n
}

// auto makes a Need that leaves the size open, and takes so many GPUs with so much memory.
func auto(name string, gib float64) Need {
	n := Need{Workspace: workspace.Key{Namespace: "default", Name: name}, Automatic: true, Shared: true, OSSKU: "Ubuntu", DiskGiB: 100}
	for _, sku := range skus {
		if sku.Unusable() != "" || !Price("eastus", sku.Name, false).Known {
			continue
		}
		gpus := 1
		for float64(gpus)*sku.GPUUsableGiB*0.9 < gib {
			gpus *= 2
		}
		switch o := (Option{SKU: sku, Nodes: 1, GPUsPerNode: sku.GPUs, GPUs: sku.GPUs}); {
		case gpus < sku.GPUs:
			share := o
			share.GPUsPerNode, share.GPUs = gpus, gpus
			n.Demand.Shares = append(n.Demand.Shares, share)
			n.Demand.Options = append(n.Demand.Options, o)
		case gpus <= 4*sku.GPUs:
			o.Nodes = gpus / sku.GPUs
			n.Demand.Options = append(n.Demand.Options, o)
		}
	}
	slices.SortStableFunc(n.Demand.Options, func(a, b Option) int {
		x, y := Price("eastus", a.SKU.Name, false).Times(a.Nodes).USD, Price("eastus", b.SKU.Name, false).Times(b.Nodes).USD
		switch {
		case x < y:
			return -1
		case x > y:
			return 1
		}
		return 0
	})
	return n
}

// named makes a Need whose user named the size.
func named(name, size string, nodes int) Need {
	sku, _ := LookupSKU(size)
	return Need{
		Workspace: workspace.Key{Namespace: "default", Name: name}, OSSKU: "Ubuntu", DiskGiB: 100, Labels: map[string]string{"app": name},
		Demand: Demand{Options: []Option{{SKU: sku, Nodes: nodes, GPUsPerNode: sku.GPUs, GPUs: nodes * sku.GPUs}}},
	}
}

func (s *sim) want(needs ...Need) {
	for _, n := range needs {
		s.needs[n.Workspace.Name] = n
	}
}

// TestFleetsAreSafe runs random wishes, prices, refusals and pods of others against the simulation, which fails when anything
// that runs loses its node. When things have calmed down, everything that can run does, nothing is written any more, and what
// nobody needs is gone.
func TestFleetsAreSafe(t *testing.T) {
	for seed := range uint64(80) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			s := newSim(t, seed)
			sizes := []string{"Standard_NC24ads_A100_v4", "Standard_NV36ads_A10_v5", "Standard_NC96ads_A100_v4", "Standard_ND96asr_v4", "Standard_NC40ads_H100_v5"}
			for range 60 {
				name := fmt.Sprintf("m%d", s.rng.IntN(8))
				switch s.rng.IntN(12) {
				case 0, 1, 2:
					n := auto(name, []float64{10, 15, 30, 60, 130, 250}[s.rng.IntN(6)])
					n.Tuning = s.needs[name].Tuning || s.rng.IntN(4) == 0 && s.bound[name].Pool == ""
					if !n.Tuning || s.needs[name].Workspace.Name == "" {
						s.want(n)
					}
				case 3:
					if !s.needs[name].Tuning {
						s.want(named(name, sizes[s.rng.IntN(len(sizes))], 1+s.rng.IntN(2)))
					}
				case 4:
					delete(s.needs, name)
				case 5:
					if n, ok := s.needs[name]; ok && !n.Tuning {
						n.Idle = []string{"", "suspended"}[s.rng.IntN(2)]
						s.want(n)
					}
				case 6:
					size := sizes[s.rng.IntN(len(sizes))]
					s.prices[size] = Price("eastus", size, false).USD * (0.3 + 1.4*s.rng.Float64())
				case 7:
					s.fails[sizes[s.rng.IntN(len(sizes))]] = s.rng.IntN(2) == 0
				case 8: // a pod of somebody else comes, or goes
					for _, p := range s.pools {
						for node := range p.nodes {
							s.alien[fmt.Sprint(len(s.alien))] = node
							break
						}
						break
					}
					if s.rng.IntN(2) == 0 {
						clear(s.alien)
					}
				}
				for range s.rng.IntN(4) {
					s.pass()
				}
			}
			clear(s.alien)
			clear(s.fails)
			s.now = s.now.Add(2 * time.Hour)
			f := s.settle()
			if len(f.Unplaced) > 0 {
				t.Errorf("without a place: %v", f.Unplaced)
			}
			want := 0
			for name, n := range s.needs {
				if n.Idle == "" {
					want += s.bound[name].Option.Nodes
				}
			}
			if got := s.running(); got != want {
				t.Errorf("%d pods run of %d: %s", got, want, s)
			}
			clear(s.needs)
			s.settle()
			if len(s.pools) > 0 {
				t.Errorf("left over: %s", s)
			}
		})
	}
}
