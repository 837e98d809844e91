// SPDX-License-Identifier: Apache-2.0

package app

import (
	"fmt"
	"strings"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/plan"
	"syncer.dev/syncer/internal/review"
)

// renderComment writes a plan for a pull request.
func renderComment(p plan.Plan, pr review.PullRequest, limit int) string {
	var text strings.Builder
	_ = p.Text(&text)
	head := fmt.Sprintf("### %s: %s\n\n", diag.EscapeMarkdown(p.Cluster), diag.EscapeMarkdown(p.Verdict().Line))
	return head + "```\n" + strings.ReplaceAll(text.String(), "```", "` ` `") + "\n```\n"
}
