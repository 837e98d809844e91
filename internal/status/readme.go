// SPDX-License-Identifier: Apache-2.0

package status

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/weblink"
)

// overview is what README.md says of the Workspaces.
type overview struct {
	shown   []shown // also those that are bad
	links   weblink.Links
	count   int
	states  [len(counted)]int
	hourly  float64 // US dollars
	priced  int     // Workspaces with a price
	unknown int     // Workspaces whose price is unknown
}

// counted are the states in the order of the totals.
var counted = [...]struct {
	state State
	word  string
}{
	{Ready, "ready"},
	{Failed, "failed"},
	{NotReady, "not ready"},
	{Pending, "waiting"},
	{Running, "running"},
	{Succeeded, "succeeded"},
}

// price says whether a Workspace has a price.
type price uint8

const (
	unpriced     price = iota // nodes that syncer does not buy, or none
	priceKnown                // in US dollars
	priceUnknown              // of a size or a region that the list lacks
)

func priceOf(hourly string) (float64, price) {
	usd, err := strconv.ParseFloat(hourly, 64)
	switch {
	case hourly == "":
		return 0, unpriced
	case err != nil || usd < 0 || math.IsNaN(usd) || math.IsInf(usd, 0):
		return 0, priceUnknown
	}
	return usd, priceKnown
}

func (o *overview) add(s *shown) {
	o.count++
	for i := range counted {
		if counted[i].state == s.state {
			o.states[i]++
			break
		}
	}
	o.hourly += s.cost
	switch s.priced {
	case priceKnown:
		o.priced++
	case priceUnknown:
		o.unknown++
	}
}

// maxRows is how many Workspaces README.md lists: forges show no more than some 500 KB of Markdown.
const maxRows = 500

// lists reports whether README.md has a row for a Workspace: it has one for each, or of a large fleet for those that a
// person may have to look at.
func (o *overview) lists(s *shown) bool {
	switch {
	case s.bad:
		return false
	case o.count <= maxRows:
		return true
	}
	return s.state == Failed || s.state == NotReady || s.state == Pending || s.report.DesiredCommit != ""
}

// rows writes the rows that README.md has, and returns their number. It keeps them, and no others.
func (o *overview) rows(b *strings.Builder) int {
	n := 0
	for i := range o.shown {
		s := &o.shown[i]
		switch {
		case n == maxRows || !o.lists(s):
			if s.row != "" {
				s.row = ""
			}
			continue
		case s.row == "":
			s.row = row(s.report.clean(), o.links)
		}
		b.WriteString(s.row)
		n++
	}
	return n
}

// totals sums the Workspaces up in one line, without text from files: the README of the branch repeats it.
func (o *overview) totals() string {
	if o.count == 0 {
		return "No Workspaces."
	}
	parts := []string{fmt.Sprintf("%d of %d ready", o.states[0], o.count)}
	for i, n := range o.states {
		if i > 0 && n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, counted[i].word))
		}
	}
	if o.priced > 0 {
		parts = append(parts, fmt.Sprintf("%.0f USD/month", o.hourly*capacity.HoursPerMonth))
	}
	if o.unknown > 0 {
		parts = append(parts, fmt.Sprintf("%d of unknown price", o.unknown))
	}
	return "**" + strings.Join(parts, ", ") + "**"
}

// readme is the overview that a forge shows for the folder.
func readme(s Summary, o *overview) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n\n%s\n\n", cell(s.Cluster), o.totals())
	b.WriteString("This is what syncer has found out about the Workspaces of the cluster. Each has a file here that " +
		"says more. syncer writes these files, and overwrites changes to them.\n")
	if o.count > 0 {
		b.WriteString("\n| Workspace | State | Model | Size | Endpoint | USD/month | Since | File | Commit | |\n" +
			"|---|---|---|---|---|--:|---|---|---|---|\n")
	}
	if more := o.count - o.rows(&b); more > 0 {
		fmt.Fprintf(&b, "\n%d more are not listed, because nothing is wrong with them or there is no room; each has a file "+
			"here.\n", more)
	}
	priced := func(p Pool) bool { return p.HourlyCost != "" }
	if s.PricesDate != "" && (o.priced > 0 || slices.ContainsFunc(s.Pools, priced)) {
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
	waiting := objects(func(o Object) bool { return o.State == ObjectWaits }) // they say the same
	section(&b, "Objects whose deletion waits to be allowed", waiting[:min(len(waiting), maxWaiting)], Object.String)
	if more := len(waiting) - maxWaiting; more > 0 {
		fmt.Fprintf(&b, "\n%d more wait.\n", more)
	}
	section(&b, "Objects that are not ready", objects(func(o Object) bool {
		return !o.Deleting && o.State != "" && o.State != ObjectDiffers && o.State != ObjectWaits
	}), Object.String)
	section(&b, "Deletions that do not end", objects(func(o Object) bool { return o.Deleting }), Object.String)
	kept := slices.DeleteFunc(slices.Clone(s.Pools), func(p Pool) bool { return p.NotReleased == "" })
	section(&b, "Pools that are not given back", kept, keptPool)
	return []byte(b.String())
}

// row returns the line of a Report that is clean in the overview.
func row(r Report, links weblink.Links) string {
	size := cell(r.InstanceType)
	if size != "" && r.TargetNodeCount > 0 {
		size = fmt.Sprintf("%d x %s", r.TargetNodeCount, size)
	}
	since := ""
	if at := r.Since(); !at.IsZero() {
		since = at.UTC().Format("2006-01-02 15:04")
	}
	commit := link(cell(short(r.ObservedCommit)), links.Commit(r.ObservedCommit))
	if r.DesiredCommit != "" {
		commit = strings.TrimSpace(commit + " not " + link(cell(short(r.DesiredCommit)), links.Commit(r.DesiredCommit)))
	}
	return fmt.Sprintf(
		"| [%s](%s) | %s | %s | %s | %s | %s | %s | %s | %s | %s |\n",
		r.Key, // a name of Kubernetes, as is the path: Files has looked at it
		FileName(r.Key),
		r.State,
		cell(r.Model),
		size,
		cell(r.Endpoint),
		cell(r.MonthlyCost),
		since,
		link(cell(r.Source), links.File(cmp.Or(r.DesiredCommit, r.ObservedCommit), r.Source)),
		commit,
		cell(r.Headline()),
	)
}

// link returns a text that is escaped as a link; the text alone without an address.
func link(text, address string) string {
	if text == "" || address == "" {
		return text
	}
	return "[" + text + "](" + address + ")"
}

// Since returns since when a Workspace is in its state: the last change of the condition that decides on it.
func (r *Report) Since() time.Time {
	var at time.Time
	for _, c := range r.Conditions {
		switch {
		case r.State == Ready && c.Type == InferenceReady,
			(r.State == Running || r.State == Succeeded) && c.Type == JobStarted:
			return c.LastTransitionTime
		case c.Status == "False" && at.IsZero():
			at = c.LastTransitionTime
		}
	}
	if at.IsZero() {
		return r.FirstSeen
	}
	return at
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
// maxWaiting is how many objects the overview names whose deletion waits. The files of objects name all.
const maxWaiting = 10

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
