// SPDX-License-Identifier: Apache-2.0

package terminal

import (
	"fmt"
	"io"
	"strings"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/plan"
	"syncer.dev/syncer/internal/workspace"
)

// Options say how to write a plan.
type Options struct {
	Color bool
}

// Write writes the plan.
func Write(w io.Writer, p *plan.Plan, o Options) error {
	of, shared := p.ChangesOf()
	t := text{plan: p, painter: painter(o.Color), changes: of}
	t.head()
	same := 0
	for i := range p.Workspaces {
		if p.Workspaces[i].Op == plan.NoOp {
			same++
			continue
		}
		t.workspace(&p.Workspaces[i])
	}
	t.shared(shared)
	t.sum(same)
	t.statements("Blocked:", red, p.Blockers())
	t.statements("Warnings:", yellow, p.Cautions())
	_, err := io.WriteString(w, t.String())
	return err
}

// text is the plan as far as it is written.
type text struct {
	strings.Builder
	painter
	plan    *plan.Plan
	changes map[workspace.Key][]*plan.Change
}

// line writes a line, each argument escaped. The format alone may hold line breaks and colours.
func (t *text) line(format string, args ...any) { diag.Fprintf(t, format+"\n", args...) }

func (t *text) head() {
	v := t.plan.Verdict()
	t.WriteString(t.in(bold, t.in(outcomes[v.Outcome], diag.EscapeText(v.Line))) + "\n")
	t.line("Plan for cluster %s: %s -> %s", t.plan.Cluster, plan.Short(t.plan.Base), plan.Short(t.plan.Head))
}

var marks = map[plan.Op]string{
	plan.Create: "+", plan.Update: "~", plan.Replace: "-/+", plan.Delete: "-", plan.Hold: "!",
}

// mark is the sign of an operation, in its colour.
func (t *text) mark(op plan.Op) string { return t.in(colors[op], marks[op]) }

// shared writes the changes that do not belong to exactly one Workspace.
func (t *text) shared(changes []*plan.Change) {
	if len(changes) > 0 {
		t.line("\nshared")
	}
	t.changesOf(changes)
}

// sum writes what all changes come to.
func (t *text) sum(same int) {
	p := t.plan
	t.WriteString("\n")
	switch {
	case same == 1:
		t.line("1 Workspace does not change.")
	case same > 1:
		t.line("%s Workspaces do not change.", plan.Thousands(same))
	}
	if n := p.Counts(); !p.Empty() {
		t.line("Pools and objects: %d to create, %d to update, %d to replace, %d to delete.",
			n[plan.Create], n[plan.Update], n[plan.Replace], n[plan.Delete])
	} else if p.Verdict().Outcome != plan.NoChanges {
		t.line("Nothing is carried out.")
	}
	if p.Cost.Before != p.Cost.After || p.Cost.After.USD > 0 {
		t.line("Cost: %s.", costs(p.Cost, p.PricesDate))
	}
	for _, s := range p.Shortages() {
		t.line("Quota: %s.", s)
	}
}

// costs is the cost of all pools, of an hour and of a month.
func costs(c plan.CostChange, date string) string {
	out := fmt.Sprintf("%s USD/h, %s USD/month", arrow(c.Before.String(), c.After.String()), arrow(month(c.Before), month(c.After)))
	if c.Before.Known && c.After.Known && c.Before != c.After {
		out += " (" + plan.SignedUSD(c.After.Monthly().USD-c.Before.Monthly().USD) + ")"
	}
	if date != "" {
		out += ", prices of " + date
	}
	return out
}

// arrow is a value before and after; once if it stays.
func arrow(before, after string) string {
	if before == after {
		return after
	}
	return before + " -> " + after
}

// month is the cost of a month in whole US dollars.
func month(hourly capacity.Cost) string {
	if !hourly.Known {
		return "unknown"
	}
	return plan.USD(hourly.Monthly().USD)
}

// shownWorkspaces is the number of Workspaces that a statement names; -o json has all.
const shownWorkspaces = 8

func (t *text) statements(head, color string, all []plan.Statement) {
	if len(all) == 0 {
		return
	}
	t.WriteString("\n" + t.in(color, head) + "\n")
	for _, s := range all {
		of := ""
		for i, k := range s.Workspaces {
			if i == shownWorkspaces {
				of += fmt.Sprintf(" and %s more", plan.Thousands(len(s.Workspaces)-i))
				break
			}
			if i > 0 {
				of += ", "
			}
			of += k.String()
		}
		if of != "" {
			of += ": "
		}
		t.line("  %s%s", of, s.Text)
		if s.Hint != "" {
			t.line("    hint: %s", s.Hint)
		}
	}
}
