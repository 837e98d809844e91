// SPDX-License-Identifier: Apache-2.0

// Package locked finds the Workspaces that name an encrypted Secret which no key opens.
package locked

import (
	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/workspace"
)

// In returns the encrypted Secrets that no key opens, with the reason.
func In(set *workspace.Set) map[workspace.Named]string {
	unknown := map[workspace.Named]string{}
	for _, o := range set.Objects {
		if o.Encrypted != nil && o.Encrypted.Unknown != "" {
			unknown[o.InCluster()] = o.Encrypted.Unknown
		}
	}
	return unknown
}

// Errors blocks a Workspace that names an encrypted Secret which no key opens: its pods would wait for the Secret,
// or run with values that the repository has replaced.
func Errors(unknown map[workspace.Named]string, w *workspace.Workspace) []diag.Diagnostic {
	if len(unknown) == 0 {
		return nil
	}
	var out []diag.Diagnostic
	for _, r := range w.References() {
		if why, ok := unknown[r.Named]; ok {
			d := diag.Errorf(diag.EncryptedSecret, "Secret %s/%s is encrypted, and unknown: %s", r.Namespace, r.Name, why).
				On(w.Written(r.Field)).
				Placed(w.At(r.Field)).
				Suggest("syncer changes nothing for the Workspace until it has a key that opens the Secret")
			out = append(out, d.For(w.Key))
		}
	}
	return out
}
