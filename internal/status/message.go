// SPDX-License-Identifier: Apache-2.0

package status

import (
	"cmp"
	"fmt"
	"strings"

	"syncer.dev/syncer/internal/workspace"
)

// Commit holds the values of a status commit's trailers.
type Commit struct {
	Cluster string
	Source  string // hash of the source commit
	Version string // of syncer
}

// maxSubject is the length at which forges cut a commit's subject.
const maxSubject = 72

// Trailers of status commits.
const (
	TrailerCommit  = "Syncer-Commit"  // the commit of the source that the status reports
	TrailerCluster = "Syncer-Cluster" // config: cluster
)

// Message returns the commit message for the transition from one set of Reports to the next.
func Message(c Commit, before, after []Report) string {
	changes := transitionsOf(before, after)
	var b strings.Builder
	b.WriteString(subject(c.Cluster, changes))
	b.WriteString("\n\n")
	for _, ch := range changes {
		fmt.Fprintf(&b, "%s: %s\n", line(ch.key.String()), line(ch.text()))
	}
	if len(changes) > 0 {
		b.WriteString("\n")
	}
	// CI systems look for [skip ci] anywhere in the message; as the value of a trailer it leaves the others readable for
	// git.
	fmt.Fprintf(
		&b,
		TrailerCommit+": %s\n"+TrailerCluster+": %s\nSyncer-Version: %s\nSyncer-CI: [skip ci]\n",
		line(c.Source),
		line(c.Cluster),
		line(c.Version),
	)
	return b.String()
}

// change is one Workspace whose state is another now, or whose last commit is refused or carried out since.
type change struct {
	key      workspace.Key
	from, to State  // "" for not there
	applied  string // "", "not applied" or "applied"
	detail   string
}

func (c change) text() string {
	switch {
	case c.to == "":
		return "removed"
	case c.from == "":
		return string(c.to) + c.detail
	case c.applied != "":
		return fmt.Sprintf("%s, %s%s", c.to, c.applied, c.detail)
	}
	return fmt.Sprintf("%s -> %s%s", c.from, c.to, c.detail)
}

func transitionsOf(before, after []Report) []change {
	old := map[workspace.Key]Report{}
	for _, r := range before {
		old[r.Key] = r
	}
	var out []change
	for _, r := range after {
		c := change{key: r.Key, from: old[r.Key].State, to: r.State}
		if was, is := old[r.Key].NotApplied() != "", r.NotApplied() != ""; c.from == c.to && was != is {
			c.applied = "applied"
			if is {
				c.applied = "not applied"
			}
		}
		if h := r.Headline(); h != "" {
			c.detail = " (" + h + ")"
		}
		if c.from != c.to || c.applied != "" {
			out = append(out, c)
		}
		delete(old, r.Key)
	}
	for _, r := range before {
		if from, gone := old[r.Key]; gone {
			out = append(out, change{key: r.Key, from: from.State})
		}
	}
	return out
}

func subject(cluster string, changes []change) string {
	prefix := fmt.Sprintf("status(%s): ", line(cluster))
	if len(changes) == 0 {
		return prefix + "progress"
	}
	s := prefix
	for i, c := range changes {
		word := line(c.key.Name + " " + cmp.Or(c.applied, string(c.to), "removed"))
		if i > 0 {
			word = ", " + word
		}
		more := ""
		if left := len(changes) - i - 1; left > 0 {
			more = fmt.Sprintf(" and %d more", left)
		}
		if i > 0 && len(s)+len(word)+len(more) > maxSubject {
			return fmt.Sprintf("%s and %d more", s, len(changes)-i)
		}
		s += word
	}
	return s
}

// Urgent reports whether a Workspace has reached a state other than Pending, or is no longer ready. The loop records
// such transitions at once, and collects other progress first.
func Urgent(before, after []Report) bool {
	for _, c := range transitionsOf(before, after) {
		if c.to != Pending || c.from == Ready || c.applied != "" {
			return true
		}
	}
	return false
}
