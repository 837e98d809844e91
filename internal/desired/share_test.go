// SPDX-License-Identifier: Apache-2.0

package desired

import (
	"testing"

	"syncer.dev/syncer/internal/capacity/fleet"
	"syncer.dev/syncer/internal/diag"
)

// TestShare takes what is equal but for the reason of its nodes, and nothing else.
func TestShare(t *testing.T) {
	of := func(name, pool, reason string) *Workload {
		return &Workload{Key: diag.Key{Namespace: "default", Name: name}, Binding: fleet.Binding{Pool: pool, Reason: reason}}
	}
	before := Desired{Workloads: []*Workload{
		of("a", "p", "cheapest"), of("b", "p", ""), of("c", "p", ""), of("e", "p", ""),
	}}
	later := Desired{Workloads: []*Workload{of("a", "p", "stays"), of("b", "q", ""), of("d", "p", "")}}
	before.Share(later)
	for i, want := range []bool{true, false, false, false} {
		shared := i < len(later.Workloads) && before.Workloads[i] == later.Workloads[i]
		if shared != want {
			t.Errorf("%s: shared %v, want %v", before.Workloads[i].Key, shared, want)
		}
	}
	if pool := before.Workloads[1].Binding.Pool; pool != "p" {
		t.Errorf("the earlier state has the pool %q of the later one", pool)
	}
}
