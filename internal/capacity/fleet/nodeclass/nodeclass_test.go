// SPDX-License-Identifier: Apache-2.0

package nodeclass_test

import (
	"slices"
	"testing"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/fleet/nodeclass"
	"syncer.dev/syncer/internal/workspace"
)

// TestPoolNamesDiffer compares the names of pools that must not be the same one.
func TestPoolNamesDiffer(t *testing.T) {
	var names []string
	for _, k := range []workspace.Key{
		{Namespace: "a", Name: "phi"},
		{Namespace: "b", Name: "phi"},
		{Namespace: "a", Name: "phi-0"},
		capacity.SetKey("a", "phi"),
	} {
		for _, priority := range []capacity.Priority{capacity.Spot, capacity.OnDemand} {
			names = append(
				names,
				nodeclass.OwnName("demo", k, "Standard_NC24ads_A100_v4", priority),
				nodeclass.OwnName("other", k, "Standard_NC24ads_A100_v4", priority),
			)
		}
	}
	slices.Sort(names)
	if n := len(slices.Compact(slices.Clone(names))); n != len(names) {
		t.Errorf("%d names of %d: %v", n, len(names), names)
	}
}

// TestNamesStay pins names: another name for the same pool would replace the nodes of every cluster.
func TestNamesStay(t *testing.T) {
	sku, _ := capacity.LookupSKU("Standard_NC48ads_A100_v4")
	o := &capacity.Option{SKU: sku, Nodes: 1, GPUsPerNode: 1}
	set := nodeclass.NewSet("demo", 1000, nil)
	at := set.Of(nodeclass.KeyOf(o, capacity.OnDemand, "Ubuntu", 100), sku)
	var names []string
	for _, bin := range set.Bins(&set.All[at]) {
		names = append(names, bin.Name)
		if set.Named[bin.Name] != at {
			t.Errorf("%s is of class %d, want %d", bin.Name, set.Named[bin.Name], at)
		}
	}
	owner := workspace.Key{Namespace: "default", Name: "workspace-phi-4"}
	names = append(names, nodeclass.OwnName("demo", owner, sku.Name, capacity.Spot))
	if want := []string{"snc48jpdnu7e", "snc48eojt4wo", "snc48ppdy7af", "wphi4hvpflkc"}; !slices.Equal(names, want) {
		t.Errorf("names %q, want %q", names, want)
	}
}

// TestKeyOf holds the disk of a shared node against what the Workspaces on it need.
func TestKeyOf(t *testing.T) {
	for _, tt := range []struct{ gpus, each, need, want int }{
		{gpus: 4, each: 1, need: 100, want: 512},
		{gpus: 4, each: 2, need: 500, want: 1024},
		{gpus: 8, each: 1, need: 300, want: 2048},
		{gpus: 1, each: 1, need: 3000, want: 3000},
	} {
		o := &capacity.Option{SKU: capacity.SKU{Name: "size", GPUs: tt.gpus}, GPUsPerNode: tt.each}
		if got := nodeclass.KeyOf(o, capacity.OnDemand, "Ubuntu", tt.need).DiskGiB; got != tt.want {
			t.Errorf("%+v: %d GiB", tt, got)
		}
	}
}

// TestChoose fills the free half of a node first, then lets the first pool grow.
func TestChoose(t *testing.T) {
	sku, _ := capacity.LookupSKU("Standard_NC48ads_A100_v4")
	o := &capacity.Option{SKU: sku, Nodes: 1, GPUsPerNode: 1}
	set := nodeclass.NewSet("demo", 1, nil)
	c := &set.All[set.Of(nodeclass.KeyOf(o, capacity.OnDemand, "Ubuntu", 100), sku)]
	bins := set.Bins(c)
	bins[1].Keep(1, 1)
	bins[0].Keep(1, 0)
	for i, want := range []string{bins[1].Name, bins[0].Name, bins[0].Name, bins[0].Name} {
		if got := bins.Choose(c.Level(o), 1); got != want {
			t.Errorf("item %d goes to %s, want %s", i, got, want)
		}
	}
	if bins[0].Nodes() != 3 || bins[1].Nodes() != 1 {
		t.Errorf("%d and %d nodes, want 3 and 1", bins[0].Nodes(), bins[1].Nodes())
	}
}

// TestClose keeps a class for a live pool of no key, once.
func TestClose(t *testing.T) {
	old := &capacity.LivePool{Name: "sold", Size: "Standard_NC24ads_A100_v4", Owned: true}
	set := nodeclass.NewSet("demo", 1, map[string]*capacity.LivePool{old.Name: old})
	set.Close(old)
	set.Close(old)
	set.Close(&capacity.LivePool{Name: "other"})
	if len(set.All) != 1 || !set.All[0].Closed || len(set.Bins(&set.All[0])) != 1 {
		t.Errorf("classes %+v", set.All)
	}
}
