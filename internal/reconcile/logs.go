// SPDX-License-Identifier: Apache-2.0

package reconcile

import (
	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/workspace"
)

// The attributes of a line of the log: "commit" of the revision, "workspace" and "reason", as far as it has them.

// about returns the attributes of a line about a Workspace, for a reason.
func about(w workspace.Key, reason string) []any {
	var out []any
	if w != (workspace.Key{}) {
		out = append(out, "workspace", w.String())
	}
	if reason != "" {
		out = append(out, "reason", reason)
	}
	return out
}

// problemAttrs returns the attributes of a line about a problem.
func problemAttrs(d diag.Diagnostic) []any {
	if d.InferenceSet != (diag.Key{}) {
		return append([]any{"inferenceSet", d.InferenceSet.String()}, about(workspace.Key{}, string(d.Reason))...)
	}
	return about(d.Workspace, string(d.Reason))
}
