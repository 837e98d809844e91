// SPDX-License-Identifier: Apache-2.0

package markdown

import (
	"fmt"
	"strings"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/plan"
	"syncer.dev/syncer/internal/plan/summary"
)

var (
	past = map[plan.Op]string{
		plan.Create: "created", plan.Update: "updated", plan.Replace: "replaced", plan.Delete: "**deleted**",
		plan.Hold: "**held**",
	}
	serving = map[summary.Serving]string{
		summary.ServingStarts:      "starts",
		summary.ServingContinues:   "continues",
		summary.ServingInterrupted: "**stops** until its new pods are ready",
		summary.ServingStops:       "**stops**",
		summary.ServingEnds:        "**stops for good**",
	}
)

const heading = `
| Workspace | change | model | runs on | USD/month | serving |
|---|---|---|---|---|---|
`

// table writes the table of Workspaces.
func (c *comment) table(b *strings.Builder) {
	if len(c.rows) > 0 {
		b.WriteString(heading)
	}
	for _, r := range c.rows[:len(c.rows)-c.left.rows] {
		b.WriteString(r)
	}
	if c.left.rows > 0 {
		fmt.Fprintf(b, "| and %s more | | | | | |\n", plan.Thousands(c.left.rows))
	}
	if same := summary.Unchanged(c.plan, diag.MarkdownCode); same != "" {
		b.WriteString("\n" + same + "\n")
	}
}

// row is one Workspace of the table.
func row(w *plan.Workspace) string {
	before, after := w.Before, w.After
	if w.Op == plan.Delete {
		after = plan.Values{}
	}
	change := past[w.Op]
	if len(w.Blocked) > 0 || w.Refused {
		change = "**blocked**"
	}
	return fmt.Sprintf("| %s | %s | %s | %s | %s | %s |\n", diag.MarkdownCode(w.Key.String()), change,
		model(before, after), sides(nodes(before), nodes(after)), cost(w), serving[summary.ServingOf(w)])
}

// model is what a Workspace runs, with what changes of it beside its name.
func model(before, after plan.Values) string {
	out := sides(summary.Title(before), summary.Title(after))
	for _, d := range summary.Differences(before, after) {
		switch d.Name {
		case "task", "revision", "context", "image":
			if d.Before != "" && d.After != "" && (d.Name != "revision" || before.Model == after.Model) {
				out += "; " + text(d.Name+" "+arrow(d.Before, d.After))
			}
		}
	}
	return out
}

// sides is a value before and after; that of the side on which the Workspace exists.
func sides(before, after string) string {
	switch {
	case after == "":
		return text(before)
	case before == "":
		return text(after)
	}
	return text(arrow(before, after))
}

func nodes(v plan.Values) string {
	if v.InstanceType == "" {
		return ""
	}
	out := summary.Nodes(v)
	if v.Spot {
		out += " (spot)"
	}
	return out
}

// cost is that of a month before and after. What does not exist costs nothing.
func cost(w *plan.Workspace) string {
	side := func(v plan.Values) capacity.Cost {
		if summary.Title(v) == "" && v.InstanceType == "" {
			return capacity.Cost{Known: true}
		}
		return v.HourlyCost
	}
	before, after := side(w.Before), side(w.After)
	switch {
	case w.Op == plan.Delete:
		after = capacity.Cost{Known: true}
	case w.After.InstanceType == "" && (w.Unplaced != "" || len(w.Blocked) > 0):
		return "" // it gets no nodes
	}
	return arrow(summary.Month(before), summary.Month(after))
}
