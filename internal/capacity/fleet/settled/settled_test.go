// SPDX-License-Identifier: Apache-2.0

package settled_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/fleet/nodeclass"
	"syncer.dev/syncer/internal/capacity/fleet/question"
	"syncer.dev/syncer/internal/capacity/fleet/settled"
	"syncer.dev/syncer/internal/workspace"
)

func key(name string) workspace.Key { return workspace.Key{Namespace: "default", Name: name} }

// workload is a Workload with pods on nodes.
func workload(name string, nodes ...string) question.Workload {
	n := question.Workload{Workspace: key(name), Digest: name}
	for i, node := range nodes {
		n.Pods = append(n.Pods, question.Pod{Name: fmt.Sprintf("%s-%d", name, i), Node: node})
	}
	return n
}

// node is a node that works, with one pod.
func node(name, pool string) question.Node {
	return question.Node{Name: name, Pool: pool, Ready: true, GPUs: 8, Used: 4, Pods: 1}
}

func names(records []*settled.Record[int]) []string {
	var out []string
	for _, r := range records {
		out = append(out, r.Workload.Workspace.Name)
	}
	return out
}

func sorted(records []*settled.Record[int]) []string {
	return slices.Sorted(slices.Values(names(records)))
}

func keys(pools map[string]bool) []string { return slices.Sorted(maps.Keys(pools)) }

// TestTurn: what a change costs is the Workloads that it names and those on the nodes that changed, and the pools of
// both.
func TestTurn(t *testing.T) {
	nodes := []question.Node{node("a1", "a"), node("a2", "a"), node("b1", "b"), node("c1", "c")}
	fleet := []question.Workload{
		workload("one", "a1"), workload("two", "a2", "b1"), workload("three", "c1"), workload("new"),
	}
	for name, tt := range map[string]struct {
		nodes             func([]question.Node) []question.Node
		come              []question.Workload
		gone              []workspace.Key
		old, fresh, pools []string
	}{
		"nothing":     {},
		"one changes": {come: fleet[:1], old: []string{"one"}, fresh: []string{"one"}, pools: []string{"a"}},
		"one moves": {
			come: []question.Workload{workload("one", "c1")},
			old:  []string{"one"}, fresh: []string{"one"}, pools: []string{"a", "c"},
		},
		"one comes": {
			come: []question.Workload{workload("four", "b1")}, fresh: []string{"four"}, pools: []string{"b"},
		},
		"one goes":         {gone: []workspace.Key{key("two")}, old: []string{"two"}, pools: []string{"a", "b"}},
		"one is not there": {gone: []workspace.Key{key("other")}},
		"one goes and comes again": {
			come: fleet[:1], gone: []workspace.Key{key("one")},
			old: []string{"one"}, fresh: []string{"one"}, pools: []string{"a"},
		},
		"one without pods": {come: fleet[3:], old: []string{"new"}, fresh: []string{"new"}},
		"a node changes": {
			nodes: func(all []question.Node) []question.Node { all[1].Ready = false; return all },
			old:   []string{"two"}, fresh: []string{"two"}, pools: []string{"a", "b"},
		},
		"a node goes": {
			nodes: func(all []question.Node) []question.Node { return all[:3] },
			old:   []string{"three"}, fresh: []string{"three"}, pools: []string{"c"},
		},
		"a node passes to another pool": {
			nodes: func(all []question.Node) []question.Node { all[3].Pool = "d"; return all },
			old:   []string{"three"}, fresh: []string{"three"}, pools: []string{"c", "d"},
		},
		"a node changes below one that changes": {
			nodes: func(all []question.Node) []question.Node { all[0].Used = 5; return all },
			come:  fleet[:1], old: []string{"one"}, fresh: []string{"one"}, pools: []string{"a"},
		},
		"a node changes below one that goes": {
			nodes: func(all []question.Node) []question.Node { all[0].Used = 5; return all },
			gone:  []workspace.Key{key("one")}, old: []string{"one"}, pools: []string{"a"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := settled.NewRoster[int]()
			_, first, _ := r.Turn(slices.Clone(nodes), fleet, nil)
			for i, o := range first {
				o.Kept = 1 + i
			}
			now := slices.Clone(nodes)
			if tt.nodes != nil {
				now = tt.nodes(now)
			}
			old, fresh, pools := r.Turn(now, tt.come, tt.gone)
			want, got := [][]string{tt.old, tt.fresh, tt.pools}, [][]string{sorted(old), sorted(fresh), keys(pools)}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
			for _, o := range r.Queue {
				if kept := o.Kept != 0; kept == slices.Contains(fresh, o) {
					t.Errorf("what was kept of %s is still there: %t", o.Workload.Workspace, kept)
				}
			}
		})
	}
}

// TestAround follows pods from pool to pool.
func TestAround(t *testing.T) {
	r := settled.NewRoster[int]()
	nodes := []question.Node{node("a1", "a"), node("b1", "b"), node("b2", "b"), node("c1", "c"), node("d1", "d")}
	r.Turn(nodes, []question.Workload{
		workload("z", "a1", "b1"), workload("y", "b2", "c1", "c1"), workload("x", "d1"), workload("w"), workload("v", "lost"),
	}, nil)
	for pool, want := range map[string][]string{
		"a": {"y", "z"}, "b": {"y", "z"}, "c": {"y", "z"}, "d": {"x"}, "e": nil,
	} {
		if got := names(r.Around(pool)); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", pool, got, want)
		}
	}
}

// TestOrderOfNodes: another order of the same nodes is a change, because plans depend on it; nodes that come and go
// between others change nothing about these.
func TestOrderOfNodes(t *testing.T) {
	n := settled.NewNodes()
	a, b, c := node("a", "p"), node("b", "p"), node("c", "q")
	for _, step := range []struct {
		all            []question.Node
		changed, pools []string
	}{
		{[]question.Node{a, b}, []string{"a", "b"}, []string{"p"}},
		{[]question.Node{a, c, b}, []string{"c"}, []string{"q"}},
		{[]question.Node{a, b}, []string{"c"}, []string{"q"}},
		{[]question.Node{b, a}, []string{"a", "b"}, []string{"p"}},
		{[]question.Node{b, a}, nil, nil},
	} {
		changed, pools := n.Update(step.all)
		if !slices.Equal(changed, step.changed) || !slices.Equal(keys(pools), step.pools) {
			t.Errorf("%v: %v and %v, want %v and %v", step.all, changed, keys(pools), step.changed, step.pools)
		}
	}
	if n.Update([]question.Node{a, a}); n.Unique() {
		t.Error("two nodes with one name are unique")
	}
	if n.Update([]question.Node{a, b}); !n.Unique() {
		t.Error("two nodes with two names are not unique")
	}
}

// TestUpdateKeepsNoSlice: a caller may change its nodes after the call, which is then a change.
func TestUpdateKeepsNoSlice(t *testing.T) {
	n := settled.NewNodes()
	all := []question.Node{node("a", "p")}
	n.Update(all)
	all[0].Pods = 0
	if changed, _ := n.Update(all); !slices.Equal(changed, []string{"a"}) || n.Sum("p").InUse != 0 {
		t.Errorf("%v, %d in use", changed, n.Sum("p").InUse)
	}
}

// TestSame: all that settles Workloads differs, and what does not settle any is the same.
func TestSame(t *testing.T) {
	classes := []nodeclass.Class{{Pools: []string{"a"}}, {Pools: []string{"b"}}}
	base := func() (*question.Input, []nodeclass.Class, map[string]bool) {
		return &question.Input{
			Cluster: "demo", Region: "westeurope",
			Pools: []capacity.LivePool{{Name: "p", Size: "S", Count: 1, Owned: true, State: capacity.Succeeded}},
		}, slices.Clone(classes), map[string]bool{}
	}
	of := func(in *question.Input, classes []nodeclass.Class, blocked map[string]bool) settled.Around {
		return settled.AroundOf(in, classes, func(c *nodeclass.Class) bool { return blocked[c.Pools[0]] })
	}
	was := of(base())
	for name, tt := range map[string]struct {
		change func(*question.Input, []nodeclass.Class, map[string]bool)
		same   bool
	}{
		"nothing":     {func(*question.Input, []nodeclass.Class, map[string]bool) {}, true},
		"the cluster": {func(in *question.Input, _ []nodeclass.Class, _ map[string]bool) { in.Cluster = "x" }, false},
		"the region":  {func(in *question.Input, _ []nodeclass.Class, _ map[string]bool) { in.Region = "x" }, false},
		"a size": {func(in *question.Input, _ []nodeclass.Class, _ map[string]bool) {
			in.Pools[0].Size = "x"
		}, false},
		"an owner": {func(in *question.Input, _ []nodeclass.Class, _ map[string]bool) {
			in.Pools[0].Owned = false
		}, false},
		"one more pool": {func(in *question.Input, _ []nodeclass.Class, _ map[string]bool) {
			in.Pools = append(in.Pools, capacity.LivePool{Name: "q"})
		}, false},
		"a pool that is deleted": {func(in *question.Input, _ []nodeclass.Class, _ map[string]bool) {
			in.Pools[0].State = capacity.Deleting
		}, false},
		"a class":       {func(_ *question.Input, c []nodeclass.Class, _ map[string]bool) { c[0].Closed = true }, false},
		"their order":   {func(_ *question.Input, c []nodeclass.Class, _ map[string]bool) { c[0], c[1] = c[1], c[0] }, false},
		"what is there": {func(_ *question.Input, _ []nodeclass.Class, b map[string]bool) { b["b"] = true }, false},
		"nodes": {func(in *question.Input, _ []nodeclass.Class, _ map[string]bool) {
			p := &in.Pools[0]
			p.Count, p.ETag, p.ErrorCode, p.Error, p.Changed = 9, "x", "x", "x", time.Unix(9, 0)
		}, true},
		"a pool that is updated": {func(in *question.Input, _ []nodeclass.Class, _ map[string]bool) {
			in.Pools[0].State = capacity.Failed
		}, true},
	} {
		in, c, b := base()
		tt.change(in, c, b)
		count := in.Pools[0].Count
		now := of(in, c, b)
		if got := was.Same(&now); got != tt.same {
			t.Errorf("%s: %t", name, got)
		}
		if in.Pools[0].Count != count {
			t.Errorf("%s: the question has changed", name)
		}
	}
	in, c, b := base()
	first := of(in, c, b)
	c[0].Closed, in.Pools[0].Size = true, "x"
	if !first.Same(&was) {
		t.Error("a later change of the question changes what was kept")
	}
}
