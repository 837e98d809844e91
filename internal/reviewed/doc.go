// SPDX-License-Identifier: Apache-2.0

// Package reviewed remembers what reviewers were shown of a Workspace, and says whether a plan is worse than that.
//
// A Record is a file on the status branch. Its name is the digest of the Workspace's own inputs, so that squash,
// rebase and merges of other changes in between do not matter.
package reviewed
