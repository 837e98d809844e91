// SPDX-License-Identifier: Apache-2.0

package render

import (
	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/render/overlay"
	"syncer.dev/syncer/internal/workspace"
)

// Own returns the objects that the built-in presets make for a Workspace alone, without their API versions. It needs no
// preset and no placement, so that it knows them also for a Workspace that is not rendered.
func Own(w *workspace.Workspace) []cluster.Ref {
	ref := func(group, kind, name string) cluster.Ref {
		return cluster.Ref{Group: group, Kind: kind, Namespace: w.Namespace, Name: name}
	}
	if w.Tuning != nil {
		return []cluster.Ref{ref("batch", "Job", w.Name)}
	}
	return []cluster.Ref{
		ref("apps", "StatefulSet", w.Name), ref("", "Service", w.Name), ref("", "Service", overlay.Headless(w.Name)),
	}
}

// SameOwn reports whether Own lists the same for two Workspaces.
func SameOwn(a, b *workspace.Workspace) bool {
	return a.Key == b.Key && (a.Tuning == nil) == (b.Tuning == nil)
}
