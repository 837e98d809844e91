// SPDX-License-Identifier: Apache-2.0

package desired

import (
	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/plan/mass"
)

// ChangePolicy is what the configuration says about changes to what runs (section policy). An empty verdict is Off.
type ChangePolicy struct {
	Deletion     diag.Verdict // of a serving Workspace
	Interruption diag.Verdict // of a serving Workspace
	UnknownQuota diag.Verdict // new nodes of a size whose quota is unknown
	// UnpinnedRevision is for the words of a review; admission applies it.
	UnpinnedRevision diag.Verdict
	// CostDelta is about a change that makes all pools together dearer by more than MaxDelta, in US dollars per hour.
	CostDelta diag.Verdict
	MaxDelta  float64
	// Mass is how many Workspaces one change may delete without a word of its author.
	Mass mass.Policy
}
