// SPDX-License-Identifier: Apache-2.0

package desired

import (
	"slices"

	"syncer.dev/syncer/internal/desired/claimed"
	"syncer.dev/syncer/internal/desired/keep"
	"syncer.dev/syncer/internal/workspace"
)

// claim leaves a Workspace that was taken over from KAITO on the nodes that KAITO's provisioner made for it, for as
// long as there are enough of them and its file does not ask for others.
func (w *Workload) claim(seen Observed) {
	live, ok := seen.State.Workloads[w.Key]
	if !seen.Live || !ok || live.Adopted == nil || w.Workspace.OwnNodes() || len(w.Demand.Options) == 0 {
		return
	}
	c := claimed.By(w.Key, seen.State.Nodes)
	if len(c.Names) == 0 {
		return
	}
	chosen := c.Option(w.Demand.Options)
	if len(c.Names) < chosen.Nodes {
		return
	}
	if w.Placement.Nodes == 0 || w.NodePool != nil { // existing nodes are placed already
		w.Claimed, w.NodePool = &c, nil
		w.Placement = placementOf(chosen)
		w.Placement.NodeLabels, w.Placement.Spot = w.Workspace.NodeLabels(), w.Workspace.Spot()
		w.Notes = append(slices.Clone(w.Notes), c.Note())
	}
	w.Placement.Claimed = c.Label
}

// Stays reports whether the Workspace stays on nodes that KAITO's provisioner made.
func (w *Workload) Stays() bool { return w.Claimed != nil && len(w.Claimed.Names) > 0 }

// keep leaves the pods of a Workspace that was taken over from KAITO alone.
func (w *Workload) keep(near int, earlier *same, seen Observed) {
	if !seen.Live || len(w.Blocked) > 0 {
		return
	}
	if d := keep.Of(w.Name, w.Bundle, seen.State.Workloads[w.Key].Adopted, earlier.kept(near, w.Key)); d != nil {
		w.Bundle, w.Kept = d.Bundle, d
		w.Notes = append(slices.Clone(w.Notes), d.Note())
	}
}

// kept returns what the last call of Desire decided, or nil.
func (s *same) kept(near int, k workspace.Key) *keep.Decision {
	if s.none() {
		return nil
	}
	if at, found := s.find(near, k); found {
		return s.workloads[at].Kept
	}
	return nil
}
