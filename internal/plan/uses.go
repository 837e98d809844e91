// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"maps"
	"slices"

	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/desired"
	"syncer.dev/syncer/internal/workspace"
)

// usedChanges lists for each Workspace the steps of a plan for objects without an owner that its pods use.
func usedChanges(d desired.Desired, changes []*Change) map[workspace.Key][]string {
	steps := map[workspace.Named]string{}
	shared := map[cluster.Ref]string{}
	gone := map[string]string{} // what has made a Secret of a name that is not known any more, by namespace
	for _, c := range changes {
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
		w := d.Workloads[i]
		used := map[string]bool{}
		for _, r := range w.Workspace.References() {
			used[steps[r.Named]] = true
			if r.Kind == "Secret" && !provided[r.Named] {
				used[gone[r.Namespace]] = true
			}
		}
		for _, o := range w.Bundle.List() {
			used[shared[o.Ref]] = true
		}
		delete(used, "")
		if len(used) > 0 {
			out[w.Key] = slices.Sorted(maps.Keys(used))
		}
	}
	return out
}
