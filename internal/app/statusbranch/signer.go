// SPDX-License-Identifier: Apache-2.0

package statusbranch

import (
	"syncer.dev/syncer/internal/config"
	"syncer.dev/syncer/internal/git"
	"syncer.dev/syncer/internal/git/signature"
)

// Signer returns what signs status commits, or nil.
func Signer(c config.Config) git.Signer {
	s := c.Status.Signing
	if s.KeyFile == "" {
		return nil
	}
	signer := signature.Signer{KeyFile: s.KeyFile}
	if secret := (git.Secret{File: s.PassphraseFile, Env: s.PassphraseEnv}); secret != (git.Secret{}) {
		signer.Passphrase = secret.Read
	}
	return signer
}
