// SPDX-License-Identifier: Apache-2.0

// Package mass recognises plans that delete so many Workspaces at once that it is most likely a mistake: a wrong path,
// a bad merge, a script that has emptied a folder. Such deletions need a word in the message of a commit.
package mass

import (
	"fmt"
	"strconv"
)

// Trailer is that of a commit which allows the deletion of a number of Workspaces.
const Trailer = "Syncer-Allow-Delete"

// Floor is how many Workspaces may always go at once: a repository of a few is edited by hand, and half of it is one or
// two files. It is ours.
const Floor = 3

// Policy says how many Workspaces may go at once. A limit of zero is off.
type Policy struct {
	Count   int // more than so many
	Percent int // more than Floor, and more than this part of all
}

// Deletion is how many Workspaces a plan deletes, of how many that there are, and how many commits allow.
type Deletion struct {
	Policy    Policy
	Gone, All int
	Allowed   int
	// Waits reports that some of them wait to be allowed already: what is added beside them meanwhile does not let them
	// go.
	Waits bool
}

// TooMany reports whether the deletion needs to be allowed.
func (d Deletion) TooMany() bool {
	switch {
	case d.Gone <= Floor:
		return false
	case d.Policy == Policy{}:
		return false
	case d.Waits, d.Policy.Count > 0 && d.Gone > d.Policy.Count:
		return true
	}
	return d.overPercent()
}

func (d Deletion) overPercent() bool {
	return d.Policy.Percent > 0 && d.Gone*100 > d.All*d.Policy.Percent
}

// Held reports whether nothing is deleted, because the deletion needs to be allowed, and is not.
func (d Deletion) Held() bool { return d.TooMany() && d.Allowed < d.Gone }

// String says what is deleted, and which limit that exceeds.
func (d Deletion) String() string {
	limit := fmt.Sprintf("policy.massDeletion.count is %d", d.Policy.Count)
	switch over := d.Policy.Count > 0 && d.Gone > d.Policy.Count; {
	case over:
	case d.overPercent():
		limit = fmt.Sprintf("policy.massDeletion.percent is %d", d.Policy.Percent)
	default:
		limit = "they wait since policy.massDeletion was exceeded"
	}
	return fmt.Sprintf("%d of %d Workspaces would be deleted at once (%s)", d.Gone, d.All, limit)
}

// Hint says how to allow it.
func (d Deletion) Hint() string {
	return fmt.Sprintf("if that is meant, push a commit with the trailer \"%s: %d\"", Trailer, d.Gone)
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
