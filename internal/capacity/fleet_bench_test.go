package capacity

import (
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"syncer.dev/syncer/internal/capacity/pack"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/optimize/convex/lp"

	"syncer.dev/syncer/internal/bench"
)

// fleetOf makes a fleet in which sizes are short: of the families that are cheapest for most, there is less quota than all would
// take.
func fleetOf(n int, seed uint64) FleetInput {
	rng := rand.New(rand.NewPCG(seed, 2))
	in := FleetInput{Cluster: "demo", Region: "eastus", Quota: Quota{Families: map[string]Limit{}}, Now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
	sizes := []float64{12, 18, 34, 60, 75, 130, 150, 270, 400, 620}
	for i := range n {
		need := auto(fmt.Sprintf("m%05d", i), sizes[rng.IntN(len(sizes))])
		need.Tuning = rng.IntN(5) == 0
		in.Needs = append(in.Needs, need)
	}
	for _, f := range []struct {
		name string
		each int // vCPUs for each Workspace, more or less
	}{{"standardnvadsa10v5family", 6}, {"standardncadsa100v4family", 30}, {"standardndasv4_a100family", 4}, {"standardndamsv4_a100family", 10}} {
		in.Quota.Families[f.name] = Limit{Max: max(96, n*f.each*(50+rng.IntN(100))/100), Known: true}
	}
	for _, s := range skus {
		if f := strings.ToLower(s.Family); !in.Quota.Families[f].Known {
			in.Quota.Families[f] = Limit{Max: 1e7, Known: true}
		}
	}
	in.Quota.Regional = Limit{Max: 1e7, Known: true}
	return in
}

// usd is what the pools of a plan cost per hour.
func (f Fleet) usd() float64 {
	sum := 0.0
	for _, p := range f.Pools {
		sum += p.HourlyCost.USD
	}
	return sum
}

// kaitoLike gives each Workspace in turn nodes of its own, of the cheapest size for which there is quota left. It has no limit on
// pools, which is more than AKS grants.
func kaitoLike(in FleetInput) (usd float64, left int) {
	used := map[string]int{}
	for _, n := range in.Needs {
		placed := false
		for _, o := range n.Demand.Options {
			family := strings.ToLower(o.SKU.Family)
			if l := in.Quota.Families[family]; l.Known && used[family]+o.Nodes*o.SKU.VCPUs > l.Max {
				continue
			}
			used[family] += o.Nodes * o.SKU.VCPUs
			usd += Price(in.Region, o.SKU.Name, false).Times(o.Nodes).USD
			placed = true
			break
		}
		if !placed {
			left++
		}
	}
	return usd, left
}

// programOf returns the program that PlanFleet solves for a fleet of which nothing is there yet.
func programOf(in FleetInput) *pack.Program {
	p := newPlanner(in)
	p.bind()
	p.limit()
	prog, _ := p.program()
	var free []int
	for i := range p.seats {
		free = append(free, i)
	}
	p.assign(prog, free, nil, func(int, *Option) {})
	return prog
}

// linearBound is what the fleet would cost if nodes and Workspaces could be divided at will: no plan costs less.
func linearBound(t testing.TB, p *pack.Program) float64 {
	columns := len(p.Caps)
	for _, c := range p.Groups {
		columns += len(c.Choices) + 1
	}
	a := mat.NewDense(len(p.Groups)+len(p.Caps), columns, nil)
	b := make([]float64, len(p.Groups)+len(p.Caps))
	cost := make([]float64, columns)
	col := 0
	for i, c := range p.Groups {
		b[i] = float64(c.Count)
		for j := range len(c.Choices) + 1 {
			a.Set(i, col, 1)
			if j == len(c.Choices) {
				cost[col] = float64(pack.LeftOut) / 1e6
			} else {
				ch := c.Choices[j]
				part := float64(ch.Count<<ch.Level) / float64(p.Bins[ch.Bin].Units)
				cost[col] = part * float64(p.Bins[ch.Bin].Price) / 1e6
				for _, u := range p.Bins[ch.Bin].Uses {
					a.Set(len(p.Groups)+u.Row, col, part*float64(u.Amount))
				}
			}
			col++
		}
	}
	for r, limit := range p.Caps {
		b[len(p.Groups)+r] = float64(limit)
		a.Set(len(p.Groups)+r, col, 1) // what is left of it
		col++
	}
	got, _, err := lp.Simplex(cost, a, b, 1e-9, nil)
	if err != nil {
		t.Fatalf("linear bound: %v", err)
	}
	return got
}

// gap compares a plan with the bound.
func gap(t testing.TB, in FleetInput) (percent float64, proven bool) {
	f := PlanFleet(in)
	if len(f.Unplaced) > 0 {
		t.Fatalf("%d of %d have no place", len(f.Unplaced), len(in.Needs))
	}
	if f.Optimal {
		return 0, true
	}
	bound := linearBound(t, programOf(in))
	return 100 * (f.usd() - bound) / bound, false
}

// TestGapToTheOptimum states how far plans may be from the optimum. Where the planner has proven its plan, which it does for most
// fleets of 20, the gap is 0. Elsewhere it is to the linear bound, below which no plan is, so that the true gap is smaller yet.
func TestGapToTheOptimum(t *testing.T) {
	for _, tt := range []struct {
		n, seeds int
		worst    float64
	}{{20, 10, 2}, {100, 8, 2}, {1000, 3, 0.2}} {
		worst, sum, proven := 0.0, 0.0, 0
		for seed := range tt.seeds {
			g, ok := gap(t, fleetOf(tt.n, uint64(seed)))
			worst, sum = max(worst, g), sum+g
			if ok {
				proven++
			}
		}
		t.Logf("%d Workspaces: worst gap %.2f %%, mean %.2f %%, %d of %d proven optimal", tt.n, worst, sum/float64(tt.seeds), proven, tt.seeds)
		if worst > tt.worst {
			t.Errorf("%d Workspaces: gap %.2f %%, at most %.2f %% expected", tt.n, worst, tt.worst)
		}
	}
}

// atRest returns the input after a plan has been carried out: all pods run.
func atRest(in FleetInput) FleetInput {
	f := PlanFleet(in)
	free := map[string][]*FleetNode{}
	nodes := map[string]*FleetNode{}
	for _, pool := range f.Pools {
		in.Pools = append(in.Pools, LivePool{
			Name: pool.Name, Size: pool.SKU.Name, Count: pool.Count, Labels: pool.Labels, Taints: pool.Taints, State: Succeeded, Owned: true, Workspace: pool.Workspace,
		})
		for i := range pool.Count {
			n := &FleetNode{Name: fmt.Sprintf("%s-%d", pool.Name, i), Pool: pool.Name, Ready: true, GPUs: pool.SKU.GPUs}
			nodes[n.Name] = n
			free[pool.Name] = append(free[pool.Name], n)
		}
	}
	needs := slices.Clone(in.Needs)
	slices.SortStableFunc(needs, func(a, b Need) int {
		return f.Bindings[b.Workspace].Option.GPUsPerNode - f.Bindings[a.Workspace].Option.GPUsPerNode
	})
	for i := range needs {
		n := &needs[i]
		b := f.Bindings[n.Workspace]
		n.Pool, n.GPUs = b.Pool, b.Option.GPUsPerNode
		for len(n.Pods) < b.Option.Nodes {
			at := free[n.Pool][0]
			if at.GPUs-at.Used < n.GPUs {
				free[n.Pool] = free[n.Pool][1:]
				continue
			}
			at.Used += n.GPUs
			at.Pods++
			n.Pods = append(n.Pods, NeedPod{fmt.Sprintf("%s-%d", n.Workspace.Name, len(n.Pods)), at.Name})
		}
	}
	in.Needs = needs
	for _, name := range slices.Sorted(maps.Keys(nodes)) {
		in.Nodes = append(in.Nodes, *nodes[name])
	}
	return in
}

// BenchmarkPlanAtRest measures the plan that every pass makes while nothing changes.
func BenchmarkPlanAtRest(b *testing.B) {
	in := atRest(fleetOf(10000, 1))
	var took []float64
	for b.Loop() {
		start := time.Now()
		PlanFleet(in)
		took = append(took, float64(time.Since(start).Microseconds())/1000)
	}
	bench.Record(b, bench.Row{Scenario: "plan 10000 at rest", Subject: "syncer", Metric: "time", Value: slices.Min(took), Unit: "ms"})
}

// BenchmarkPlan measures planning fleets from nothing, which is more than any later plan has to do.
func BenchmarkPlan(b *testing.B) {
	const budget = 250 // ms for 10,000 Workspaces
	for _, n := range []int{20, 100, 1000, 10000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			in := fleetOf(n, 1)
			var took []float64
			for b.Loop() {
				start := time.Now()
				PlanFleet(in)
				took = append(took, float64(time.Since(start).Microseconds())/1000)
			}
			ms := slices.Min(took) // what else the machine did is not the planner's
			percent, _ := gap(b, in)
			f := PlanFleet(in)
			theirs, left := kaitoLike(in)
			if left > 0 {
				b.Fatalf("the baseline leaves %d out", left)
			}
			b.ReportMetric(percent, "%gap")
			b.ReportMetric(f.usd()/theirs, "cost-ratio")
			scenario := fmt.Sprintf("plan %d", n)
			timed := bench.Row{Scenario: scenario, Subject: "syncer", Metric: "time", Value: ms, Unit: "ms"}
			if n == 10000 {
				timed.Ratio = bench.Against(ms / budget)
			}
			bench.Record(b, timed,
				bench.Row{Scenario: scenario, Subject: "syncer", Metric: "gap to optimum", Value: math.Round(percent*1000) / 1000, Unit: "%"},
				bench.Row{Scenario: scenario, Subject: "syncer", Metric: "cost", Value: f.usd(), Unit: "USD/h", Ratio: bench.Against(f.usd() / theirs)},
				bench.Row{Scenario: scenario, Subject: "one pool per Workspace, within quota", Metric: "cost", Value: theirs, Unit: "USD/h"})
		})
	}
}
