// SPDX-License-Identifier: Apache-2.0

package fleettest_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/fleet"
	"syncer.dev/syncer/internal/capacity/fleet/fleettest"
	"syncer.dev/syncer/internal/capacity/fleet/pack"
	"syncer.dev/syncer/internal/workspace"
)

// tightFleet makes a small fleet whose quota, limits and shares do not suffice for all. Some of it runs. name gives the
// i-th Workspace its name; nothing else depends on names.
func tightFleet(rng *rand.Rand, name func(i int) string) fleet.Input {
	sizes := []string{"NC24ads_A100_v4", "NC48ads_A100_v4", "NC96ads_A100_v4", "NV36ads_A10_v5", "NC40ads_H100_v5"}
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	quota := capacity.Quota{Families: map[string]capacity.Limit{}}
	in := fleet.Input{Cluster: "demo", Region: "eastus", Now: now, Quota: quota}
	for range 3 + rng.IntN(7) {
		i := len(in.Workloads)
		var n fleet.Workload
		if rng.IntN(3) == 0 {
			n = fleettest.Named(name(i), "Standard_"+sizes[rng.IntN(len(sizes))], 1+rng.IntN(2))
		} else {
			n = fleettest.Only(fleettest.Auto(name(i), []float64{12, 30, 60, 130, 260}[rng.IntN(5)]), sizes...)
		}
		n.Workspace.Namespace = []string{"prod", "lab"}[rng.IntN(2)]
		n.Priority = workspace.Priorities[rng.IntN(3)]
		n.FirstSeen = []time.Time{{}, now.Add(-time.Hour), now.Add(-2 * time.Hour)}[rng.IntN(3)]
		n.Digest = fmt.Sprintf("%016x", rng.Uint64())
		n.Tuning = rng.IntN(4) == 0
		in.Workloads = append(in.Workloads, n)
	}
	if k := rng.IntN(len(in.Workloads)); rng.IntN(2) == 0 { // the first k run
		all := in.Workloads
		in.Workloads = slices.Clone(all[:k])
		in = fleettest.AtRest(in)
		running := map[workspace.Key]fleet.Workload{}
		for _, n := range in.Workloads {
			running[n.Workspace] = n
		}
		in.Workloads = nil
		for _, n := range all {
			if r, ok := running[n.Workspace]; ok {
				n = r
			}
			in.Workloads = append(in.Workloads, n)
		}
	}
	used := map[string]int{}
	for _, l := range in.Pools {
		sku, _ := capacity.LookupSKU(l.Size)
		used[strings.ToLower(sku.Family)] += sku.VCPUs * l.Count
		used[""] += sku.VCPUs * l.Count
	}
	for s := range capacity.SKUs() {
		f := strings.ToLower(s.Family)
		if !in.Quota.Families[f].Known {
			in.Quota.Families[f] = capacity.Limit{Known: true, Used: used[f], Max: used[f] + 24*rng.IntN(7)}
		}
	}
	if rng.IntN(2) == 0 {
		in.Quota.Regional = capacity.Limit{Known: true, Used: used[""], Max: used[""] + 24*rng.IntN(12)}
	}
	if rng.IntN(3) == 0 {
		in.Limits.Nodes = len(in.Nodes) + rng.IntN(5)
	}
	if rng.IntN(3) == 0 {
		in.Limits.HourlyCost = 1 + 40*rng.Float64()
	}
	if rng.IntN(3) == 0 {
		in.Limits.Shares = map[string]int{"lab": 20 + rng.IntN(60)}
	}
	in.Preemption = rng.IntN(2) == 0
	return in
}

// ledger counts, in another way than the planner does, what a set of Workspaces needs of every limit.
type ledger struct {
	in    *fleet.Input
	bins  map[string]*pack.Bin
	loads map[string]*[pack.Levels]int
	own   map[string]int // vCPUs by size, nodes and money of pools of one Workspace
	lab   map[string]float64
}

// newLedger counts the nodes on which pods of those run that stay.
func newLedger(in *fleet.Input, stays func(k workspace.Key) bool) *ledger {
	l := &ledger{
		in: in, bins: map[string]*pack.Bin{}, loads: map[string]*[pack.Levels]int{},
		own: map[string]int{}, lab: map[string]float64{},
	}
	busy := map[string]int{} // GPUs in use by node
	owner := map[string]*fleet.Workload{}
	for i := range in.Workloads {
		n := &in.Workloads[i]
		for _, pod := range n.Pods {
			if stays(n.Workspace) {
				busy[pod.Node] += n.GPUs
				owner[pod.Node] = n
				sku := l.sizeOf(pod.Node)
				l.share(n, sku, float64(n.GPUs)/float64(sku.GPUs))
			}
		}
	}
	for i := range in.Nodes {
		node := &in.Nodes[i]
		n := owner[node.Name]
		if n == nil {
			continue
		}
		sku := l.sizeOf(node.Name)
		if !n.Shared {
			l.own[sku.Name]++
			continue
		}
		b := l.bin(sku)
		b.Stay++
		b.AddHoles(sku.GPUs - busy[node.Name])
	}
	return l
}

func (l *ledger) sizeOf(node string) capacity.SKU {
	for _, n := range l.in.Nodes {
		if n.Name == node {
			for _, p := range l.in.Pools {
				if p.Name == n.Pool {
					sku, _ := capacity.LookupSKU(p.Size)
					return sku
				}
			}
		}
	}
	return capacity.SKU{}
}

// bin returns the shared nodes of a size. All Workspaces of these fleets need disks of one class.
func (l *ledger) bin(sku capacity.SKU) *pack.Bin {
	k := sku.Name
	if l.bins[k] == nil {
		l.bins[k], l.loads[k] = &pack.Bin{Units: sku.GPUs}, &[pack.Levels]int{}
	}
	return l.bins[k]
}

func (l *ledger) share(n *fleet.Workload, sku capacity.SKU, nodes float64) {
	if n.Workspace.Namespace == "lab" {
		l.lab[strings.ToLower(sku.Family)] += nodes * float64(sku.VCPUs)
		l.lab["region"] += nodes * float64(sku.VCPUs)
		l.lab["nodes"] += nodes
		l.lab["money"] += nodes * capacity.Price("eastus", sku.Name, capacity.OnDemand).USD
	}
}

// add counts an option of a Workspace that has no pods yet; sign -1 takes it off.
func (l *ledger) add(n *fleet.Workload, o *capacity.Option, sign int) {
	part := 1.0
	if n.Shared {
		part = float64(o.GPUsPerNode) / float64(o.SKU.GPUs)
		l.bin(o.SKU)
		level := 0
		for 1<<level < o.GPUsPerNode {
			level++
		}
		l.loads[o.SKU.Name][level] += sign * o.Nodes
	} else {
		l.own[o.SKU.Name] += sign * o.Nodes
	}
	l.share(n, o.SKU, float64(sign*o.Nodes)*part)
}

// broken names a limit that is exceeded, or "".
func (l *ledger) broken() string {
	vcpus, nodes, money := map[string]int{}, 0, 0.0
	count := func(sku capacity.SKU, n int) {
		vcpus[strings.ToLower(sku.Family)] += n * sku.VCPUs
		vcpus[""] += n * sku.VCPUs
		nodes += n
		money += float64(n) * capacity.Price("eastus", sku.Name, capacity.OnDemand).USD
	}
	for k, b := range l.bins {
		sku, _ := capacity.LookupSKU(k)
		count(sku, b.Stay+b.NodesFor(l.loads[k]))
	}
	for name, n := range l.own {
		sku, _ := capacity.LookupSKU(name)
		count(sku, n)
	}
	const rounding = 1e-3
	share := float64(l.in.Limits.Shares["lab"]) / 100
	for f, n := range vcpus {
		switch most := l.in.Quota.Families[f].Max; {
		case f == "":
			if r := l.in.Quota.Regional; r.Known && n > r.Max {
				return "regional quota"
			}
		case n > most:
			return f
		case share > 0 && l.lab[f] > share*float64(most)+rounding:
			return "share of " + f
		}
	}
	switch limits := l.in.Limits; {
	case limits.Nodes > 0 && nodes > limits.Nodes:
		return "nodes"
	case limits.HourlyCost > 0 && money > limits.HourlyCost+1e-6:
		return "hourly cost"
	case share > 0 && limits.Nodes > 0 && l.lab["nodes"] > share*float64(limits.Nodes)+rounding:
		return "share of nodes"
	case share > 0 && limits.HourlyCost > 0 && l.lab["money"] > share*limits.HourlyCost+rounding:
		return "share of hourly cost"
	case share > 0 && l.in.Quota.Regional.Known && l.lab["region"] > share*float64(l.in.Quota.Regional.Max)+rounding:
		return "share of the regional quota"
	}
	return ""
}

func find(in *fleet.Input, k workspace.Key) *fleet.Workload {
	i := slices.IndexFunc(in.Workloads, func(n fleet.Workload) bool { return n.Workspace == k })
	return &in.Workloads[i]
}

func standingOf(n *fleet.Workload) capacity.Standing {
	return capacity.Standing{
		Priority: n.Priority, Runs: len(n.Pods) > 0, FirstSeen: n.FirstSeen,
		DemandGiB: n.Demand.GiB(), Digest: n.Digest,
	}
}

// options lists all ways to run a Workspace.
func options(n *fleet.Workload) []capacity.Option {
	if !n.Automatic {
		return n.Demand.Options[:1]
	}
	return slices.Concat(n.Demand.Shares, n.Demand.Options)
}

// envies returns the size on which an unplaced Workspace would have a place if no pending one after it had one; ""
// for none.
func envies(in *fleet.Input, f fleet.Result, h *fleet.Workload) string {
	gone := func(k workspace.Key) bool { return f.Bindings[k].Yields != "" }
	l := newLedger(in, func(k workspace.Key) bool { return !gone(k) })
	for i := range in.Workloads {
		n := &in.Workloads[i]
		b, placed := f.Bindings[n.Workspace]
		if placed && len(n.Pods) == 0 && standingOf(n).Compare(standingOf(h)) < 0 {
			l.add(n, b.Option, 1)
		}
	}
	was := l.broken() // what runs may exceed a limit that was set later
	for _, o := range options(h) {
		l.add(h, &o, 1)
		if l.broken() == "" && was == "" {
			return o.SKU.Name
		}
		l.add(h, &o, -1)
	}
	return ""
}

// TestWhoGoesFirst plans 10,000 random fleets: no Workspace that waits is left without a place that one after it has,
// limits hold, and only a higher priority takes what runs.
func TestWhoGoesFirst(t *testing.T) {
	unplaced, yielding, served := 0, 0, 0
	for seed := range uint64(10_000) {
		in := tightFleet(rand.New(rand.NewPCG(seed, 21)), func(i int) string { return fmt.Sprintf("m%d", i) })
		f := fleet.Plan(in)
		l := newLedger(&in, func(k workspace.Key) bool { return f.Bindings[k].Yields == "" })
		was := l.broken()
		for i := range in.Workloads {
			n := &in.Workloads[i]
			b, placed := f.Bindings[n.Workspace]
			switch {
			case !placed && len(n.Pods) > 0:
				t.Fatalf("seed %d: %s runs, and is unplaced: %v", seed, n.Workspace, f.Unplaced[n.Workspace])
			case !placed:
				unplaced++
				if size := envies(&in, f, n); size != "" {
					t.Fatalf("seed %d: %s (%v) has no place, but %s would do: %s", seed, n.Workspace, standingOf(n), size,
						f.Unplaced[n.Workspace].Message)
				}
			case b.Yields != "":
				yielding++
				to := find(&in, b.To)
				if !in.Preemption || to.Priority.Compare(n.Priority) <= 0 || f.Bindings[b.To].Pool == "" ||
					!slices.Contains(f.Bindings[b.To].Takes, n.Workspace) {
					t.Fatalf("seed %d: %s gives way to %v", seed, n.Workspace, b)
				}
			case len(n.Pods) == 0:
				served++
				l.add(n, b.Option, 1)
			}
		}
		if now := l.broken(); now != "" && was == "" {
			t.Fatalf("seed %d: the plan exceeds %s", seed, now)
		}
	}
	if unplaced < 5000 || yielding < 500 || served < 5000 {
		t.Errorf("%d unplaced, %d that give way, %d that get a place: the fleets test little", unplaced, yielding, served)
	}
}

// outcome is a plan without names, in the order of the Workloads.
func outcome(in fleet.Input) string {
	f := fleet.Plan(in)
	var out []string
	for _, n := range in.Workloads {
		b, placed := f.Bindings[n.Workspace]
		size := ""
		if placed {
			size = b.Option.SKU.Name
		}
		out = append(out, fmt.Sprint(placed, size, b.Nodes(), b.GPUsPerNode(), b.Shared, b.Cost,
			b.Yields != "", len(b.Takes), f.Unplaced[n.Workspace].Reason))
	}
	return strings.Join(out, "\n")
}

// TestNamesDecideNothing plans 2,000 random fleets under other names, and in another order.
func TestNamesDecideNothing(t *testing.T) {
	for seed := range uint64(2000) {
		make := func(name func(i int) string) fleet.Input { return tightFleet(rand.New(rand.NewPCG(seed, 21)), name) }
		want := outcome(make(func(i int) string { return fmt.Sprintf("m%d", i) }))
		shift := rand.New(rand.NewPCG(seed, 22))
		names := shift.Perm(20)
		renamed := make(func(i int) string { return fmt.Sprintf("%c-%d", 'a'+names[i], names[i]) })
		if got := outcome(renamed); got != want {
			t.Fatalf("seed %d: under other names\n%s\ninstead of\n%s", seed, got, want)
		}
		before := renamed.Workloads
		renamed.Workloads = slices.Clone(before)
		shift.Shuffle(len(before), func(i, j int) {
			renamed.Workloads[i], renamed.Workloads[j] = renamed.Workloads[j], renamed.Workloads[i]
		})
		f := fleet.Plan(renamed)
		renamed.Workloads = before
		if again := fleet.Plan(renamed); fmt.Sprint(again) != fmt.Sprint(f) {
			t.Fatalf("seed %d: in another order\n%v\ninstead of\n%v", seed, f, again)
		}
	}
}

// TestLiftingTheObstaclesIsEnough takes what stands against an option of a Workspace without a place out of the way, to
// the unit, and nothing else: then the Workspace has a place there.
func TestLiftingTheObstaclesIsEnough(t *testing.T) {
	lifted := map[capacity.Check]int{}
	for seed := range uint64(1500) {
		in := tightFleet(rand.New(rand.NewPCG(seed, 23)), func(i int) string { return fmt.Sprintf("m%d", i) })
		in.Preemption, in.Explain = false, true
		f := fleet.Plan(in)
		for k, verdicts := range f.Verdicts {
			if f.Bindings[k].Pool != "" {
				continue
			}
			alone := in // the others without a place would take what is lifted
			alone.Workloads = slices.DeleteFunc(slices.Clone(in.Workloads), func(n fleet.Workload) bool {
				return f.Bindings[n.Workspace].Pool == "" && n.Workspace != k
			})
			alone.Explain = false
			for _, v := range verdicts {
				free := alone
				free.Workloads = slices.Clone(alone.Workloads)
				n := find(&free, k)
				other := func(o capacity.Option) bool { return o != v.Option }
				n.Demand.Shares = slices.DeleteFunc(slices.Clone(n.Demand.Shares), other)
				n.Demand.Options = slices.DeleteFunc(slices.Clone(n.Demand.Options), other)
				for _, o := range v.Obstacles {
					lifted[o.Check]++
					raise(&free, o)
				}
				if f := fleet.Plan(free); f.Bindings[k].Pool == "" {
					t.Fatalf("seed %d: %s has no place on %s without %+v: %v", seed, k, v.SKU.Name, v.Obstacles, f.Unplaced[k])
				}
			}
		}
	}
	for _, c := range []capacity.Check{capacity.CheckQuota, capacity.CheckLimit, capacity.CheckShare} {
		if lifted[c] < 50 {
			t.Errorf("%s was lifted %d times", c, lifted[c])
		}
	}
}

// raise lifts an obstacle by what is missing. The share of a namespace is lifted whole.
func raise(in *fleet.Input, o capacity.Obstacle) {
	families := map[string]capacity.Limit{}
	for name, l := range in.Quota.Families {
		if o.Check == capacity.CheckQuota && strings.EqualFold(name, o.Name) {
			l.Max += int(o.Missing())
		}
		families[name] = l
	}
	in.Quota.Families = families
	switch {
	case o.Check == capacity.CheckShare:
		in.Limits.Shares = nil
	case o.Check == capacity.CheckQuota && o.Name == capacity.QuotaRegional:
		in.Quota.Regional.Max += int(o.Missing())
	case o.Name == "capacity.limits.nodes":
		in.Limits.Nodes += int(o.Missing())
	case o.Name == "capacity.limits.hourlyCost":
		in.Limits.HourlyCost += o.Missing() + 1e-6
	}
}
