// SPDX-License-Identifier: Apache-2.0

package workspace

import "syncer.dev/syncer/internal/diag"

// Problem returns a Diagnostic about a field of the Workspace, at the place where the field is written.
func (w *Workspace) Problem(
	severity diag.Severity, reason diag.Reason, field, message, hint string,
) diag.Diagnostic {
	return w.About(diag.Diagnostic{
		Severity: severity,
		Reason:   reason,
		Position: w.At(field),
		Field:    w.Written(field),
		Message:  message,
		Hint:     hint,
	})
}

// About returns a Diagnostic as one about the Workspace, or about its InferenceSet if it is a replica.
func (w *Workspace) About(d diag.Diagnostic) diag.Diagnostic {
	d.Workspace = w.Key
	if w.InferenceSet != "" {
		d.Workspace, d.InferenceSet = Key{}, Key{Namespace: w.Namespace, Name: w.InferenceSet}
	}
	return d
}
