// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"cmp"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/desired"
	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/workspace"
)

// sameObject reports whether two objects are equal. Those of one address are, which outlines depend on.
func sameObject(a, b *unstructured.Unstructured) bool { return a == b || reflect.DeepEqual(a.Object, b.Object) }

var marks = map[Op]string{Create: "+", Update: "~", Replace: "-/+", Delete: "-", NoOp: " ", Hold: "!"}

// Text prints the plan for people.
func (p *Plan) Text(w io.Writer) error {
	var b strings.Builder
	diag.Fprintf(&b, "Plan for cluster %s: %s -> %s\n", p.Cluster, shortRev(p.Base), shortRev(p.Head))
	for i := range p.Workspaces {
		p.workspaceText(&b, &p.Workspaces[i])
	}
	p.sharedText(&b)
	p.problemsText(&b)
	n := p.Counts()
	if refused := p.Refused(); refused > 0 {
		diag.Fprintf(&b, "\nRefused or without a place: %d.", refused)
	}
	if p.Empty() {
		b.WriteString("\nNo changes.\n")
	} else {
		diag.Fprintf(&b, "\n%d to create, %d to update, %d to replace, %d to delete.\n",
			n[Create], n[Update], n[Replace], n[Delete])
	}
	if p.Cost.Before != p.Cost.After {
		diag.Fprintf(&b, "Cost: %s -> %s USD/h, %s -> %s USD/month\n",
			p.Cost.Before, p.Cost.After, month(p.Cost.Before), month(p.Cost.After))
	}
	if p.PricesDate != "" && p.showsMoney() {
		diag.Fprintf(&b, "Prices of %s.\n", p.PricesDate)
	}
	for _, s := range p.Shortages() {
		diag.Fprintf(&b, "S%s\n", s[1:])
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// problemsText prints the warnings, and the errors that belong to no Workspace.
func (p *Plan) problemsText(b *strings.Builder) {
	head := "\n"
	line := func(text string) {
		b.WriteString(head)
		diag.Fprintf(b, "%s\n", text)
		head = ""
	}
	for _, text := range p.Warnings {
		line("Warning: " + text)
	}
	for i := range p.Problems {
		if d := &p.Problems[i]; d.Workspace == (workspace.Key{}) || d.Severity == diag.Warning {
			line(d.String())
		}
	}
}

// showsMoney reports whether the text has a price.
func (p *Plan) showsMoney() bool {
	return p.Cost.Before != p.Cost.After ||
		slices.ContainsFunc(p.Workspaces, func(w Workspace) bool { return w.InstanceType != "" && w.HourlyCost.Known })
}

// month is a cost of a month in whole dollars.
func month(hourly capacity.Cost) string {
	if !hourly.Known {
		return "unknown"
	}
	return fmt.Sprintf("%.0f", hourly.Monthly().USD)
}

func (p *Plan) workspaceText(b *strings.Builder, w *Workspace) {
	diag.Fprintf(b, "\n%s %s", marks[w.Op], w.Key)
	if w.InstanceType != "" {
		diag.Fprintf(b, "  %s on %d x %s, %s", w.Preset, w.Nodes, w.InstanceType, w.HourlyCost.Rate())
	}
	b.WriteString("\n")
	if m := modelText(w.Model); m != "" {
		diag.Fprintf(b, "    model %s\n", m)
	}
	switch {
	case w.Unplaced != "":
		diag.Fprintf(b, "    no place: %s\n", w.Unplaced)
		w.sizesText(b)
	case w.Shared:
		diag.Fprintf(b, "    shared pool %s, GPUs %d: %s\n", w.Pool, w.GPUs, w.Reason)
	case w.Pool != "":
		diag.Fprintf(b, "    pool %s: %s\n", w.Pool, w.Reason)
	}
	for _, k := range w.Interrupts {
		diag.Fprintf(b, "    interrupts %s, of lower priority\n", k)
	}
	for _, e := range w.Blocked {
		diag.Fprintf(b, "    %s\n", e)
	}
	for _, n := range w.Notes {
		diag.Fprintf(b, "    note: %s\n", n)
	}
	for i := range p.Changes {
		if c := &p.Changes[i]; c.Workspace == w.Key {
			c.text(b)
		}
	}
}

// modelText says which model runs, where a reviewer has to know: no commit is pinned, or it runs code of its
// repository.
func modelText(m desired.Model) string {
	switch {
	case m.Revision == desired.Unpinned && m.RemoteCode:
		return m.Repo + ": unpinned, runs remote code"
	case m.Revision == desired.Unpinned:
		return m.Repo + ": unpinned"
	case m.RemoteCode && m.Revision == "":
		return m.Repo + ": runs remote code"
	case m.RemoteCode:
		return m.Repo + " at " + shortRev(m.Revision) + ": runs remote code"
	}
	return ""
}

// shownSizes is the number of sizes that the text has for a Workspace without a place; -o json has all.
const shownSizes = 5

// sizesText prints what speaks against the sizes on which the model of a Workspace fits.
func (w *Workspace) sizesText(b *strings.Builder) {
	shown := 0
	seen := map[string]bool{}
	for _, v := range w.Sizes {
		if v.Option.Nodes == 0 || seen[v.SKU.Name] || shown == shownSizes {
			continue
		}
		seen[v.SKU.Name] = true
		shown++
		for _, o := range v.Obstacles {
			diag.Fprintf(b, "      %s: %s: %s\n", v.SKU.Name, o.Check, o.Message)
		}
	}
}

// ofOne reports whether the change belongs to one Workspace.
func (c *Change) ofOne() bool {
	_, set := capacity.SetOf(c.Workspace)
	return c.Workspace != (workspace.Key{}) && !set
}

// sharedText prints the changes that do not belong to exactly one Workspace.
func (p *Plan) sharedText(b *strings.Builder) {
	head := "\n  shared\n"
	for i := range p.Changes {
		c := &p.Changes[i]
		if !c.ofOne() && c.Op != NoOp {
			b.WriteString(head)
			head = ""
			c.text(b)
		}
	}
}

func (c *Change) text(b *strings.Builder) {
	if c.Op == NoOp {
		return
	}
	diag.Fprintf(b, "  %3s %s", marks[c.Op], c.Target)
	if why := cmp.Or(c.Reason, c.Cause.text()); why != "" {
		diag.Fprintf(b, "  (%s)", why)
	}
	b.WriteString("\n")
	for _, f := range c.Fields {
		diag.Fprintf(b, "        %s\n", f)
	}
}

func shortRev(rev string) string {
	if len(rev) == 40 {
		return rev[:12]
	}
	return rev
}
