// SPDX-License-Identifier: Apache-2.0

package edit

import (
	"fmt"
	"slices"
	"sort"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
	"github.com/go-git/go-git/v5/plumbing/object"

	"syncer.dev/syncer/internal/git/objects"
)

// entry is one of a tree, decoded.
type entry struct {
	name string
	mode filemode.FileMode
	hash plumbing.Hash
}

func (e entry) folder() bool { return e.mode == filemode.Dir }

func (e entry) append(tree []byte) []byte {
	return append(fmt.Appendf(tree, "%o %s\x00", uint32(e.mode), e.name), e.hash[:]...)
}

// splice is a tree, and what of it goes and comes. Its entries are in their order.
type splice struct {
	before  []byte
	dropped [][]byte // parts of it, in its order
	added   []entry
}

func (s *splice) drop(e objects.Entry) { s.dropped = append(s.dropped, e.Raw) }
func (s *splice) add(e entry)          { s.added = append(s.added, e) }

// addFolder adds a folder, unless nothing is in it: Git keeps no empty folders.
func (s *splice) addFolder(name string, tree plumbing.Hash) {
	if !tree.IsZero() {
		s.add(entry{name, filemode.Dir, tree})
	}
}

func (s *splice) changes() bool { return len(s.dropped)+len(s.added) > 0 }

// tree returns the tree that it makes.
func (s *splice) tree() []byte {
	if !s.changes() {
		return s.before
	}
	slices.SortFunc(s.added, func(a, b entry) int {
		return objects.ComparePlaces(a.name, a.folder(), b.name, b.folder())
	})
	size := len(s.before)
	for _, e := range s.added {
		size += len("100644 ") + len(e.name) + 1 + len(e.hash)
	}
	out := make([]byte, 0, size)
	dropped, added := s.dropped, s.added
	for e := range objects.Entries(s.before) {
		for len(added) > 0 && e.ComparePlace(added[0].name, added[0].folder()) > 0 {
			out = added[0].append(out)
			added = added[1:]
		}
		if len(dropped) > 0 && &dropped[0][0] == &e.Raw[0] {
			dropped = dropped[1:]
			continue
		}
		out = append(out, e.Raw...)
	}
	for _, e := range added {
		out = e.append(out)
	}
	return out
}

// tree returns a tree as Git would write it, and nothing for zero.
func (l layer) tree(h plumbing.Hash) ([]byte, error) {
	if h.IsZero() {
		return nil, nil
	}
	raw, err := objects.Bytes(l.base, plumbing.TreeObject, h)
	if err != nil || objects.Canonical(raw) {
		return raw, err
	}
	entries, err := objects.Tree(l.base, h)
	if err != nil {
		return nil, err
	}
	sort.Stable(object.TreeEntrySorter(entries))
	seen := map[string]bool{}
	raw = nil
	for _, e := range entries {
		if seen[e.Name] {
			continue // which of two is meant is not known
		}
		seen[e.Name] = true
		raw = entry{e.Name, e.Mode, e.Hash}.append(raw)
	}
	return raw, nil
}

// find returns the entry of a tree with a name.
func find(tree []byte, name string) (objects.Entry, bool) {
	for e := range objects.Entries(tree) {
		if string(e.Name()) == name {
			return e, true
		}
	}
	return objects.Entry{}, false
}
