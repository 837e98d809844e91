// SPDX-License-Identifier: Apache-2.0

// Package review says on a pull request what merging it would do: one comment for each cluster, which is edited in
// place, and a commit status. After the merge it follows the commit until its Workspaces are ready or have failed.
//
//	list ─> due? ─> status pending ─> Plan ─> head unmoved? ─> comment ─> record ─> status
//	         a new head, a new tip of the target, new facts, or a retry
//	Progress ─> status of each commit that is carried out, and the deployment of each Workspace
//
// A [Reviewer] needs no state of its own: another process on the same repository says the same, and writes nothing
// where the forge shows it already. What a forge shows is never read back as truth. What reviewers were shown is kept
// in files on the status branch; see package reviewed.
package review
