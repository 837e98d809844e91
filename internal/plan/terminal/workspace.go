// SPDX-License-Identifier: Apache-2.0

package terminal

import (
	"cmp"
	"slices"
	"strings"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/plan"
	"syncer.dev/syncer/internal/plan/summary"
)

var serving = map[summary.Serving]string{
	summary.ServingStarts:      "starts",
	summary.ServingContinues:   "continues",
	summary.ServingInterrupted: "stops until the new pods are ready",
	summary.ServingStops:       "stops",
	summary.ServingEnds:        "stops for good",
}

// workspace writes one Workspace that changes, with its pools and objects.
func (t *text) workspace(w *plan.Workspace) {
	t.WriteString("\n" + t.mark(w.Op) + " " + t.in(bold, diag.EscapeText(w.Key.String())))
	t.line("%s", title(w))
	rows := values(w)
	width := 0
	for _, r := range rows {
		width = max(width, len(r.Name))
	}
	for _, r := range rows {
		name := r.Name + strings.Repeat(" ", width-len(r.Name))
		switch {
		case r.Before == "" || r.After == "" && w.Op == plan.Delete:
			t.line("      %s  %s", name, cmp.Or(r.After, r.Before))
		default:
			t.line("      %s  %s -> %s", name, r.Before, cmp.Or(r.After, "none"))
		}
	}
	if w.Unplaced != "" {
		t.sizes(w)
	}
	for _, k := range w.Interrupts {
		t.line("      interrupts %s, of lower priority", k)
	}
	for _, n := range w.Notes {
		t.line("      note: %s", n)
	}
	t.changesOf(t.changes[w.Key])
}

// title is what stands beside the name of a Workspace: what it runs, and at which cost.
func title(w *plan.Workspace) string {
	v := w.After
	if w.Op == plan.Delete {
		v = w.Before
	}
	out := ""
	if name := summary.Title(v); name != "" {
		out = "  " + name
	}
	if v.InstanceType != "" {
		out += " on " + summary.Nodes(v) + ", "
		if !v.HourlyCost.Known {
			return out + "price unknown"
		}
		out += v.HourlyCost.String() + " USD/h, " + summary.Month(v.HourlyCost) + " USD/month"
	}
	return out
}

// values are the values that differ, what becomes of serving, and why it has its pool.
func values(w *plan.Workspace) []summary.Difference {
	rows := summary.Differences(w.Before, w.After)
	if w.Before.InstanceType != "" && w.After.InstanceType != "" && w.Before.HourlyCost != w.After.HourlyCost {
		rows = append(rows, summary.Difference{
			Name: "USD/month", Before: summary.Month(w.Before.HourlyCost), After: summary.Month(w.After.HourlyCost),
		})
	}
	rows = append(rows, summary.Difference{Name: "serving", After: serving[summary.ServingOf(w)]})
	switch {
	case w.Unplaced != "":
		rows = append(rows, summary.Difference{Name: "no place", After: w.Unplaced})
	case w.Held != "":
		rows = append(rows, summary.Difference{Name: "held", After: w.Held})
	case w.Shared:
		rows = append(rows, summary.Difference{Name: "reason", After: "shared pool: " + w.Reason})
	case w.Pool != "":
		rows = append(rows, summary.Difference{Name: "reason", After: w.Reason})
	}
	return slices.DeleteFunc(rows, func(d summary.Difference) bool { return d.Before == d.After })
}

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

// changesOf writes pools and objects, with the fields that differ.
func (t *text) changesOf(all []*plan.Change) {
	for _, group := range summary.Together(all) {
		t.change(group)
	}
}

func (t *text) change(group []*plan.Change) {
	c := group[0]
	names := c.Target
	for _, other := range group[1:] {
		names += ", " + other.Target
	}
	why := summary.Why(c)
	if why != "" {
		why = "  (" + why + ")"
	}
	t.WriteString(strings.Repeat(" ", 5-len(marks[c.Op])) + t.mark(c.Op))
	t.line(" %s%s", names, why)
	for _, f := range c.Texts.Fields() {
		t.line("        %s", f.Path)
		for _, l := range f.Lines {
			color := map[byte]string{'+': green, '-': red}[l[0]]
			t.WriteString("          " + t.in(color, l[:1]+" "+diag.EscapeText(l[1:])) + "\n")
		}
	}
}
