// SPDX-License-Identifier: Apache-2.0

// Package message writes the messages of status commits: a subject that names or counts what has changed, a body with
// every transition, and trailers. Pure.
package message

import (
	"cmp"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"syncer.dev/syncer/internal/status"
	"syncer.dev/syncer/internal/workspace"
)

// Commit holds the values of a status commit's trailers, and which files it changes.
type Commit struct {
	Cluster string
	Source  string   // hash of the source commit
	Version string   // of syncer
	Changed []string // paths in the cluster's folder
}

// maxSubject is the length at which forges cut a commit's subject.
const maxSubject = 72

// maxLines is how many Workspaces the body of a status commit names.
const maxLines = 1000

// Trailers of status commits.
const (
	TrailerCommit  = "Syncer-Commit"  // the commit of the source that the status reports
	TrailerCluster = "Syncer-Cluster" // config: cluster
)

// Of returns the commit message for the transition from one set of Reports to the next, each in the order of its keys.
func Of(c Commit, before, after []*status.Report) string {
	changes := transitionsOf(before, after)
	news := len(changes)
	changes = append(changes, progressOf(c.Changed, after, changes)...)
	var b strings.Builder
	b.WriteString(subject(c, changes, news))
	b.WriteString("\n\n")
	for i, ch := range changes {
		if i == maxLines {
			fmt.Fprintf(&b, "and %d more\n", len(changes)-i)
			break
		}
		fmt.Fprintf(&b, "%s: %s\n", status.Line(ch.key.String()), status.Line(ch.text()))
	}
	if len(changes) > 0 {
		b.WriteString("\n")
	}
	// CI systems look for [skip ci] anywhere in the message; as the value of a trailer it leaves the others readable for
	// git.
	fmt.Fprintf(
		&b,
		TrailerCommit+": %s\n"+TrailerCluster+": %s\nSyncer-Version: %s\nSyncer-CI: [skip ci]\n",
		status.Line(c.Source),
		status.Line(c.Cluster),
		status.Line(c.Version),
	)
	return b.String()
}

// change is one Workspace whose state is another now, or whose last commit is refused or carried out since, or whose
// conditions say something else.
type change struct {
	key      workspace.Key
	from, to status.State // "" for not there
	applied  string       // "", "not applied" or "applied"
	reason   string       // of its first condition that is not met; only if from is to
	detail   string
}

func (c change) text() string {
	switch {
	case c.to == "":
		return "removed"
	case c.from == "", c.from == c.to && c.applied == "":
		return string(c.to) + c.detail
	case c.applied != "":
		return fmt.Sprintf("%s, %s%s", c.to, c.applied, c.detail)
	}
	return fmt.Sprintf("%s -> %s%s", c.from, c.to, c.detail)
}

// word says in a word or two what has happened.
func (c change) word() string {
	return status.Line(cmp.Or(c.applied, c.reason, string(c.to), "removed"))
}

func transitionsOf(before, after []*status.Report) []change {
	var out, gone []change
	for was, r := range status.Differences(before, after) {
		if r == nil {
			gone = append(gone, change{key: was.Key, from: was.State})
			continue
		}
		was = cmp.Or(was, &status.Report{})
		c := change{key: r.Key, from: was.State, to: r.State}
		if refused, is := was.NotApplied() != "", r.NotApplied() != ""; c.from == c.to && refused != is {
			c.applied = "applied"
			if is {
				c.applied = "not applied"
			}
		}
		if c.from != c.to || c.applied != "" {
			c.detail = detail(r)
			out = append(out, c)
		}
	}
	return append(out, gone...)
}

// progressOf lists the Workspaces whose files are changed and whose states are not: those of changes are known already.
func progressOf(files []string, after []*status.Report, changes []change) []change {
	known := make(map[workspace.Key]bool, len(changes))
	for _, c := range changes {
		known[c.key] = true
	}
	var at []int
	for _, name := range files {
		key := workspace.Key{Namespace: path.Dir(name), Name: strings.TrimSuffix(path.Base(name), ".yaml")}
		i, found := status.Find(after, key)
		if found && !known[key] && status.FileName(key) == name {
			at = append(at, i)
		}
	}
	slices.Sort(at)
	var out []change
	for _, i := range at {
		r := after[i]
		out = append(out, change{key: r.Key, from: r.State, to: r.State, reason: reason(r), detail: detail(r)})
	}
	return out
}

func detail(r *status.Report) string {
	if h := r.Headline(); h != "" {
		return " (" + h + ")"
	}
	return ""
}

// reason returns the reason of the condition that Headline speaks of.
func reason(r *status.Report) string {
	for _, c := range r.Conditions {
		if c.Status == "False" {
			return c.Reason
		}
	}
	return string(r.State)
}

// subject names what has changed, or counts it if that is too long: first Workspaces with another state, of which there
// are news, then those that say something else, then the other files.
func subject(c Commit, changes []change, news int) string {
	prefix := fmt.Sprintf("status(%s): ", status.Line(c.Cluster))
	switch {
	case news > 0:
		changes = changes[:news]
	case len(changes) == 0:
		return prefix + strings.Join(files(c.Changed), ", ")
	}
	var names []string
	length := len(prefix)
	for _, c := range changes {
		names = append(names, status.Line(c.key.Name+" ")+c.word())
		if length += len(names[len(names)-1]) + len(", "); length > maxSubject+len(", ") {
			break
		}
	}
	if len(changes) == 1 || length <= maxSubject+len(", ") {
		return prefix + strings.Join(names, ", ")
	}
	return prefix + counted(prefix, changes)
}

// counted names the Workspaces that need attention, as far as there is room, and says how many others came to the same,
// the most first.
func counted(prefix string, changes []change) string {
	for named := min(len(changes), maxNamed); named > 0; named-- {
		if text, ok := namedAndCounted(changes, named); ok && len(prefix)+len(text) <= maxSubject {
			return text
		}
	}
	text, _ := namedAndCounted(changes, 0)
	return text
}

// maxNamed is how many Workspaces a subject names in front of the counts.
const maxNamed = 3

// namedAndCounted names so many Workspaces that have failed, or are no longer ready, and counts the others. It is false
// if there are not so many.
func namedAndCounted(changes []change, names int) (string, bool) {
	counts := map[string]int{}
	var out []string
	for _, c := range changes {
		if len(out) < names && (c.to == status.Failed || c.to == status.NotReady) && c.from != c.to {
			out = append(out, status.Line(c.key.Name+" ")+c.word())
			continue
		}
		counts[c.word()]++
	}
	if len(out) < names {
		return "", false
	}
	words := slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), strings.Compare(a, b))
	})
	for _, w := range words[:min(len(words), maxWords)] {
		out = append(out, fmt.Sprintf("%d %s", counts[w], w))
	}
	return strings.Join(out, ", "), true
}

// maxWords is how many outcomes a subject counts; the body has all.
const maxWords = 4

// files names those files that are not of a Workspace.
func files(changed []string) []string {
	var out []string
	for _, f := range []struct{ name, word string }{
		{status.CapacityFile, "capacity"}, {status.ObjectsFile, "objects"}, {status.OverviewFile, "overview"},
	} {
		alone := f.name != status.OverviewFile || len(out) == 0 // the overview follows from the others
		if slices.Contains(changed, f.name) && alone {
			out = append(out, f.word)
		}
	}
	if len(out) == 0 {
		out = append(out, "files")
	}
	return out
}

// Urgent reports whether a Workspace has reached a state other than Pending, or is no longer ready. The loop records
// such transitions at once, and collects other progress first.
func Urgent(before, after []*status.Report) bool {
	for _, c := range transitionsOf(before, after) {
		if c.to != status.Pending || c.from == status.Ready || c.applied != "" {
			return true
		}
	}
	return false
}
