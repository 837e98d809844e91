package capacity

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"testing"

	"syncer.dev/syncer/internal/workspace"
)

func none(LivePool) string { return "" }
func unused(string) string { return "" }

func emptyNodes(pool string) []string { return []string{pool + "-0", pool + "-1"} }

func poolOf(name string, count int) Pool {
	s, _ := LookupSKU("Standard_NC24ads_A100_v4")
	return Pool{
		Name: name, SKU: s, Count: count, Labels: map[string]string{"a": "b"}, Taints: []string{GPUTaint}, HourlyCost: Price("eastus", s.Name, false).Times(count),
		Workspace: workspace.Key{Namespace: "default", Name: name},
	}
}

func liveOf(p Pool) LivePool {
	return LivePool{Name: p.Name, Size: p.SKU.Name, Count: p.Count, Labels: p.Labels, Taints: p.Taints, State: Succeeded, Owned: true, Workspace: p.Workspace}
}

func with(l LivePool, change func(*LivePool)) LivePool { change(&l); return l }

func TestPlanPools(t *testing.T) {
	p := poolOf("wa", 1)
	l := liveOf(p)
	for _, tt := range []struct {
		name    string
		desired []Pool
		live    []LivePool
		limits  Limits
		held    string
		inUse   string
		want    []Op
	}{
		{"new", []Pool{p}, nil, Limits{}, "", "", []Op{Create}},
		{"suspended before it was ever made", []Pool{p.Scaled(0)}, nil, Limits{}, "", "", nil},
		{"as it should be", []Pool{p}, []LivePool{l}, Limits{}, "", "", []Op{Keep}},
		{"busy", []Pool{p.Scaled(2)}, []LivePool{with(l, func(l *LivePool) { l.State = Creating })}, Limits{}, "", "", []Op{Wait}},
		{"scale up", []Pool{p.Scaled(2)}, []LivePool{l}, Limits{}, "", "", []Op{Update}},
		{"scale to zero", []Pool{p.Scaled(0)}, []LivePool{l}, Limits{}, "", "", []Op{Update}},
		{"failed", []Pool{p}, []LivePool{with(l, func(l *LivePool) { l.State = Failed })}, Limits{}, "", "", []Op{Update}},
		{"labels", []Pool{p}, []LivePool{with(l, func(l *LivePool) { l.Labels = nil })}, Limits{}, "", "", []Op{Update}},
		{"extra labels of AKS", []Pool{p}, []LivePool{with(l, func(l *LivePool) { l.Labels = map[string]string{"a": "b", "c": "d"} })}, Limits{}, "", "", []Op{Keep}},
		{"somebody else's", []Pool{p}, []LivePool{with(l, func(l *LivePool) { l.Owned = false })}, Limits{}, "", "", []Op{Wait}},
		{"system", nil, []LivePool{with(l, func(l *LivePool) { l.System = true })}, Limits{}, "", "", nil},
		{"foreign and unwanted", nil, []LivePool{with(l, func(l *LivePool) { l.Owned = false })}, Limits{}, "", "", nil},
		{"scale to zero under a pod", []Pool{p.Scaled(0)}, []LivePool{l}, Limits{}, "", "a pod runs there", []Op{Wait}},
		{"unwanted: to zero first", nil, []LivePool{l}, Limits{}, "", "", []Op{Update}},
		{"unwanted and empty", nil, []LivePool{with(l, func(l *LivePool) { l.Count = 0 })}, Limits{}, "", "", []Op{Delete}},
		{"unwanted and failed", nil, []LivePool{with(l, func(l *LivePool) { l.State = Failed })}, Limits{}, "", "", []Op{Delete}},
		{"unwanted but held", nil, []LivePool{l}, Limits{}, "its file is broken", "", []Op{Keep}},
		{"unwanted but in use", nil, []LivePool{l}, Limits{}, "", "a pod runs there", []Op{Wait}},
		{"being deleted", nil, []LivePool{with(l, func(l *LivePool) { l.State = Deleting })}, Limits{}, "", "", []Op{Wait}},
		{"too many nodes", []Pool{p, poolOf("wb", 2)}, nil, Limits{Nodes: 2}, "", "", []Op{Create, Wait}},
		{"too much money", []Pool{p, poolOf("wb", 2)}, nil, Limits{HourlyCost: 4}, "", "", []Op{Create, Wait}},
		{"limits never shrink", []Pool{p}, []LivePool{l}, Limits{Nodes: 0, HourlyCost: 1}, "", "", []Op{Keep}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := PlanPools(Situation{
				Desired: tt.desired, Live: tt.live, Limits: tt.limits, Region: "eastus",
				Held: func(LivePool) string { return tt.held }, InUse: func(string) string { return tt.inUse }, Empty: emptyNodes,
			})
			var ops []Op
			for _, c := range got {
				ops = append(ops, c.Op)
			}
			if !slices.Equal(ops, tt.want) {
				t.Errorf("%v (%+v), want %v", ops, got, tt.want)
			}
		})
	}
}

// TestPlanPoolsProperties runs random situations: what is not ours is never written, and doing what the plan says leaves
// nothing to do.
func TestPlanPoolsProperties(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		var s Situation
		s.Region, s.Held, s.InUse, s.Empty = "eastus", none, unused, emptyNodes
		for i := range 6 {
			p := poolOf(fmt.Sprintf("w%d", i), rng.IntN(3))
			if rng.IntN(2) == 0 {
				s.Desired = append(s.Desired, p)
			}
			if rng.IntN(2) == 0 {
				l := liveOf(p.Scaled(rng.IntN(3)))
				l.Owned, l.System = rng.IntN(4) > 0, rng.IntN(5) == 0
				l.State = []PoolState{Succeeded, Failed, Creating, Deleting}[rng.IntN(4)]
				s.Live = append(s.Live, l)
			}
		}
		live := map[string]LivePool{}
		for _, l := range s.Live {
			live[l.Name] = l
		}
		for _, c := range PlanPools(s) {
			l, exists := live[c.Name]
			write := c.Op == Create || c.Op == Update || c.Op == Delete
			if write && exists && (!l.Owned || l.System || l.State.Busy()) {
				t.Fatalf("%s of %+v", c.Op, l)
			}
			switch c.Op {
			case Create, Update:
				live[c.Name] = liveOf(*c.Desired)
			case Delete:
				delete(live, c.Name)
			}
		}
		s.Live = nil
		for _, l := range live {
			s.Live = append(s.Live, l)
		}
		for _, c := range PlanPools(s) {
			if l := live[c.Name]; c.Op == Delete && l.Count == 0 {
				continue // it was scaled to zero by the first plan
			}
			if c.Op == Create || c.Op == Update || c.Op == Delete {
				t.Fatalf("a second plan wants %+v", c)
			}
		}
	}
}

func TestOwnPool(t *testing.T) {
	name := regexp.MustCompile(`^[a-z][a-z0-9]{0,11}$`)
	d, err := Size(Request{Preset: phi4Mini, InstanceType: "Standard_NC24ads_A100_v4", Region: "eastus"})
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, ws := range []string{"workspace-phi-4", "phi-4", "4", "---", "a-very-long-name-indeed", "workspace-phi-4-mini"} {
		n := Need{
			Workspace: workspace.Key{Namespace: "default", Name: ws}, Demand: d, DiskGiB: 100,
			Labels: map[string]string{"app": "x", "kaito.sh/workspace": "other", "kubernetes.azure.com/mode": "user"},
		}
		f := PlanFleet(FleetInput{Cluster: "demo", Region: "eastus", Needs: []Need{n}})
		p := f.Pools[0]
		if !name.MatchString(p.Name) || seen[p.Name] {
			t.Errorf("%s: pool name %q is not valid, or not unique", ws, p.Name)
		}
		seen[p.Name] = true
		if p.Labels["app"] != "x" || p.Labels["kaito.sh/workspace"] != ws || p.Labels["kubernetes.azure.com/mode"] != "" {
			t.Errorf("labels %v", p.Labels)
		}
		if other := PlanFleet(FleetInput{Cluster: "other", Region: "eastus", Needs: []Need{n}}); other.Pools[0].Name == p.Name {
			t.Errorf("two clusters share the name %s", p.Name)
		}
	}
}

func TestCheckQuota(t *testing.T) {
	p := poolOf("wa", 2)
	changes := []PoolChange{{Op: Create, Name: p.Name, Desired: &p}}
	family := "standardncadsa100v4family"
	for _, tt := range []struct {
		name  string
		quota Quota
		want  int
	}{
		{"enough", Quota{Families: map[string]Limit{family: {0, 48, true}}, Regional: Limit{0, 100, true}}, 0},
		{"family", Quota{Families: map[string]Limit{family: {24, 48, true}}, Regional: Limit{0, 100, true}}, 1},
		{"both", Quota{Families: map[string]Limit{family: {24, 48, true}}, Regional: Limit{90, 100, true}}, 2},
		{"unknown is not ok", Quota{}, 2},
	} {
		if got := CheckQuota(changes, tt.quota); len(got) != tt.want {
			t.Errorf("%s: %v, want %d", tt.name, got, tt.want)
		}
	}
	if got := CheckQuota([]PoolChange{{Op: Keep, Name: "wa", Desired: &p}}, Quota{}); got != nil {
		t.Errorf("keeping needs quota: %v", got)
	}
}
