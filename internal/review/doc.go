// SPDX-License-Identifier: Apache-2.0

// Package review says on a pull request what merging it would do: one comment for each cluster, which is edited in
// place, and a commit status. After the merge it follows the commit until its Workspaces are ready or have failed.
//
// What a forge shows is never read back as truth. What reviewers were shown is kept in files on the status branch; see
// package reviewed.
package review
