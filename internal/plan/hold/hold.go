// SPDX-License-Identifier: Apache-2.0

package hold

import (
	"fmt"
	"maps"
	"slices"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/desired"
	"syncer.dev/syncer/internal/workspace"
)

// Spread returns held with the Workspaces that can change only together with one of them: those that would give up
// their nodes for it, and those whose pods use the same object of the repository, which changes. The reason names that
// Workspace.
func Spread(
	held map[workspace.Key]string, d desired.Desired, previews []*cluster.Preview,
) map[workspace.Key]string {
	if len(held) == 0 {
		return nil
	}
	out := maps.Clone(held)
	named := namedObjects(d, previews)
	for more := true; more; {
		more = false
		because := map[cluster.Ref]workspace.Key{}
		for _, k := range slices.SortedFunc(maps.Keys(out), workspace.Key.Compare) {
			for _, ref := range named[k] {
				if _, known := because[ref]; !known {
					because[ref] = k
				}
			}
		}
		for i := range d.Workloads {
			w := d.Workloads[i]
			if out[w.Key] != "" {
				continue
			}
			if out[w.Binding.To] != "" {
				out[w.Key], more = fmt.Sprintf("it would give its nodes to %s, which is held back", w.Binding.To), true
				continue
			}
			for _, ref := range named[w.Key] {
				if other, ok := because[ref]; ok {
					out[w.Key], more = fmt.Sprintf("it shares %s with %s, which is held back", ref, other), true
					break
				}
			}
		}
	}
	return out
}

// namedObjects lists for each Workspace the desired objects without an owner that change and that its pods use: plain
// objects that it names, and objects that several Workspaces share.
func namedObjects(d desired.Desired, previews []*cluster.Preview) map[workspace.Key][]cluster.Ref {
	plain := map[workspace.Named]cluster.Ref{}
	shared := map[cluster.Ref]bool{}
	for i, o := range d.Objects {
		if o.Workspace == (workspace.Key{}) && previews[i].After != nil {
			ref := cluster.RefOf(o.Content)
			plain[workspace.Object{Content: o.Content.Object}.InCluster()] = ref
			shared[ref] = true
		}
	}
	out := map[workspace.Key][]cluster.Ref{}
	for i := range d.Workloads {
		w := d.Workloads[i]
		for _, r := range w.Workspace.References() {
			if ref, ok := plain[r.Named]; ok {
				out[w.Key] = append(out[w.Key], ref)
			}
		}
		for _, o := range w.Bundle.List() {
			if shared[o.Ref] {
				out[w.Key] = append(out[w.Key], o.Ref)
			}
		}
	}
	return out
}

// Used returns the desired objects without an owner that pods of held Workspaces use and that change, with the reason.
func Used(
	d desired.Desired, previews []*cluster.Preview, held map[workspace.Key]string,
) map[cluster.Ref]string {
	used := map[cluster.Ref]string{}
	if len(held) == 0 {
		return used
	}
	for k, refs := range namedObjects(d, previews) {
		for _, ref := range refs {
			if why := held[k]; why != "" && (used[ref] == "" || why < used[ref]) {
				used[ref] = why
			}
		}
	}
	return used
}

// Pools holds all changes to pools that only held Workspaces use, or that take nodes from one. Of a pool that
// others use as well, it holds the nodes that are for the held ones.
func Pools(changes []capacity.PoolChange, d desired.Desired, s cluster.State, held map[workspace.Key]string) {
	if len(held) == 0 {
		return
	}
	keys := slices.SortedFunc(maps.Keys(held), workspace.Key.Compare)
	for i := range changes {
		c := &changes[i]
		if c.Op == capacity.Keep || c.Op == capacity.Wait {
			continue
		}
		why := onlyHeld(c, d, held)
		for _, k := range keys {
			if why == "" && takesNodes(c) && s.Workloads[k].Pool == c.Name {
				why = held[k]
			}
		}
		if why != "" {
			c.Op, c.Reason = capacity.Wait, why
		}
	}
	Nodes(changes, d, held)
}

// onlyHeld returns why a pool is held that no other Workspace uses, or "".
func onlyHeld(c *capacity.PoolChange, d desired.Desired, held map[workspace.Key]string) (why string) {
	users := 0
	for i := range d.Workloads {
		w := d.Workloads[i]
		if w.Binding.Pool != c.Name && w.Binding.Next != c.Name {
			continue
		}
		if users++; held[w.Key] == "" {
			return ""
		}
		why = held[w.Key]
	}
	if users > 0 {
		return why
	}
	owner := workspace.Key{}
	if c.Live != nil {
		owner = c.Live.Workspace
	}
	for _, k := range slices.SortedFunc(maps.Keys(held), workspace.Key.Compare) {
		if k == owner || capacity.InSet(k, owner) {
			return held[k]
		}
	}
	return ""
}

// takesNodes reports whether a change ends nodes that exist.
func takesNodes(c *capacity.PoolChange) bool {
	return c.Live != nil && (c.Op == capacity.Delete || c.Desired == nil || c.Desired.Count < c.Live.Count)
}
