// SPDX-License-Identifier: Apache-2.0

// Package mass recognises plans that delete so much at once that it is most likely a mistake: a wrong path, a bad
// merge, a script that has emptied a folder. Such deletions need a word in the message of a commit.
//
// Workspaces and plain objects of the repository are judged apart, by the same limits. Counted together, the many
// ConfigMaps of a repository would hide that all its Workspaces go, or the objects of a few Workspaces would hold them.
package mass

import (
	"fmt"
	"strconv"
	"strings"
)

// Trailer is that of a commit which allows a number of deletions.
const Trailer = "Syncer-Allow-Delete"

// Floor is how many Workspaces, and how many plain objects, may always go at once: a repository of a few is edited by
// hand, and half of it is one or two files. It is ours.
const Floor = 3

// Policy says how many Workspaces may go at once, and how many plain objects. A limit of zero is off.
type Policy struct {
	Count   int // more than so many
	Percent int // more than Floor, and more than this part of all
}

// Part is how many of one kind of thing a plan deletes, of how many that there are.
type Part struct {
	Gone, All int
	// Waits reports that some of them wait to be allowed already: what is added beside them meanwhile does not let them
	// go.
	Waits bool
}

// Deletion is what a plan deletes, and how many deletions commits allow.
type Deletion struct {
	Policy     Policy
	Workspaces Part
	Objects    Part // plain objects of the repository
	Allowed    int
}

// TooMany reports whether so many of them need to be allowed.
func (p Policy) TooMany(n Part) bool {
	switch {
	case n.Gone <= Floor:
		return false
	case p == Policy{}:
		return false
	case n.Waits, p.overCount(n):
		return true
	}
	return p.overPercent(n)
}

func (p Policy) overCount(n Part) bool { return p.Count > 0 && n.Gone > p.Count }

func (p Policy) overPercent(n Part) bool { return p.Percent > 0 && n.Gone*100 > n.All*p.Percent }

// limit says which limit so many exceed.
func (p Policy) limit(n Part) string {
	switch {
	case p.overCount(n):
		return fmt.Sprintf("policy.massDeletion.count is %d", p.Count)
	case p.overPercent(n):
		return fmt.Sprintf("policy.massDeletion.percent is %d", p.Percent)
	}
	return "they wait since policy.massDeletion was exceeded"
}

// Any reports whether the plan deletes anything that counts.
func (d Deletion) Any() bool { return d.Workspaces.Gone+d.Objects.Gone > 0 }

// TooManyWorkspaces reports whether the deletion of the Workspaces needs to be allowed.
func (d Deletion) TooManyWorkspaces() bool { return d.Policy.TooMany(d.Workspaces) }

// TooManyObjects reports whether the deletion of the plain objects needs to be allowed.
func (d Deletion) TooManyObjects() bool { return d.Policy.TooMany(d.Objects) }

// TooMany reports whether the deletion needs to be allowed.
func (d Deletion) TooMany() bool { return d.TooManyWorkspaces() || d.TooManyObjects() }

// Needs is how many deletions commits must allow. What is within the limits needs no word, and does not count.
func (d Deletion) Needs() int {
	n := 0
	if d.TooManyWorkspaces() {
		n += d.Workspaces.Gone
	}
	if d.TooManyObjects() {
		n += d.Objects.Gone
	}
	return n
}

// Held reports whether what is too much is not deleted, because it is not allowed.
func (d Deletion) Held() bool { return d.Allowed < d.Needs() }

// String says what is deleted, and which limit that exceeds.
func (d Deletion) String() string {
	var out []string
	if d.TooManyWorkspaces() {
		out = append(out, fmt.Sprintf("%d of %d Workspaces would be deleted at once (%s)",
			d.Workspaces.Gone, d.Workspaces.All, d.Policy.limit(d.Workspaces)))
	}
	if d.TooManyObjects() {
		out = append(out, fmt.Sprintf("%d of %d plain objects would be deleted at once (%s)",
			d.Objects.Gone, d.Objects.All, d.Policy.limit(d.Objects)))
	}
	return strings.Join(out, ", and ")
}

// Hint says how to allow it.
func (d Deletion) Hint() string {
	sum := ""
	if d.TooManyWorkspaces() && d.TooManyObjects() {
		sum = fmt.Sprintf(", which is %d Workspaces and %d plain objects", d.Workspaces.Gone, d.Objects.Gone)
	}
	return fmt.Sprintf("if that is meant, push a commit with the trailer \"%s: %d\"%s", Trailer, d.Needs(), sum)
}

// Allowed returns the greatest number that trailers of this name allow. Values that are no number allow nothing.
func Allowed(values []string) int {
	most := 0
	for _, v := range values {
		if n, err := strconv.Atoi(v); err == nil {
			most = max(most, n)
		}
	}
	return most
}
