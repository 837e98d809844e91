// SPDX-License-Identifier: Apache-2.0

package desired

import (
	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/sizing"
)

// rejected returns the verdicts on the sizes that sizing rejects for a request, without those that no model can use.
func rejected(r sizing.Request) []capacity.Verdict {
	var out []capacity.Verdict
	for _, c := range sizing.Evaluate(r) {
		if !c.Eligible && c.SKU.Unusable() == "" {
			out = append(out, capacity.Verdict{SKU: c.SKU, Obstacles: c.Obstacles})
		}
	}
	return out
}

// rejections returns the sizes that sizing rejects, once.
func (w *Workload) rejections() []capacity.Verdict {
	if w.rejected == nil {
		return nil
	}
	out := w.rejected()
	w.rejected = nil
	return out
}

// considered adds the verdicts of the fleet to those of sizing, in front.
func (w *Workload) considered(options []capacity.Verdict, seen Observed) {
	if len(options) == 0 {
		w.Sizes, w.rejected = nil, nil // it runs, or is one of too many
		return
	}
	for i := range options {
		if !seen.Live {
			options[i].Unknown = append(options[i].Unknown, capacity.CheckAvailability)
		}
	}
	w.Sizes = append(options, w.rejections()...)
}
