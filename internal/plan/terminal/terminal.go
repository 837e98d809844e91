// SPDX-License-Identifier: Apache-2.0

package terminal

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/plan"
	"syncer.dev/syncer/internal/plan/summary"
	"syncer.dev/syncer/internal/workspace"
)

// Options say how to write a plan.
type Options struct {
	Color bool
}

// Write writes the plan.
func Write(w io.Writer, p *plan.Plan, o Options) error {
	of, shared := summary.ChangesOf(p)
	t := text{plan: p, painter: painter(o.Color), changes: of}
	t.head()
	for i := range p.Workspaces {
		if p.Workspaces[i].Op != plan.NoOp {
			t.workspace(p.Workspaces[i])
		}
	}
	t.shared(shared)
	t.sum()
	t.statements("Blocked:", red, summary.Blockers(p))
	t.statements("Warnings:", yellow, summary.Cautions(p))
	t.statements("Notes:", "", summary.Facts(p))
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

// line writes a line of text without colours. The format alone may hold line breaks.
func (t *text) line(format string, args ...any) { diag.Fprintf(t, format+"\n", args...) }

func (t *text) head() {
	v := t.plan.Verdict()
	t.WriteString(t.in(bold, t.in(outcomes[v.Outcome], diag.EscapeText(v.Line))) + "\n")
	t.line("Plan for cluster %s: %s -> %s", t.plan.Cluster, summary.Short(t.plan.Base), summary.Short(t.plan.Head))
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
func (t *text) sum() {
	p := t.plan
	t.WriteString("\n")
	if same := summary.Unchanged(p, diag.EscapeText); same != "" {
		t.line("%s", same)
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
	t.quota()
}

// quota says which quotas are short, and that others are unknown. It never says that quota suffices: only Azure knows.
func (t *text) quota() {
	unknown := false
	for _, q := range t.plan.Quota {
		unknown = unknown || !q.Limit.Known
		if q.Limit.Known {
			t.line("Quota: short of %s.", q)
		}
	}
	if unknown || slices.ContainsFunc(t.plan.Findings, func(f plan.Finding) bool { return f.Kind == plan.QuotaUnknown }) {
		t.line("Quota: unknown.")
	}
}

// costs is the cost of all pools, of an hour and of a month.
func costs(c plan.CostChange, date string) string {
	out := arrow(c.Before.String(), c.After.String()) + " USD/h, " +
		arrow(summary.Month(c.Before), summary.Month(c.After)) + " USD/month"
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

// shownWorkspaces is the number of Workspaces that a statement names; -o json has all.
const shownWorkspaces = 8

func (t *text) statements(head, color string, all []summary.Statement) {
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
