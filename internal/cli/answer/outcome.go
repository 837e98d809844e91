// SPDX-License-Identifier: Apache-2.0

package answer

import (
	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/reconcile"
	"syncer.dev/syncer/internal/workspace"
)

// Done is the error of the last outcome of a loop, or the answer "no" if a Workspace, its last commit, or a whole file
// has failed.
func Done(last reconcile.Outcome) error {
	if last.Err != nil {
		return last.Err
	}
	failed := 0
	for _, r := range last.Reports {
		if r.Failing() {
			failed++
		}
	}
	for _, p := range last.Problems {
		if p.Severity == diag.Error && p.Workspace == (workspace.Key{}) {
			failed++
		}
	}
	if failed > 0 {
		return No("%d of %s failed", failed, Plural(len(last.Reports), "Workspace"))
	}
	return nil
}
