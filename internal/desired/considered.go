// SPDX-License-Identifier: Apache-2.0

package desired

import (
	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/sizing"
	"syncer.dev/syncer/internal/workspace"
)

// rejections returns the sizes that sizing rejects, once, if they are asked for.
func (w *Workload) rejections(set *workspace.Set, policy Policy) []capacity.Verdict {
	if !w.explains {
		return nil
	}
	w.explains = false
	p, _ := policy.preset(w.Workspace.PresetName())
	return sizing.Rejected(RequestFor(w.Workspace, set, p, policy))
}

// considered adds the verdicts of the fleet to those of sizing, in front.
func (w *Workload) considered(options []capacity.Verdict, set *workspace.Set, policy Policy, seen Observed) {
	if len(options) == 0 {
		w.Sizes, w.explains = nil, false // it runs, or is one of too many
		return
	}
	for i := range options {
		if !seen.Live {
			options[i].Unknown = append(options[i].Unknown, capacity.CheckAvailability)
		}
	}
	w.Sizes = append(options, w.rejections(set, policy)...)
}
