// SPDX-License-Identifier: Apache-2.0

package markdown

import (
	"fmt"
	"slices"
	"strings"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/plan"
	"syncer.dev/syncer/internal/plan/summary"
)

// read takes what a comment says from a plan.
func read(p *plan.Plan, o Options) *comment {
	c := &comment{plan: p, options: o}
	c.blockers = statements(summary.Blockers(p), 0)
	c.cautions = statements(slices.DeleteFunc(summary.Cautions(p), func(s summary.Statement) bool {
		return s.Kind == plan.Deleted // the list of deletions says so
	}), namesOfCaution)
	c.notes = statements(summary.Facts(p), namesOfCaution)
	of, shared := summary.ChangesOf(p)
	for i := range p.Workspaces {
		w := p.Workspaces[i]
		if w.Op == plan.NoOp {
			continue
		}
		changes := of[w.Key]
		if w.Op == plan.Delete {
			c.deletions.items = append(c.deletions.items, item{
				[]string{diag.MarkdownCode(w.Key.String())}, deletion(w, changes),
			})
		} else {
			c.deletes(diag.MarkdownCode(w.Key.String()), changes)
		}
		c.rows = append(c.rows, row(w))
		c.details = append(c.details, detailsOf(w, changes))
	}
	c.deletes("", shared)
	if len(shared) > 0 {
		c.details = append(c.details, newDetails("Objects and pools of no single Workspace", shared))
	}
	return c
}

// deletedHeading is the heading of what is deleted. The list stands for the warnings about it.
func (c *comment) deletedHeading() string {
	if slices.ContainsFunc(c.plan.Findings, func(f plan.Finding) bool {
		return f.Kind == plan.Deleted && f.Verdict == diag.Warn
	}) {
		return "Warning: deleted"
	}
	return "Deleted"
}

// deletion says what goes with a Workspace.
func deletion(w *plan.Workspace, changes []*plan.Change) string {
	var b strings.Builder
	if w.Before.Serves && w.Before.Endpoint != "" {
		b.WriteString("serves at " + diag.MarkdownCode(w.Before.Endpoint) + " now, and **stops for good**. ")
	} else if w.Before.Serves {
		b.WriteString("serves now, and **stops for good**. ")
	}
	if targets := deleted(changes); targets != "" {
		b.WriteString("With it: " + targets)
	}
	return strings.TrimSpace(b.String())
}

// deletes lists what is deleted of a Workspace that stays, or of none.
func (c *comment) deletes(name string, changes []*plan.Change) {
	targets := deleted(changes)
	if targets == "" {
		return
	}
	if name != "" {
		targets = "of " + name + ", which stays: " + targets
	}
	c.deletions.items = append(c.deletions.items, item{rest: targets})
}

// namedTargets is the number of deleted objects that are named for one Workspace.
const namedTargets = 8

// deleted are the names of what is deleted.
func deleted(changes []*plan.Change) string {
	var names []string
	n := 0
	for _, ch := range changes {
		if ch.Op != plan.Delete {
			continue
		}
		if n++; n <= namedTargets {
			names = append(names, diag.MarkdownCode(ch.Target))
		}
	}
	if n > namedTargets {
		names = append(names, fmt.Sprintf("and %s more", plan.Thousands(n-namedTargets)))
	}
	return strings.Join(names, ", ")
}
