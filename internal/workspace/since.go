// SPDX-License-Identifier: Apache-2.0

package workspace

import "sync/atomic"

// edition tells the Workspaces of a Set from those of others, and in what they differ from the ones before. The zero
// value knows nothing.
type edition struct {
	number, before uint64
	at             []int      // places that differ from those of the edition before
	first          *Workspace // of Workspaces: a Set with others has been made from this one
}

var editions atomic.Uint64

// Numbered begins editions with the Workspaces of a Set. From now on they must not change.
func (s *Set) Numbered() {
	s.edition = edition{number: editions.Add(1), first: s.first()}
}

// NumberedAfter is Numbered for a Set with the Workspaces of another one, except at these places. The keys are the same
// everywhere.
func (s *Set) NumberedAfter(before *Set, at []int) {
	s.Numbered()
	if before.numbered() {
		s.edition.before, s.edition.at = before.edition.number, at
	}
}

// ChangedSince returns the places at which the Workspaces of s are not those of an earlier Set. At all others they are
// equal in every field; the keys are the same everywhere. ok is false where that is not known.
func (s *Set) ChangedSince(earlier *Set) (at []int, ok bool) {
	switch {
	case s == nil || earlier == nil || !s.numbered() || !earlier.numbered(),
		len(s.Workspaces) != len(earlier.Workspaces):
		return nil, false
	case s.edition.number == earlier.edition.number:
		return nil, true
	}
	return s.edition.at, s.edition.before == earlier.edition.number
}

func (s *Set) numbered() bool { return s.edition.number != 0 && s.edition.first == s.first() }

func (s *Set) first() *Workspace {
	if len(s.Workspaces) == 0 {
		return nil
	}
	return &s.Workspaces[0]
}
