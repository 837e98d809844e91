// SPDX-License-Identifier: Apache-2.0

package hold

import (
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/fleet"
	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/desired"
	"syncer.dev/syncer/internal/render"
	"syncer.dev/syncer/internal/workspace"
)

func key(name string) workspace.Key { return workspace.Key{Namespace: "default", Name: name} }

func objectOf(kind, name string) *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "v1", "kind": kind, "metadata": map[string]any{"namespace": "default", "name": name},
	}}
}

// heldTogether are four Workspaces: a and b name the ConfigMap conf, c gives its nodes to a, d has nothing to do with
// them.
func heldTogether() (desired.Desired, []*cluster.Preview) {
	var d desired.Desired
	for _, name := range []string{"a", "b", "c", "d"} {
		w := &desired.Workload{
			Key: key(name), Workspace: &workspace.Workspace{Key: key(name), Inference: &workspace.Inference{}},
		}
		if name == "a" || name == "b" {
			w.Workspace.Inference.Config = "conf"
		}
		if name == "c" {
			w.Binding.To = key("a")
		}
		w.Bundle = render.Bundle{Objects: []*unstructured.Unstructured{
			objectOf("StatefulSet", name), objectOf("ConfigMap", "shared"),
		}}
		d.Workloads = append(d.Workloads, w)
		d.Objects = append(d.Objects, desired.Object{Workspace: w.Key, Content: w.Bundle.Objects[0]})
	}
	for _, name := range []string{"conf", "shared", "alone"} {
		d.Objects = append(d.Objects, desired.Object{Content: objectOf("ConfigMap", name)})
	}
	var previews []*cluster.Preview
	for _, o := range d.Objects {
		p := &cluster.Preview{Ref: cluster.RefOf(o.Content), Before: o.Content, After: o.Content}
		if p.Ref.Name == "shared" {
			p.Before, p.After = nil, nil // it is as desired
		}
		previews = append(previews, p)
	}
	return d, previews
}

// TestSpread holds what can change only together with a held Workspace, and no other.
func TestSpread(t *testing.T) {
	d, previews := heldTogether()
	got := Spread(map[workspace.Key]string{key("a"): "not reviewed"}, d, previews)
	for name, want := range map[string]string{
		"a": "not reviewed",
		"b": "it shares ConfigMap/conf with default/a, which is held back",
		"c": "it would give its nodes to default/a, which is held back",
		"d": "",
	} {
		if got[key(name)] != want {
			t.Errorf("%s: %q, want %q", name, got[key(name)], want)
		}
	}
	if Spread(nil, d, previews) != nil {
		t.Error("nothing is held, and something waits for it")
	}
	used := Used(d, previews, got)
	if why := used[cluster.RefOf(objectOf("ConfigMap", "conf"))]; len(used) != 1 || why == "" {
		t.Errorf("%v, want conf alone", used)
	}
	if used = Used(d, previews, nil); len(used) > 0 {
		t.Errorf("%v, and nothing is held", used)
	}
}

// TestPools: no operation on a pool of a held Workspace; of a shared pool, the others get their nodes.
func TestPools(t *testing.T) {
	sku, _ := capacity.LookupSKU("Standard_NC24ads_A100_v4") // one GPU
	var d desired.Desired
	for name, pool := range map[string]string{"a": "own", "b": "shared", "c": "shared"} {
		d.Workloads = append(d.Workloads, &desired.Workload{
			Key:       key(name),
			Workspace: &workspace.Workspace{Key: key(name)},
			Binding:   fleet.Binding{Pool: pool, Option: &capacity.Option{SKU: sku, Nodes: 1, GPUsPerNode: 1}},
		})
	}
	d.Workloads = append(d.Workloads, &desired.Workload{
		Key: key("m"), Workspace: &workspace.Workspace{Key: key("m")}, Binding: fleet.Binding{Pool: "old", Next: "next"},
	})
	state := cluster.State{Workloads: map[workspace.Key]cluster.Workload{
		key("b"): {Pool: "busy"}, key("gone"): {Pool: "left"},
	}}
	change := func(op capacity.Op, name string, live, count int) capacity.PoolChange {
		c := capacity.PoolChange{Op: op, Name: name}
		if live > 0 {
			c.Live = &capacity.LivePool{Name: name, Size: sku.Name, Count: live}
		}
		if op != capacity.Delete {
			c.Desired = &capacity.Pool{Name: name, SKU: sku, Count: count}
		}
		return c
	}
	owned := change(capacity.Delete, "empty", 1, 0)
	owned.Live.Workspace = key("gone")
	foreign := change(capacity.Delete, "foreign", 1, 0)
	foreign.Live.Workspace = key("other")
	for name, tt := range map[string]struct {
		c     capacity.PoolChange
		waits bool
		count int
	}{
		"created for a held one":                {change(capacity.Create, "own", 0, 1), true, 1},
		"grown for a held one":                  {change(capacity.Update, "own", 1, 2), true, 2},
		"shrunk under a held one":               {change(capacity.Update, "own", 2, 1), true, 1},
		"deleted under a held one":              {change(capacity.Delete, "own", 1, 0), true, 0},
		"created for another one too":           {change(capacity.Create, "shared", 0, 2), false, 1},
		"of a Workspace whose deletion is held": {owned, true, 0},
		"with pods of a held deletion":          {change(capacity.Delete, "left", 1, 0), true, 0},
		"that a held one moves to":              {change(capacity.Create, "next", 0, 1), true, 1},
		"that pods of a held one still use":     {change(capacity.Update, "busy", 3, 1), true, 1},
		"of others":                             {foreign, false, 0},
		"unchanged":                             {change(capacity.Keep, "own", 1, 1), false, 1},
	} {
		t.Run(name, func(t *testing.T) {
			changes := []capacity.PoolChange{tt.c}
			held := map[workspace.Key]string{}
			for _, n := range []string{"a", "b", "m", "gone"} {
				held[key(n)] = "not reviewed"
			}
			Pools(changes, d, state, held)
			got := changes[0]
			if waits := got.Op == capacity.Wait; waits != tt.waits || waits && !strings.Contains(got.Reason, "not reviewed") {
				t.Errorf("%s: %q", got.Op, got.Reason)
			}
			if got.Desired != nil && got.Desired.Count != tt.count {
				t.Errorf("%d nodes, want %d", got.Desired.Count, tt.count)
			}
			same := []capacity.PoolChange{tt.c}
			if Pools(same, d, state, nil); same[0].Op != tt.c.Op {
				t.Error("it waits although nothing is held")
			}
		})
	}
}
