// SPDX-License-Identifier: Apache-2.0

// Package signin has the ways to sign in to a Git server: files, read at each use, the tokens of a GitHub App, git's
// credential helper, and the keys of an SSH agent.
package signin

// Credential is what to sign in with over https.
type Credential struct {
	Username string // may be empty
	Secret   string
	Bearer   bool // Secret is a bearer token, and not the password of Username
}
