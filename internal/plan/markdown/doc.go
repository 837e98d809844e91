// SPDX-License-Identifier: Apache-2.0

// Package markdown writes a plan as the comment of a pull request, for GitHub, GitLab, Azure DevOps and Gitea.
//
//	### 1 model replaced, serving interrupted, +2,679 USD/month: changes      the whole answer
//	blockers, deletions, what stops serving                                   never folded, never left out
//	| Workspace | change | model | runs on | USD/month | serving |           one row for each that changes
//	warnings
//	<details> old and new values, and the diffs of one Workspace </details>   left out first where a forge takes no more
//
// All text that comes from files is escaped by package diag, so that none of it is markup.
package markdown
