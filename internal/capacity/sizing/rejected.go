// SPDX-License-Identifier: Apache-2.0

package sizing

import "syncer.dev/syncer/internal/capacity"

// Rejected returns the verdicts on the sizes that do not suit a request, without those that no model can use.
func Rejected(r Request) []capacity.Verdict {
	var out []capacity.Verdict
	for _, c := range Evaluate(r) {
		if !c.Eligible && c.SKU.Unusable() == "" {
			out = append(out, capacity.Verdict{SKU: c.SKU, Obstacles: c.Obstacles})
		}
	}
	return out
}
