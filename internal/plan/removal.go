// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"fmt"
	"maps"
	"slices"

	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/plan/mass"
	"syncer.dev/syncer/internal/workspace"
)

// massDeletion counts the Workspaces that would be deleted, and returns them. What the guard keeps anyway does not
// count, and neither do replicas of an InferenceSet that stays: their number is written in its file.
func massDeletion(
	live []*cluster.Object, set *workspace.Set, g Guard, p mass.Policy,
) (_ mass.Deletion, gone []workspace.Key) {
	leaves := false
	for _, o := range live {
		if !g.Present[o.Workspace] && o.Workspace != (workspace.Key{}) {
			leaves = true
			break
		}
	}
	if !leaves {
		return mass.Deletion{Policy: p}, nil
	}
	all := map[workspace.Key]bool{} // whether it goes
	for _, o := range live {
		if o.Workspace == (workspace.Key{}) || o.Deleting || !o.Owned {
			continue
		}
		all[o.Workspace] = all[o.Workspace] || !g.Present[o.Workspace] && g.holds(o) == ""
	}
	for k, goes := range all {
		if goes && !ScaledDown(set, k) {
			gone = append(gone, k)
		}
	}
	slices.SortFunc(gone, workspace.Key.Compare)
	return mass.Deletion{Policy: p, Gone: len(gone), All: len(all)}, gone
}

// holdMass holds the deletion of many Workspaces, unless commits allow it.
func (g *Guard) holdMass(in *LiveInput) {
	d, gone := massDeletion(in.Seen.State.Objects, in.Set, *g, in.Policy.Changes.Mass)
	d.Waits = slices.ContainsFunc(gone, func(k workspace.Key) bool { return in.Seen.Reported[k].TooMany })
	if d.TooMany() {
		d.Allowed = in.AllowDelete
		if len(in.Set.Workspaces) == 0 && in.AllowEmpty {
			d.Allowed = d.Gone // its author has confirmed that all go
		}
		if in.Allowed != nil {
			d.Allowed = max(d.Allowed, in.Allowed(gone))
		}
	}
	g.Mass = d
	if !d.Held() {
		return
	}
	held := maps.Collect(maps.All(g.Held))
	g.massHeld = make(map[workspace.Key]bool, len(gone))
	for _, k := range gone {
		g.massHeld[k] = true
		held[k] = fmt.Sprintf("%s; %s", d, d.Hint())
	}
	g.Held = held
}

// keptClaim says why a volume claim stays that is no longer desired, or "". It holds weights and adapters, which no
// commit brings back.
func keptClaim(o *cluster.Object) string {
	if !cluster.IsClaim(o.Ref) || o.PruneEnabled {
		return ""
	}
	return fmt.Sprintf(
		"a volume claim holds data, and stays; to delete it: kubectl annotate pvc -n %s %s %s=%s",
		o.Namespace, o.Name, cluster.AnnotationPrune, workspace.PruneEnabled,
	)
}

// ByObject maps the object of each of some changes, in any version, to its change.
func ByObject(changes []*Change) map[cluster.Ref]*Change {
	out := make(map[cluster.Ref]*Change, len(changes))
	for _, c := range changes {
		switch {
		case c.Object != nil:
			out[unversioned(cluster.RefOf(c.Object))] = c
		case c.Live != nil:
			out[unversioned(c.Live.Ref)] = c
		}
	}
	return out
}
