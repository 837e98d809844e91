// SPDX-License-Identifier: Apache-2.0

package desired

import (
	"slices"

	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/desired/references"
	"syncer.dev/syncer/internal/diag"
)

// References lists the external references of Workspaces, each once: see package references. The caller looks them up
// in the cluster, and passes the result to With and to Desire.
func (in Input) References(policy Policy) []cluster.Ref {
	return references.In(in.Set, policy.NodeSource().NodeClass)
}

// SameReferences reports whether References is known to return for later what it returns for in.
func (in Input) SameReferences(later Input, policy Policy) bool {
	return references.Same(in.Set, later.Set, policy.NodeSource().NodeClass)
}

// With returns the Input for a cluster with these objects: it applies the rules of admission again, with these facts,
// and adds the ConfigMaps to the objects. It changes neither in, nor digests, nor the objects that syncer applies.
func (in Input) With(found map[cluster.Ref]cluster.Reference, policy Policy) Input {
	if len(found) == 0 {
		return in
	}
	set, facts := references.Found(found).With(in.Set, policy.Prune)
	env := in.env
	env.Facts = env.Facts.With(facts)
	set.Problems = append(set.Problems, in.readings.resolved.Validate(set, in.Catalog, env)...)
	slices.SortFunc(set.Problems, diag.Diagnostic.Compare)
	set.Problems = slices.Compact(set.Problems)
	in.Set = set
	return in
}

// resolve lists the references that the cluster lacks. It blocks nothing: syncer applies the objects, and their pods
// wait until the references exist.
func (w *Workload) resolve(policy Policy, found references.Found) {
	if len(found) == 0 || len(w.Blocked) > 0 {
		return
	}
	w.Missing = append(w.Missing, found.Missing(w.Workspace, policy.Prune)...)
	ref, _ := policy.NodeSource().NodeClass(w.Workspace)
	if text := found.NoClass(ref); text != "" {
		w.Notes = append([]string{text}, w.Notes...)
	}
}
