// SPDX-License-Identifier: Apache-2.0

package kustomize

import "syncer.dev/syncer/internal/diag"

// refuse returns the diagnostic of a kustomization that Check does not allow: it could reach outside the repository, or
// is too large or malformed. The path is relative to the tree.
func refuse(path string, reason diag.Reason, format string, args ...any) diag.Diagnostic {
	return diag.Errorf(reason, format, args...).In(path)
}
