// SPDX-License-Identifier: Apache-2.0

package desired

import (
	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/workspace"
)

// collect lists the objects of all Workloads, each once: Workspaces share the default parameters of a tuning method.
// Those of the i-th Workload begin at first[i].
func collect(workloads []*Workload, plain []Object) (all []Object, first []int32) {
	// No two Workspaces have an object of their own in common: only the other objects can occur twice.
	seen := map[cluster.Ref]bool{} // whether it is listed, of each object that no Workspace has alone
	sum := len(plain)
	for _, o := range plain {
		seen[cluster.RefOf(o.Content)] = false
	}
	for _, w := range workloads {
		sum += len(w.Bundle.Objects)
		for _, o := range w.Bundle.List() {
			if len(w.Blocked) == 0 && !o.Own {
				seen[o.Ref] = false
			}
		}
	}
	out := make([]Object, 0, sum)
	add := func(r cluster.Ref, own bool, o Object) {
		if len(seen) > 0 && (!own || len(plain) > 0) {
			listed, shared := seen[r]
			if listed {
				return
			}
			if shared {
				seen[r] = true
			}
		}
		out = append(out, o)
	}
	for _, o := range plain {
		add(cluster.RefOf(o.Content), false, o)
	}
	first = make([]int32, len(workloads)+1)
	for i, w := range workloads {
		if first[i] = int32(len(out)); len(w.Blocked) > 0 { //nolint:gosec // far fewer
			continue
		}
		list := w.Bundle.List()
		for k := range list {
			o, key := &list[k], w.Key
			if !o.Own {
				key = workspace.Key{}
			}
			add(o.Ref, o.Own, Object{Workspace: key, Content: w.Bundle.Objects[k], listed: o})
		}
	}
	first[len(workloads)] = int32(len(out)) //nolint:gosec // far fewer
	return out, first
}

// ObjectsOf returns the places in Objects of those that the i-th Workload has brought along: its own, and those shared
// with others that come with it first.
func (d *Desired) ObjectsOf(i int) (from, to int) {
	if i+1 >= len(d.first) {
		return 0, 0
	}
	return int(d.first[i]), int(d.first[i+1])
}

// Unowned returns the places in Objects of the plain objects: from 0 to the result.
func (d *Desired) Unowned() int {
	if len(d.first) == 0 {
		return len(d.Objects)
	}
	return int(d.first[0])
}
