// SPDX-License-Identifier: Apache-2.0

package hold

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/fleet"
	"syncer.dev/syncer/internal/desired"
	"syncer.dev/syncer/internal/workspace"
)

// TestRefused holds nodes that only refused Workspaces would use, and no others.
func TestRefused(t *testing.T) {
	sku, _ := capacity.LookupSKU("Standard_NC48ads_A100_v4") // two GPUs
	var d desired.Desired
	for _, name := range []string{"a", "b", "c"} {
		key := workspace.Key{Namespace: "default", Name: name}
		d.Workloads = append(d.Workloads, &desired.Workload{
			Key:       key,
			Workspace: &workspace.Workspace{Key: key},
			Binding:   fleet.Binding{Pool: "p", Option: &capacity.Option{SKU: sku, Nodes: 1, GPUsPerNode: 1}},
		})
	}
	type outcome struct {
		Op    capacity.Op
		Count int
	}
	for name, tt := range map[string]struct {
		refused []string
		live    int
		want    outcome
	}{
		"none":                         {nil, 0, outcome{capacity.Create, 2}},
		"one, for whom a node is made": {[]string{"c"}, 0, outcome{capacity.Create, 1}},
		"all":                          {[]string{"a", "b", "c"}, 0, outcome{capacity.Wait, 2}},
		"growth for one":               {[]string{"c"}, 1, outcome{capacity.Wait, 2}},
		"nodes that exist":             {[]string{"a", "b", "c"}, 2, outcome{capacity.Update, 2}},
	} {
		t.Run(name, func(t *testing.T) {
			c := capacity.PoolChange{Name: "p", Op: capacity.Create, Desired: &capacity.Pool{Name: "p", SKU: sku, Count: 2}}
			if tt.live > 0 {
				c.Op, c.Live = capacity.Update, &capacity.LivePool{Name: "p", Size: sku.Name, Count: tt.live}
			}
			refused := map[workspace.Key]string{}
			for _, n := range tt.refused {
				refused[workspace.Key{Namespace: "default", Name: n}] = "denied"
			}
			changes := []capacity.PoolChange{c}
			Refused(changes, d, refused)
			if diff := cmp.Diff(tt.want, outcome{changes[0].Op, changes[0].Desired.Count}); diff != "" {
				t.Error(diff)
			}
		})
	}
}
