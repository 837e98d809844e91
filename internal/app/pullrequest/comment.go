// SPDX-License-Identifier: Apache-2.0

package pullrequest

import (
	"syncer.dev/syncer/internal/plan"
	"syncer.dev/syncer/internal/plan/markdown"
	"syncer.dev/syncer/internal/review"
)

// renderComment writes a plan for a pull request. The comment links nothing: what it leaves out is a command away.
func renderComment(p plan.Plan, _ review.PullRequest, limit int) string {
	return markdown.Render(p, markdown.Options{Limit: limit})
}
