// SPDX-License-Identifier: Apache-2.0

package markdown

import (
	"strings"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/plan"
)

// Options are what a comment has apart from the plan.
type Options struct {
	// Limit is the largest size in bytes, with Marker; 0 for none. See Render for what is left out.
	Limit int
	// Link is the address of the whole plan, for what a comment leaves out; "" for the command that prints it. It is
	// written as it is.
	Link string
	// Marker is the first line, as it is: an HTML comment by which the comment is found again; "" for none.
	Marker string
}

// Render returns the plan as Markdown that ends with a line break. Where it is larger than the limit, the diffs of
// whole objects are left out first, the largest before the others, then the details of whole Workspaces, then rows of
// the table; and the text says so. The headline, what blocks the change and what is deleted always stay.
func Render(p plan.Plan, o Options) string {
	var b strings.Builder
	if o.Marker != "" {
		b.WriteString(o.Marker + "\n")
	}
	b.WriteString("### " + diag.EscapeMarkdown(p.Verdict().Line) + "\n")
	return b.String()
}
