// SPDX-License-Identifier: Apache-2.0

package findings

import (
	"fmt"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/plan"
	"syncer.dev/syncer/internal/workspace"
)

// adapters says which adapters of a server come from a tuning that has not finished, as far as that is known.
func adapters(r *review, s *subject) {
	if s.new == nil || s.new.Inference == nil || r.After == nil {
		return
	}
	for _, a := range s.new.Inference.Adapters {
		if a.Source == nil {
			continue
		}
		for i := range r.After.Workspaces {
			from := &r.After.Workspaces[i]
			if from.Tuning == nil || !writes(from, a.Source, s.new.Namespace) {
				continue
			}
			live, runs := r.Workloads[from.Key]
			text := ""
			switch {
			case runs && live.Complete && live.Inputs == from.Digest:
				continue
			case r.Asked.Cluster && runs && live.Failed:
				text = fmt.Sprintf("adapter %s comes from the tuning %s, which failed", a.Source.Name, from.Key)
			case r.Asked.Cluster:
				text = fmt.Sprintf("adapter %s comes from the tuning %s, which is not done", a.Source.Name, from.Key)
			default:
				text = fmt.Sprintf("adapter %s comes from the tuning %s; whether that is done is unknown",
					a.Source.Name, from.Key)
			}
			if from.Tuning.Output.Image != "" { // syncer knows when it is pushed
				r.tell(s, plan.AdapterNotReady, diag.Off, text+"; nothing of the Workspace changes until it has succeeded", "")
				continue
			}
			r.tell(s, plan.AdapterNotReady, diag.Warn, text, "merge the adapter once the tuning has succeeded")
		}
	}
}

// writes reports whether a tuning writes its result where a server in a namespace reads it.
func writes(w *workspace.Workspace, source *workspace.DataSource, namespace string) bool {
	out := w.Tuning.Output
	switch {
	case out == nil:
		return false
	case out.Image != "":
		return out.Image == source.Image
	}
	claim := claimOf(out.Volume)
	return claim != "" && w.Namespace == namespace && claim == claimOf(source.Volume)
}

// claimOf returns the volume claim that a volume source names, or "".
func claimOf(volume map[string]any) string {
	claim, _ := volume["persistentVolumeClaim"].(map[string]any)
	name, _ := claim["claimName"].(string)
	return name
}
