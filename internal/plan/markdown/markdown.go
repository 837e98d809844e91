// SPDX-License-Identifier: Apache-2.0

package markdown

import (
	"strings"

	"syncer.dev/syncer/internal/plan"
)

// Options are what a comment has apart from the plan.
type Options struct {
	// Limit is the largest size in bytes, with Marker; 0 for none. See Render for what is left out.
	Limit int
	// Link is the http or https address of the whole plan, for what a comment leaves out; "" for the command that prints
	// it.
	Link string
	// Marker is the first line, as it is: an HTML comment by which the comment is found again; "" for none.
	Marker string
}

// Render returns the plan as Markdown that ends with a line break. Where it is larger than the limit, the diffs of
// whole objects are left out first, the largest before the others, then the details of whole Workspaces, then notes,
// warnings and rows of the table from the end; and the text says so. The headline, what blocks the change and what is
// deleted stay: if need be without reasons, and at the very last as the first names and the number of the others. A
// limit below a few thousand bytes may be exceeded.
func Render(p plan.Plan, o Options) string {
	c := read(&p, o)
	text := c.String()
	if o.Limit <= 0 {
		return text
	}
	for _, leaveOut := range []func(excess int) bool{
		c.leaveOutDiff, c.leaveOutDetails, c.leaveOutNote, c.leaveOutCaution, c.leaveOutRow, c.leaveOutReason, c.leaveOutName,
	} {
		for len(text) > o.Limit && leaveOut(len(text)-o.Limit) {
			text = c.String()
		}
	}
	return text
}

// comment is the content of a comment, and what of it is left out.
type comment struct {
	plan    *plan.Plan
	options Options

	blockers  list
	deletions list
	cautions  list
	notes     list
	rows      []string // of the table, by Workspace
	details   []*details

	// left counts what is left out.
	left struct{ diffs, details, rows int }
}

// String returns the comment without what is left out.
func (c *comment) String() string {
	var b strings.Builder
	if c.options.Marker != "" {
		b.WriteString(c.options.Marker + "\n")
	}
	c.head(&b)
	c.blockers.write(&b, "Blocked")
	c.deletions.write(&b, c.deletedHeading())
	c.table(&b)
	c.cautions.write(&b, "Warnings")
	c.notes.write(&b, "Notes")
	c.leftOut(&b)
	for _, d := range c.details {
		if !d.leftOut {
			d.write(&b)
		}
	}
	return b.String()
}
