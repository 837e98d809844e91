// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"fmt"
	"maps"
	"slices"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/desired"
	"syncer.dev/syncer/internal/workspace"
)

// spread returns held with the Workspaces that can change only together with one of them: those that would give up
// their nodes for it, and those whose pods use the same object of the repository, which changes. The reason names that
// Workspace.
func spread(
	held map[workspace.Key]string, d desired.Desired, previews []cluster.Preview,
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
			w := &d.Workloads[i]
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
func namedObjects(d desired.Desired, previews []cluster.Preview) map[workspace.Key][]cluster.Ref {
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
		w := &d.Workloads[i]
		for _, r := range w.Workspace.References() {
			if ref, ok := plain[r.Named]; ok {
				out[w.Key] = append(out[w.Key], ref)
			}
		}
		for _, o := range w.Bundle.Objects {
			if ref := cluster.RefOf(o); shared[ref] {
				out[w.Key] = append(out[w.Key], ref)
			}
		}
	}
	return out
}

// usedChanges lists for each Workspace the steps of a plan for objects without an owner that its pods use.
func usedChanges(d desired.Desired, changes []Change) map[workspace.Key][]string {
	steps := map[workspace.Named]string{}
	shared := map[cluster.Ref]string{}
	gone := map[string]string{} // what has made a Secret of a name that is not known any more, by namespace
	for i := range changes {
		c := &changes[i]
		if c.Workspace != (workspace.Key{}) || c.Pool != nil || c.Op == NoOp || c.Op == Hold {
			continue
		}
		switch {
		case c.Object != nil:
			steps[workspace.Object{Content: c.Object.Object}.InCluster()] = c.Target
			shared[cluster.RefOf(c.Object)] = c.Target
		case c.Live != nil:
			k := workspace.Key{Namespace: c.Live.Namespace, Name: c.Live.Name}
			steps[workspace.Named{Kind: c.Live.Kind, Key: k}] = c.Target
			if c.Live.Kind == "ExternalSecret" || c.Live.Kind == "SealedSecret" {
				gone[k.Namespace] = c.Target
			}
		}
	}
	out := map[workspace.Key][]string{}
	if len(steps) == 0 {
		return out
	}
	provided := map[workspace.Named]bool{}
	for _, o := range d.Objects {
		if o.Workspace == (workspace.Key{}) && len(gone) > 0 {
			provided[workspace.Object{Content: o.Content.Object}.InCluster()] = true
		}
	}
	for i := range d.Workloads {
		w := &d.Workloads[i]
		used := map[string]bool{}
		for _, r := range w.Workspace.References() {
			used[steps[r.Named]] = true
			if r.Kind == "Secret" && !provided[r.Named] {
				used[gone[r.Namespace]] = true
			}
		}
		for _, o := range w.Bundle.Objects {
			used[shared[cluster.RefOf(o)]] = true
		}
		delete(used, "")
		if len(used) > 0 {
			out[w.Key] = slices.Sorted(maps.Keys(used))
		}
	}
	return out
}

// holdObjects holds the changes to the objects of held Workspaces, and to those that their pods use.
func holdObjects(
	changes []Change, d desired.Desired, previews []cluster.Preview, held map[workspace.Key]string,
) []Change {
	if len(held) == 0 {
		return changes
	}
	used := map[cluster.Ref]string{}
	for k, refs := range namedObjects(d, previews) {
		for _, ref := range refs {
			if why := held[k]; why != "" && (used[ref] == "" || why < used[ref]) {
				used[ref] = why
			}
		}
	}
	for i := range changes {
		c := &changes[i]
		why := held[c.Workspace]
		if c.Workspace == (workspace.Key{}) {
			why = used[cluster.RefOf(c.Object)]
		}
		if why != "" && (c.Op == Create || c.Op == Update || c.Op == Replace) {
			c.Op, c.Reason, c.Held = Hold, why, true
		}
	}
	return changes
}

// holdPools holds all changes to pools that only held Workspaces use, or that take nodes from one. Of a pool that
// others use as well, it holds the nodes that are for the held ones.
func holdPools(changes []capacity.PoolChange, d desired.Desired, s cluster.State, held map[workspace.Key]string) {
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
	holdNodes(changes, d, held)
}

// onlyHeld returns why a pool is held that no other Workspace uses, or "".
func onlyHeld(c *capacity.PoolChange, d desired.Desired, held map[workspace.Key]string) (why string) {
	users := 0
	for i := range d.Workloads {
		w := &d.Workloads[i]
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
