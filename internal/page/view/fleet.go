// SPDX-License-Identifier: Apache-2.0

package view

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/status"
	"syncer.dev/syncer/internal/workspace"
)

// PerPage is the number of Workspaces on a page.
const PerPage = 50

// The orders of the fleet.
const (
	ByAttention = "" // what a person should look at comes first
	ByName      = "name"
	ByCost      = "cost"
	BySince     = "since" // the last change first
)

// Query selects Workspaces of the fleet. The zero value selects all.
type Query struct {
	Text      string // in the name, the namespace, the model, the size, the file or the headline
	Namespace string
	State     status.State
	Sort      string
	Page      int // from 1 on
}

// Sees reports whether a client may see the Workspaces of a namespace.
type Sees func(namespace string) bool

// Fleet is all Workspaces of a cluster, of which a page is shown.
type Fleet struct {
	Totals     Totals
	Namespaces []string
	Query      Query
	Rows       []Row
	Matches    int // of the query
	From, To   int // of Matches, from 1 on
	Pages      int
	Problems   []string // of files that belong to no Workspace
	Warnings   []string // what is held back of no Workspace
}

// Totals sum up the Workspaces that a client may see.
type Totals struct {
	Workspaces int
	States     []Count // all states, the worst first
	Hourly     float64 // US dollars
	Unpriced   int     // Workspaces whose price is unknown
	GPUs       Part    // of the nodes; those that run pods of Workspaces
	Headline   string
}

// Count is the number of Workspaces in a state.
type Count struct {
	State status.State
	N     int
}

// Row is a Workspace in the fleet.
type Row struct {
	workspace.Key
	State      status.State
	Headline   string // what it lacks; "" for nothing
	Model      string
	Size       string
	Nodes      int
	GPUs       int
	Endpoint   string
	Since      time.Time
	Cost       Money
	Commit     string // that is carried out; "" for none
	CommitURL  string
	Desired    string // a commit that is not carried out; "" for none
	DesiredURL string
}

// attention orders the states by how much a person should look.
var attention = []status.State{
	status.Failed, status.NotReady, status.Pending, status.Running, status.Ready, status.Succeeded,
}

// known returns a state, or Pending for one that there is not: reports are read back from a branch that others may
// write.
func known(s status.State) status.State {
	if slices.Contains(attention, s) {
		return s
	}
	return status.Pending
}

// Fleet returns the page of the fleet that a query selects.
func (b *Board) Fleet(q Query, sees Sees) Fleet {
	f := Fleet{Totals: b.totals(sees), Query: q, Namespaces: b.namespaces(sees)}
	found := b.search(q, sees)
	f.Matches = len(found)
	f.Pages = max(1, (len(found)+PerPage-1)/PerPage)
	f.Query.Page = min(max(q.Page, 1), f.Pages)
	from := (f.Query.Page - 1) * PerPage
	to := min(from+PerPage, len(found))
	if to > from {
		f.From, f.To = from+1, to
	}
	for _, r := range found[from:to] {
		f.Rows = append(f.Rows, b.row(r))
	}
	for _, p := range b.facts.Problems {
		if p.Workspace == (workspace.Key{}) && sees("") {
			f.Problems = append(f.Problems, lines(p.String()))
		}
	}
	if sees("") {
		for _, w := range b.facts.Plan.Warnings {
			f.Warnings = append(f.Warnings, lines(w))
		}
	}
	return f
}

// search returns the rows that a query selects, in its order.
func (b *Board) search(q Query, sees Sees) []*row {
	words := strings.Fields(strings.ToLower(q.Text))
	var out []*row
	for i := range b.rows {
		r := &b.rows[i]
		if !sees(r.report.Namespace) || q.Namespace != "" && r.report.Namespace != q.Namespace ||
			q.State != "" && known(r.report.State) != q.State || !r.has(words) {
			continue
		}
		out = append(out, r)
	}
	byName := func(x, y *row) int { return x.report.Key.Compare(y.report.Key) }
	switch q.Sort {
	case ByName: // they are
	case ByCost:
		slices.SortStableFunc(out, func(x, y *row) int { return cmp.Or(cmp.Compare(y.cost.USD, x.cost.USD), byName(x, y)) })
	case BySince:
		slices.SortStableFunc(out, func(x, y *row) int { return cmp.Or(y.since.Compare(x.since), byName(x, y)) })
	default:
		slices.SortStableFunc(out, func(x, y *row) int { return cmp.Compare(x.rank(), y.rank()) })
	}
	return out
}

// rank is the place of the row in the order of attention. A Workspace whose last commit is not carried out comes before
// others of its state.
func (r *row) rank() int {
	rank := 2 * slices.Index(attention, known(r.report.State))
	if r.report.DesiredCommit != "" {
		rank--
	}
	return rank
}

// has reports whether each word is in one of the texts that the search looks at.
func (r *row) has(words []string) bool {
	for _, w := range words {
		found := false
		for _, s := range []string{
			r.report.Name, r.report.Namespace, r.report.Model, r.report.InstanceType, r.report.Source, r.report.Headline(),
		} {
			if found = strings.Contains(strings.ToLower(s), w); found {
				break
			}
		}
		if !found {
			return false
		}
	}
	return true
}

// row returns what is shown of a row.
func (b *Board) row(r *row) Row {
	p := r.report
	out := Row{
		Key:       p.Key,
		State:     known(p.State),
		Model:     text(p.Model),
		Size:      text(p.InstanceType),
		Nodes:     p.TargetNodeCount,
		GPUs:      r.gpus,
		Endpoint:  text(p.Endpoint),
		Since:     r.since,
		Cost:      r.cost,
		Commit:    text(short(p.ObservedCommit)),
		CommitURL: b.facts.Links.Commit(p.ObservedCommit),
	}
	if p.DesiredCommit != "" {
		out.Desired, out.DesiredURL = text(short(p.DesiredCommit)), b.facts.Links.Commit(p.DesiredCommit)
	}
	if lacks(p) {
		out.Headline = text(p.Headline())
	}
	return out
}

// lacks reports whether a Report has something that a person wants to read first.
func lacks(p *status.Report) bool {
	if p.State == status.Running { // WorkspaceSucceeded is False all the while
		return p.NotApplied() != ""
	}
	return slices.ContainsFunc(p.Conditions, func(c status.Condition) bool { return c.Status == "False" })
}

func (b *Board) namespaces(sees Sees) []string {
	all := map[string]bool{}
	for i := range b.rows {
		if n := b.rows[i].report.Namespace; sees(n) {
			all[n] = true
		}
	}
	return slices.Sorted(maps.Keys(all))
}

func (b *Board) totals(sees Sees) Totals {
	t := Totals{}
	counts, held := map[status.State]int{}, 0
	for i := range b.rows {
		r := &b.rows[i]
		if !sees(r.report.Namespace) {
			continue
		}
		t.Workspaces++
		if r.report.DesiredCommit != "" {
			held++
		}
		counts[known(r.report.State)]++
		t.Hourly += r.cost.USD
		if r.cost.Asked && !r.cost.Known {
			t.Unpriced++
		}
		if w, live := b.facts.State.Workloads[r.report.Key]; live {
			t.GPUs.Used += float64(gpusOf(&w))
		}
	}
	if sees("") {
		for _, n := range b.facts.State.Nodes {
			t.GPUs.Of += float64(n.GPUs)
		}
	}
	for _, s := range attention {
		t.States = append(t.States, Count{s, counts[s]})
	}
	t.Headline = headline(t.Workspaces, held, counts)
	return t
}

// gpusOf counts the GPUs of the nodes on which pods of a workload are.
func gpusOf(w *cluster.Workload) int64 {
	var n int64
	for _, p := range w.Pods {
		if p.Node != "" && !p.Ended() {
			n += w.GPUs
		}
	}
	return n
}

// headline says in a sentence how the fleet is. What serves a commit before the desired one is held: ready, and not as
// desired.
func headline(all, held int, counts map[status.State]int) string {
	bad, waits := counts[status.Failed]+counts[status.NotReady], counts[status.Pending]
	switch {
	case all == 0:
		return "There are no Workspaces yet"
	case bad > 0:
		return fmt.Sprintf("%s your attention", share(bad, all, "needs", "need"))
	case waits > 0:
		return fmt.Sprintf("%s on the way", share(waits, all, "is", "are"))
	case held > 0:
		return fmt.Sprintf("%s held back", share(held, all, "is", "are"))
	case all == 1:
		return "The one Workspace is as desired"
	}
	return fmt.Sprintf("All %d Workspaces are as desired", all)
}

func share(n, all int, one, many string) string {
	verb := many
	if n == 1 {
		verb = one
	}
	return fmt.Sprintf("%d of %s %s", n, plural(all, "Workspace"), verb)
}

func plural(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

func short(hash string) string { return hash[:min(len(hash), 7)] }
