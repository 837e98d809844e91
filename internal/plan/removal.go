// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"fmt"
	"maps"
	"slices"

	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/desired"
	"syncer.dev/syncer/internal/plan/leaving"
	"syncer.dev/syncer/internal/plan/mass"
	"syncer.dev/syncer/internal/workspace"
)

// leaving counts what would be deleted of the live objects. stays says which of them are known to be desired. Replicas
// of an InferenceSet that stays do not count: their number is written in its file.
func (g *Guard) leaving(
	live []*cluster.Object, stays []bool, to Side, policy desired.Policy,
) (mass.Deletion, leaving.Leaving) {
	return leaving.Of(leaving.Input{
		Live: live, Stays: stays, Present: g.Present, Desired: to.Desired.Objects,
		Keeps:    func(o *cluster.Object) bool { return g.holds(o) != "" },
		Expected: func(k workspace.Key) bool { return ScaledDown(to.Set, k) },
	}, policy.Changes.Mass)
}

// holdMass holds the deletion of many Workspaces and of many plain objects, unless commits allow it.
func (g *Guard) holdMass(in *LiveInput) {
	seen := &in.Seen
	d, gone := g.leaving(seen.State.Objects, in.Stays, in.Side, in.Policy)
	d.Workspaces.Waits = slices.ContainsFunc(gone.Workspaces, func(k workspace.Key) bool {
		return seen.Reported[k].TooMany
	})
	d.Objects.Waits = seen.ObjectsWait
	if d.TooMany() {
		d.Allowed = in.AllowDelete
		if len(in.Set.Workspaces) == 0 && in.AllowEmpty {
			d.Allowed = d.Needs() // its author has confirmed that all go
		}
		if in.Allowed != nil {
			d.Allowed = max(d.Allowed, in.Allowed(gone.TooMany(d)))
		}
	}
	g.Mass = d
	// Where something else keeps them meanwhile, they wait on.
	g.ObjectsWait = seen.ObjectsWait && gone.Undesired > 0 && len(gone.Objects) == 0
	if !d.Held() {
		return
	}
	why := fmt.Sprintf("%s; %s", d, d.Hint())
	if d.TooManyObjects() {
		g.ObjectsWait, g.massObjects = true, why
	}
	if !d.TooManyWorkspaces() {
		return
	}
	held := maps.Collect(maps.All(g.Held))
	g.massHeld = make(map[workspace.Key]bool, len(gone.Workspaces))
	for _, k := range gone.Workspaces {
		g.massHeld[k] = true
		held[k] = why
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
