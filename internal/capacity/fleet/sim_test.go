// SPDX-License-Identifier: Apache-2.0

package fleet_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/capacitytest"
	"syncer.dev/syncer/internal/capacity/fleet"
	"syncer.dev/syncer/internal/capacity/fleet/fleettest"
	"syncer.dev/syncer/internal/capacity/fleet/question"
	"syncer.dev/syncer/internal/capacity/pools"
	"syncer.dev/syncer/internal/capacity/unavailable"
	"syncer.dev/syncer/internal/workspace"
)

// sim plans fleets for the simulator of capacitytest, one pass a minute, and does what the plans say. The simulator
// fails the test when anything that runs loses its node, or when a workload is moved before there is room. Operations
// take two passes, and the GPUs of a new node one more.
type sim struct {
	*capacitytest.Checked
	t       *testing.T
	rng     *rand.Rand
	now     time.Time
	needs   map[string]fleet.Workload // by name of the Workspace: what Git says
	bound   map[string]fleet.Binding  // by name of the Workspace: the workload
	prices  map[string]float64
	quota   capacity.Quota
	limits  capacity.Limits
	blocked map[string]time.Time // by size
	preempt bool

	follower
	listed map[string]float64 // prices of the last plan that follower made
}

func newSim(t *testing.T, seed uint64) *sim {
	s := &sim{
		Checked: capacitytest.NewChecked(t),
		t:       t,
		rng:     rand.New(rand.NewPCG(seed, 11)),
		now:     time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC),
		needs:   map[string]fleet.Workload{},
		bound:   map[string]fleet.Binding{},
		prices:  map[string]float64{},
		blocked: map[string]time.Time{},
	}
	s.Fake.Now = func() time.Time { return s.now }
	s.Takes = 2 * time.Minute
	s.Fail = map[string]*capacity.CloudError{}
	s.Nodes.Late = 1
	return s
}

// Chance implements fleet.Offerings.
func (s *sim) Chance(capacity.SKU, capacity.Priority, time.Time) float64 { return 1 }

// Code implements fleet.Offerings.
func (s *sim) Code(capacity.SKU, capacity.Priority, time.Time) string { return "AllocationFailed" }

// Dropped implements fleet.Offerings.
func (s *sim) Dropped(capacity.SKU, capacity.Priority, time.Time) []unavailable.Constraint {
	return nil
}

// Blocked implements fleet.Offerings.
func (s *sim) Blocked(sku capacity.SKU, _ capacity.Priority, now time.Time) (string, time.Time, bool) {
	until := s.blocked[sku.Name]
	return "Azure has none", until, now.Before(until)
}

func (s *sim) price(size string, _ capacity.Priority) capacity.Cost {
	if usd, ok := s.prices[size]; ok {
		return capacity.Cost{USD: usd, Known: true}
	}
	return capacity.Price("eastus", size, capacity.OnDemand)
}

// fail lets creations of a size fail late, or succeed again.
func (s *sim) fail(size string, fails bool) {
	delete(s.Fail, size)
	if fails {
		s.Fail[size] = &capacity.CloudError{Class: capacity.ClassCapacity, Code: "AllocationFailed", Message: "no capacity"}
	}
}

// owned lists the pools of ours.
func (s *sim) owned() []capacity.LivePool {
	return slices.DeleteFunc(s.Live(), func(p capacity.LivePool) bool { return !p.Owned })
}

func (s *sim) input() fleet.Input {
	in := fleet.Input{
		Cluster:     "demo",
		Region:      "eastus",
		Quota:       s.quota,
		Limits:      s.limits,
		Unavailable: s,
		Now:         s.now,
		Prices:      s.price,
		Pools:       s.owned(),
		Preemption:  s.preempt,
	}
	for _, name := range slices.Sorted(maps.Keys(s.needs)) {
		n := s.needs[name]
		if b, ok := s.bound[name]; ok {
			n.Pool, n.GPUs = b.Pool, b.Option.GPUsPerNode
		}
		for _, p := range s.Nodes.Pods(name) {
			if p.Node != "" {
				n.Pods = append(n.Pods, fleet.Pod{Name: p.Name, Node: p.Node})
			}
		}
		n.Paused = s.bound[name].Yields != "" && len(s.Nodes.Pods(name)) == 0
		in.Workloads = append(in.Workloads, n)
	}
	nodes := s.Fake.Nodes()
	for _, p := range in.Pools {
		sku, _ := capacity.LookupSKU(p.Size)
		for _, node := range nodes[p.Name] {
			in.Nodes = append(in.Nodes, fleet.Node{
				Name:  node,
				Pool:  p.Name,
				Ready: s.Nodes.Ready(node),
				GPUs:  sku.GPUs,
				Used:  s.Nodes.Used(node),
				Pods:  len(s.Nodes.On(node)),
			})
		}
	}
	return in
}

// plan plans one pass without carrying anything out.
func (s *sim) planned() fleet.Result { return fleet.Plan(s.input()) }

// pass plans, and does what the plan says. It returns how many writes there were.
func (s *sim) pass() (fleet.Result, int) {
	s.t.Helper()
	in := s.input()
	f := fleet.Plan(in)
	if again := fleet.Plan(in); fmt.Sprint(again) != fmt.Sprint(f) {
		s.t.Fatalf("two plans for the same input:\n%v\n%v", f, again)
	}
	if !maps.Equal(s.listed, s.prices) { // what a Kept keeps is for one list of prices
		s.follower, s.listed = follower{}, maps.Clone(s.prices)
	}
	s.check(s.t, in, "a pass")
	nodes := s.Fake.Nodes()
	changes := pools.Plan(pools.Input{
		Desired: f.Pools,
		Live:    in.Pools,
		Limits:  s.limits,
		Region:  "eastus",
		Held:    func(capacity.LivePool) string { return "" },
		InUse: func(pool string) string {
			for _, node := range nodes[pool] {
				if len(s.Nodes.On(node)) > 0 {
					return "a pod runs there"
				}
			}
			return ""
		},
		Empty: func(pool string) []string { return question.EmptyNodes(pool, in.Nodes) },
	})
	pools.HoldBack(changes, pools.CheckQuota(changes, s.quota))
	before := len(s.Written)
	for _, c := range changes {
		s.carryOut(c)
	}
	s.bind(f)
	s.now = s.now.Add(time.Minute)
	s.Nodes.Step()
	for _, p := range s.owned() {
		if p.State == capacity.Failed && s.Fail[p.Size] != nil && !s.now.Before(s.blocked[p.Size]) {
			s.blocked[p.Size] = s.now.Add(time.Hour)
		}
	}
	if s.t.Failed() {
		s.t.Fatal(s)
	}
	return f, len(s.Written) - before
}

func (s *sim) carryOut(c capacity.PoolChange) {
	s.t.Helper()
	var err error
	switch c.Op {
	case capacity.Create, capacity.Update:
		err = s.Ensure(s.t.Context(), c)
	case capacity.Delete:
		err = s.Delete(s.t.Context(), c)
	}
	if err != nil {
		s.t.Fatalf("%s of pool %s (%s): %v", c.Op, c.Name, c.Reason, err)
	}
}

// bind makes the workloads what the plan says.
func (s *sim) bind(f fleet.Result) {
	s.t.Helper()
	for _, name := range slices.Sorted(maps.Keys(s.bound)) {
		if _, ok := s.needs[name]; !ok { // pruned
			delete(s.bound, name)
			s.Nodes.Remove(name)
		}
	}
	var workloads []capacitytest.Workload
	for _, key := range slices.SortedFunc(maps.Keys(f.Bindings), workspace.Key.Compare) {
		b, n := f.Bindings[key], s.needs[key.Name]
		if b.Hold != "" {
			continue
		}
		s.bound[key.Name] = b
		w := capacitytest.Workload{
			Name:     key.Name,
			Job:      n.Tuning,
			Pool:     b.Pool,
			GPUs:     b.Option.GPUsPerNode,
			Replicas: b.Option.Nodes,
			Template: fmt.Sprint(b.Pool, b.Option.GPUsPerNode),
		}
		if n.Idle != "" || b.Yields != "" {
			w.Replicas = 0
		}
		workloads = append(workloads, w)
	}
	s.Nodes.Apply(workloads...)
}

// node returns the node of a pod.
func (s *sim) node(pod string) string {
	for _, w := range s.Nodes.Workloads() {
		for _, p := range s.Nodes.Pods(w.Name) {
			if p.Name == pod {
				return p.Node
			}
		}
	}
	return ""
}

// settle passes until nothing is written, and nothing is waited for.
func (s *sim) settle() fleet.Result {
	s.t.Helper()
	quiet := 0
	for range 200 {
		f, writes := s.pass()
		busy := slices.ContainsFunc(s.owned(), func(p capacity.LivePool) bool { return p.State.Busy() })
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
	s.t.Fatalf("it does not settle: %s", s)
	return fleet.Result{}
}

// String lists what runs where.
func (s *sim) String() string {
	var b strings.Builder
	nodes := s.Fake.Nodes()
	for _, p := range s.owned() {
		fmt.Fprintf(&b, "\n%s %s x%d %s:", p.Name, p.Size, p.Count, p.State)
		for _, node := range nodes[p.Name] {
			fmt.Fprintf(&b, " %s(%v, %d GPUs)", node, s.Nodes.On(node), s.Nodes.Used(node))
		}
	}
	return b.String()
}

func (s *sim) want(needs ...fleet.Workload) {
	for _, n := range needs {
		s.needs[n.Workspace.Name] = n
	}
}

// TestFleetsAreSafe runs random Needs, prices, failures and pods of others against the simulator, which fails the test
// when anything that runs loses its node. When the failures are over, everything that can run does, nothing is written
// any more, and what no Workspace needs is gone.
func TestFleetsAreSafe(t *testing.T) {
	for seed := range uint64(80) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			s := newSim(t, seed)
			for range 60 {
				s.change()
				for range s.rng.IntN(4) {
					s.pass()
				}
			}
			s.checkSettled()
			clear(s.needs)
			s.settle()
			if len(s.owned()) > 0 {
				t.Errorf("left over: %s", s)
			}
		})
	}
}

// change makes a random change to a Workspace, the prices, the offerings or the unmanaged pods.
func (s *sim) change() {
	sizes := []string{
		"Standard_NC24ads_A100_v4",
		"Standard_NV36ads_A10_v5",
		"Standard_NC96ads_A100_v4",
		"Standard_ND96asr_v4",
		"Standard_NC40ads_H100_v5",
	}
	name := fmt.Sprintf("m%d", s.rng.IntN(8))
	switch s.rng.IntN(12) {
	case 0, 1, 2:
		n := fleettest.Auto(name, []float64{10, 15, 30, 60, 130, 250}[s.rng.IntN(6)])
		n.Tuning = s.needs[name].Tuning || s.rng.IntN(4) == 0 && s.bound[name].Pool == ""
		if !n.Tuning || s.needs[name].Workspace.Name == "" {
			s.want(n)
		}
	case 3:
		if !s.needs[name].Tuning {
			s.want(fleettest.Named(name, sizes[s.rng.IntN(len(sizes))], 1+s.rng.IntN(2)))
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
		s.prices[size] = capacity.Price("eastus", size, capacity.OnDemand).USD * (0.3 + 1.4*s.rng.Float64())
	case 7:
		s.fail(sizes[s.rng.IntN(len(sizes))], s.rng.IntN(2) == 0)
	case 8:
		s.changeForeign()
	}
}

// changeForeign adds an unmanaged pod to a random node, or removes all of them.
func (s *sim) changeForeign() {
	if pools := s.owned(); len(pools) > 0 {
		p := pools[s.rng.IntN(len(pools))]
		if nodes := s.Fake.Nodes()[p.Name]; len(nodes) > 0 {
			s.Nodes.AddForeign(fmt.Sprint("other/", s.rng.IntN(100)), nodes[s.rng.IntN(len(nodes))])
		}
	}
	if s.rng.IntN(2) == 0 {
		s.Nodes.RemoveForeign()
	}
}

// checkSettled removes all failures and checks that every Workspace gets its pods.
func (s *sim) checkSettled() {
	s.t.Helper()
	s.Nodes.RemoveForeign()
	clear(s.Fail)
	s.now = s.now.Add(2 * time.Hour)
	if f := s.settle(); len(f.Unplaced) > 0 {
		s.t.Errorf("unplaced: %v", f.Unplaced)
	}
	want := 0
	for name, n := range s.needs {
		if n.Idle == "" {
			want += s.bound[name].Option.Nodes
		}
	}
	if got := s.Nodes.Running(); got != want {
		s.t.Errorf("%d pods run of %d: %s", got, want, s)
	}
}
