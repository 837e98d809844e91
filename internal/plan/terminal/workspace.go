// SPDX-License-Identifier: Apache-2.0

package terminal

import (
	"cmp"
	"strings"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/plan"
)

var serving = map[plan.Serving]string{
	plan.ServingStarts:      "starts",
	plan.ServingContinues:   "continues",
	plan.ServingInterrupted: "interrupted until the new pods are ready",
	plan.ServingEnds:        "ends",
}

// workspace writes one Workspace that changes, with its pools and objects.
func (t *text) workspace(w *plan.Workspace) {
	t.line("\n"+t.mark(w.Op)+" "+t.in(bold, "%s")+"%s", w.Key, title(w))
	t.values(w)
	switch {
	case w.Unplaced != "":
		t.line("      no place: %s", w.Unplaced)
		t.sizes(w)
	case w.Shared:
		t.line("      shared pool %s, GPUs %d: %s", w.Pool, w.GPUs, w.Reason)
	case w.Pool != "":
		t.line("      pool %s: %s", w.Pool, w.Reason)
	}
	for _, k := range w.Interrupts {
		t.line("      interrupts %s, of lower priority", k)
	}
	for _, n := range w.Notes {
		t.line("      note: %s", n)
	}
	for _, c := range t.changes[w.Key] {
		if c.OfOne() {
			t.change(c)
		}
	}
}

// title is what stands beside the name of a Workspace: what it runs, and at which cost.
func title(w *plan.Workspace) string {
	v := w.After
	if w.Op == plan.Delete {
		v = w.Before
	}
	out := ""
	if name := v.Title(); name != "" {
		out = "  " + name
	}
	if v.InstanceType != "" {
		out += " on " + plan.Nodes(v) + ", " + v.HourlyCost.Rate()
	}
	return out
}

// values writes the values that differ, in columns.
func (t *text) values(w *plan.Workspace) {
	rows := w.Differences()
	if w.Before.InstanceType != "" && w.After.InstanceType != "" && w.Before.HourlyCost != w.After.HourlyCost {
		rows = append(rows, plan.Difference{
			Name: "USD/month", Before: month(w.Before.HourlyCost), After: month(w.After.HourlyCost),
		})
	}
	if s := t.plan.ServingOf(w); s != plan.NotServing {
		rows = append(rows, plan.Difference{Name: "serving", After: serving[s]})
	}
	width := 0
	for _, r := range rows {
		width = max(width, len(r.Name))
	}
	for _, r := range rows {
		switch {
		case r.Before == "" || w.Op == plan.Delete && r.After == "":
			t.line("      %s  %s", pad(r.Name, width), cmp.Or(r.After, r.Before))
		default:
			t.line("      %s  %s -> %s", pad(r.Name, width), r.Before, cmp.Or(r.After, "none"))
		}
	}
}

func pad(s string, width int) string { return s + strings.Repeat(" ", width-len(s)) }

// shownSizes is the number of sizes that the text has for a Workspace without a place; -o json has all.
const shownSizes = 5

// sizes writes what speaks against the sizes on which the model of a Workspace fits.
func (t *text) sizes(w *plan.Workspace) {
	shown := 0
	seen := map[string]bool{}
	for _, v := range w.Sizes {
		if v.Option.Nodes == 0 || seen[v.SKU.Name] || shown == shownSizes {
			continue
		}
		seen[v.SKU.Name] = true
		shown++
		for _, o := range v.Obstacles {
			t.line("        %s: %s: %s", v.SKU.Name, o.Check, o.Message)
		}
	}
}

// change writes one pool or object.
func (t *text) change(c *plan.Change) {
	if c.Op == plan.NoOp {
		return
	}
	reason := c.Reason
	if reason == "" && c.NotesOnly() {
		reason = "only what syncer notes on it"
	}
	if reason != "" {
		reason = "  (" + reason + ")"
	}
	t.line(strings.Repeat(" ", 5-len(marks[c.Op]))+t.mark(c.Op)+" %s%s", c.Target, reason)
	for _, f := range c.Values {
		t.line("        %s", f.Path)
		for _, l := range f.Lines {
			color := map[byte]string{'+': green, '-': red}[l[0]]
			t.WriteString("          " + t.in(color, l[:1]+" "+diag.EscapeText(l[1:])) + "\n")
		}
	}
}
