// SPDX-License-Identifier: Apache-2.0

package markdown

import (
	"fmt"
	"html"
	"slices"
	"strings"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/plan"
	"syncer.dev/syncer/internal/plan/summary"
)

// details are the values and the diffs of one Workspace, folded. The lines of HTML stand alone, between empty ones:
// forges that know no <details> show what it holds.
type details struct {
	summary string // HTML
	values  string
	objects []*object
	leftOut bool
}

// object is one changed pool or object.
type object struct {
	title   string
	diff    string // a block of code; "" for none
	leftOut bool   // the diff is
}

// detailsOf are the details of a Workspace.
func detailsOf(w *plan.Workspace, changes []*plan.Change) *details {
	d := newDetails(w.Key.String(), changes)
	d.values = values(w)
	return d
}

func newDetails(name string, changes []*plan.Change) *details {
	d := &details{summary: "<code>" + html.EscapeString(diag.EscapeText(name)) + "</code>"}
	pools := 0
	for _, c := range changes {
		if c.Pool != nil {
			pools++
		}
	}
	for _, group := range summary.Together(changes) {
		d.objects = append(d.objects, objectsOf(group)...)
	}
	var counts []string
	for _, n := range []struct {
		n    int
		what string
	}{{pools, "pool"}, {len(changes) - pools, "object"}} {
		switch {
		case n.n == 1:
			counts = append(counts, "1 "+n.what)
		case n.n > 1:
			counts = append(counts, plan.Thousands(n.n)+" "+n.what+"s")
		}
	}
	if len(counts) > 0 {
		d.summary += ": " + strings.Join(counts, ", ")
	}
	return d
}

// values is a table of the values that differ, and what else a reviewer reads of the Workspace.
func values(w *plan.Workspace) string {
	var b strings.Builder
	if all := summary.Differences(w.Before, w.After); len(all) > 0 {
		switch w.Op {
		case plan.Create, plan.Delete:
			b.WriteString("| | |\n|---|---|\n")
		default:
			b.WriteString("| | before | after |\n|---|---|---|\n")
		}
		for _, v := range all {
			switch w.Op {
			case plan.Create, plan.Delete:
				fmt.Fprintf(&b, "| %s | %s |\n", text(v.Name), text(v.Before+v.After))
			default:
				fmt.Fprintf(&b, "| %s | %s | %s |\n", text(v.Name), text(v.Before), text(v.After))
			}
		}
		b.WriteString("\n")
	}
	for _, line := range []struct{ name, text string }{
		{"No place", w.Unplaced}, {"Held", w.Held}, {"Pool", pool(w)},
	} {
		if line.text != "" {
			fmt.Fprintf(&b, "- %s: %s\n", line.name, text(line.text))
		}
	}
	for _, k := range w.Interrupts {
		fmt.Fprintf(&b, "- It interrupts %s, of lower priority.\n", diag.MarkdownCode(k.String()))
	}
	for _, n := range w.Notes {
		fmt.Fprintf(&b, "- %s\n", text(n))
	}
	return b.String()
}

// pool says why the Workspace has its pool.
func pool(w *plan.Workspace) string {
	switch {
	case w.Pool == "" || w.Reason == "":
		return ""
	case w.Shared:
		return w.Pool + ", shared with others: " + w.Reason
	}
	return w.Pool + ": " + w.Reason
}

var words = map[plan.Op]string{
	plan.Create: "created", plan.Update: "updated", plan.Replace: "replaced", plan.Delete: "deleted", plan.Hold: "held",
}

// objectsOf are the objects of changes that need only one line: one for all, unless each has its diff.
func objectsOf(group []*plan.Change) []*object {
	if len(group) > 1 && slices.ContainsFunc(group, func(c *plan.Change) bool { return !c.Texts.Empty() }) {
		var out []*object
		for _, c := range group {
			out = append(out, objectsOf([]*plan.Change{c})...)
		}
		return out
	}
	c := group[0]
	var names []string
	for _, c := range group {
		names = append(names, diag.MarkdownCode(c.Target))
	}
	o := &object{title: strings.Join(names, ", ") + ": " + words[c.Op]}
	if why := summary.Why(c); why != "" {
		o.title += ", " + text(why)
	}
	if unified := c.Texts.Unified(); unified != "" {
		o.diff = diag.MarkdownFence("diff", hunks(unified))
	}
	return []*object{o}
}

// hunks is a unified diff without the two lines that name the sides. Every line begins with a sign or a space: GitLab
// takes a line that begins with a slash for a command, even where it is code.
func hunks(diff string) string {
	if at := strings.Index(diff, "\n@@ "); at >= 0 && strings.HasPrefix(diff, "--- ") {
		diff = diff[at+1:]
	}
	var b strings.Builder
	for line := range strings.Lines(diff) {
		if !strings.ContainsRune(`+- @\`, rune(line[0])) {
			b.WriteByte(' ')
		}
		b.WriteString(line)
	}
	return b.String()
}

func (d *details) write(b *strings.Builder) {
	fmt.Fprintf(b, "\n<details>\n<summary>%s</summary>\n\n", d.summary)
	if d.values != "" {
		b.WriteString(d.values + "\n")
	}
	for _, o := range d.objects {
		o.write(b)
	}
	b.WriteString("</details>\n")
}

func (o *object) write(b *strings.Builder) {
	b.WriteString(o.title)
	if o.leftOut {
		b.WriteString(" (diff left out)")
	}
	b.WriteString("\n\n")
	if o.diff != "" && !o.leftOut {
		b.WriteString(o.diff + "\n")
	}
}

// size is the number of bytes that leaving the details out saves.
func (d *details) size() int {
	var b strings.Builder
	d.write(&b)
	return b.Len()
}
