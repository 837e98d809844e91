// SPDX-License-Identifier: Apache-2.0

package status

import (
	"fmt"
	"slices"
	"strings"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/diag"
)

// overview is what README.md says of the Workspaces.
type overview struct {
	rows  []string
	money bool // one of them has a price
}

// readme is the overview that a forge shows for the folder.
func readme(s Summary, o overview) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n\n", cell(s.Cluster))
	if len(o.rows) == 0 {
		b.WriteString("No Workspaces.\n")
	} else {
		b.WriteString("| Workspace | State | Instance | Nodes | USD/h | USD/month | |\n|---|---|---|---|---|---|---|\n")
	}
	for _, row := range o.rows {
		b.WriteString(row)
	}
	priced := func(p Pool) bool { return p.HourlyCost != "" }
	if s.PricesDate != "" && (o.money || slices.ContainsFunc(s.Pools, priced)) {
		fmt.Fprintf(&b, "\nPrices of %s; a month has %d hours.\n", cell(s.PricesDate), capacity.HoursPerMonth)
	}
	section(&b, "Problems", s.Problems, diag.Diagnostic.String)
	section(&b, "Held changes", s.Warnings, func(w string) string { return w })
	objects := func(which func(Object) bool) []Object {
		return slices.DeleteFunc(slices.Clone(s.Objects), func(o Object) bool { return !which(o) })
	}
	section(&b, "Objects that are refused",
		objects(func(o Object) bool { return !o.Deleting && o.State == "" }), Object.String)
	section(&b, "Objects that are only observed",
		objects(func(o Object) bool { return o.State == ObjectDiffers }), Object.String)
	section(&b, "Objects that are not ready", objects(func(o Object) bool {
		return !o.Deleting && o.State != "" && o.State != ObjectDiffers
	}), Object.String)
	section(&b, "Deletions that do not end", objects(func(o Object) bool { return o.Deleting }), Object.String)
	kept := slices.DeleteFunc(slices.Clone(s.Pools), func(p Pool) bool { return p.NotReleased == "" })
	section(&b, "Pools that are not given back", kept, keptPool)
	return []byte(b.String())
}

// row returns the line of a Report that is clean in the overview.
func row(r Report) string {
	return fmt.Sprintf(
		"| [%s](%s) | %s | %s | %d | %s | %s | %s |\n",
		r.Key, // a name of Kubernetes, as is the path: Files has looked at it
		FileName(r.Key),
		r.State,
		cell(r.InstanceType),
		r.TargetNodeCount,
		cell(r.HourlyCost),
		cell(r.MonthlyCost),
		cell(r.Headline()),
	)
}

// keptPool says why a pool that no Workspace needs is still there, and what it costs.
func keptPool(p Pool) string {
	cost := "price unknown"
	if p.HourlyCost != "" {
		cost = p.HourlyCost + " USD/h, " + p.MonthlyCost + " USD/month"
	}
	since := ""
	if !p.Since.IsZero() {
		since = ", since " + p.Since.UTC().Format("2006-01-02 15:04 UTC")
	}
	return fmt.Sprintf("pool %s, %d x %s, %s%s: %s", p.Name, p.Nodes, p.InstanceType, cost, since, p.NotReleased)
}

// section writes a heading and one line for each item, or nothing when there are none.
func section[T any](b *strings.Builder, title string, items []T, line func(T) string) {
	if len(items) == 0 {
		return
	}
	fmt.Fprintf(b, "\n## %s\n\n", title)
	for _, item := range items {
		fmt.Fprintf(b, "- %s\n", cell(line(item)))
	}
}

// Headline says in one line what a reader wants to know first: what a Workspace lacks, or else what is not as it was
// written.
func (r Report) Headline() string {
	for _, c := range r.Conditions {
		if c.Status == "False" {
			return firstLine(c.Message)
		}
	}
	for _, c := range r.Conditions {
		if c.Type == ResourceReady {
			return firstLine(c.Message)
		}
	}
	return ""
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}
