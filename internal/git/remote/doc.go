// SPDX-License-Identifier: Apache-2.0

// Package remote speaks to the server of a Git repository: over HTTP, SSH, or with a git process on this machine. It
// signs in, lists refs, receives objects and pushes them, each in a session that ends with its context.
//
//	r, err := remote.New(remote.Options{URL: "https://example.com/team/models.git", ...})
//	up, err := r.OpenUpload(ctx)                              // lists the refs
//	set, err := up.Receive(ctx, remote.Want{Tips: tips, Depth: 1})
//
// It keeps nothing of the repository. What the server says is hostile input: errors show it without secrets, on one
// line and cut.
package remote
