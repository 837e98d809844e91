// SPDX-License-Identifier: Apache-2.0

// Package ancestry answers questions about the commits that a set has of a history: where two of them meet, and whether
// one leads to the other.
package ancestry

import (
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/object"

	"syncer.dev/syncer/internal/git/objects"
)

// Meet returns the newest commit in the history of both, or the zero hash. Of several commits that none of the others
// contains, the one with the latest date is taken. sure reports that a commit that is missing from the histories cannot
// change the answer: then all that is missing lies behind a commit of both.
func Meet(set objects.Set, a, b plumbing.Hash) (base plumbing.Hash, sure bool) {
	first, second := ancestors(set, a), ancestors(set, b)
	inBoth := map[plumbing.Hash]*object.Commit{}
	for h, c := range first {
		if second[h] != nil {
			inBoth[h] = c
		}
	}
	whole, settled := true, true
	for _, of := range []map[plumbing.Hash]*object.Commit{first, second} {
		for h, c := range of {
			for _, parent := range c.ParentHashes {
				missing := of[parent] == nil
				whole = whole && !missing
				settled = settled && (!missing || inBoth[h] != nil)
			}
		}
	}
	contained := map[plumbing.Hash]bool{}
	for _, c := range inBoth {
		for _, parent := range c.ParentHashes {
			contained[parent] = true // and all before it, which are parents of commits in both
		}
	}
	var newest *object.Commit
	candidates := 0
	for h, c := range inBoth {
		if contained[h] {
			continue
		}
		candidates++
		later := newest == nil || c.Committer.When.After(newest.Committer.When)
		same := newest != nil && c.Committer.When.Equal(newest.Committer.When)
		if later || same && h.String() < newest.Hash.String() {
			newest, base = c, h
		}
	}
	// Behind a commit that is missing, one of several candidates may contain another.
	return base, whole || settled && candidates == 1
}

// ancestors returns a commit and all before it that the set has.
func ancestors(set objects.Set, tip plumbing.Hash) map[plumbing.Hash]*object.Commit {
	found := map[plumbing.Hash]*object.Commit{}
	for todo := []plumbing.Hash{tip}; len(todo) > 0; {
		h := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if found[h] != nil {
			continue
		}
		c, err := objects.Commit(set, h)
		if err != nil {
			continue
		}
		c.Hash = h
		found[h] = c
		todo = append(todo, c.ParentHashes...)
	}
	return found
}

// Descends reports whether ancestor can be reached from tip through the commits of a set. The set need not have
// ancestor.
func Descends(set objects.Source, tip, ancestor plumbing.Hash) bool {
	return reaches(tip, ancestor, func(h plumbing.Hash) *object.Commit {
		c, err := objects.Commit(set, h)
		if err != nil {
			return nil
		}
		return c
	})
}

// reaches is Descends among the commits that find knows.
func reaches(tip, ancestor plumbing.Hash, find func(plumbing.Hash) *object.Commit) bool {
	seen := map[plumbing.Hash]bool{}
	for next := []plumbing.Hash{tip}; len(next) > 0; {
		h := next[len(next)-1]
		next = next[:len(next)-1]
		if h == ancestor {
			return true
		}
		if seen[h] {
			continue
		}
		seen[h] = true
		if c := find(h); c != nil {
			next = append(next, c.ParentHashes...)
		}
	}
	return false
}
