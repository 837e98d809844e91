// SPDX-License-Identifier: Apache-2.0

package reviewrecords

import (
	"syncer.dev/syncer/internal/config"
	"syncer.dev/syncer/internal/reconcile"
	"syncer.dev/syncer/internal/reviewed"
)

// Settings says how the loop compares plans with reviews.
func Settings(c config.Config) reconcile.ReviewSettings {
	p := c.Policy.Review
	return reconcile.ReviewSettings{
		Policy: reviewed.Policy{
			Verdict: reviewed.Verdict(p.Verdict), CostTolerance: p.CostTolerance, MaxAge: p.MaxAge,
		},
		Signed: p.Signers != "",
	}
}
