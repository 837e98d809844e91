// SPDX-License-Identifier: Apache-2.0

package eventual

import (
	"testing"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/fleet"
	"syncer.dev/syncer/internal/desired"
	"syncer.dev/syncer/internal/workspace"
)

// TestOf shares the nodes of a pool so that all its Workspaces fit, and leaves out those that wait.
func TestOf(t *testing.T) {
	sku, _ := capacity.LookupSKU("Standard_NC48ads_A100_v4") // two GPUs
	pool := capacity.Pool{Name: "p", SKU: sku, Count: 2}
	empty := capacity.Pool{Name: "empty", SKU: sku}
	d := desired.Desired{Fleet: fleet.Result{Pools: []capacity.Pool{pool, empty}}}
	for _, w := range []struct {
		name, waits string
		gpus        int
	}{{"a", "", 1}, {"b", "", 2}, {"c", "", 1}, {"d", "no quota", 1}} {
		key := workspace.Key{Namespace: "default", Name: w.name}
		d.Workloads = append(d.Workloads, &desired.Workload{
			Key:       key,
			Workspace: &workspace.Workspace{Key: key},
			Pool:      &pool,
			Waiting:   w.waits,
			Binding:   fleet.Binding{Pool: "p", Option: &capacity.Option{SKU: sku, Nodes: 1, GPUsPerNode: w.gpus}},
		})
	}
	seen := Of(d)
	if len(seen.Pools) != 1 || len(seen.State.Nodes) != 2 || !seen.Eventual || seen.Live {
		t.Fatalf("%+v", seen)
	}
	on := map[string]string{}
	for k, w := range seen.State.Workloads {
		if len(w.Pods) != 1 {
			t.Fatalf("%s has %d pods", k, len(w.Pods))
		}
		on[k.Name] = w.Pods[0].Node
	}
	if len(on) != 3 || on["a"] != on["c"] || on["a"] == on["b"] {
		t.Errorf("pods on %v", on)
	}
}
