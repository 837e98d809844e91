// SPDX-License-Identifier: Apache-2.0

// Package source reads the desired state: it turns a revision, a folder, a file or standard input into Workspaces,
// presets and policy.
//
// All commands find the root of the repository, its configuration and its presets through this package.
package source
