// SPDX-License-Identifier: Apache-2.0

// Package lineage finds the commits that gave a folder the content that it has. Pure.
package lineage

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"

	"syncer.dev/syncer/internal/git/objects"
)

// Folder is a folder without some of those below it. Paths are clean, and "." is the whole tree.
type Folder struct {
	Path    string
	Without []string
}

// Changes returns the newest commits that changed the folder: one, unless several parents of a merge brought the same.
// There are none where the folder never existed. A merge that has the folder of a parent changed it if another parent
// has changes that this one has not. The error wraps objects.ErrMissing where more of history must be in the set; all
// says that there is no more. It is ErrEntangled where the merges of a history cost too much to follow.
func (f Folder) Changes(set objects.Source, tip plumbing.Hash, all bool) ([]plumbing.Hash, error) {
	l := lineage{
		Folder: f, set: set, all: all, looks: maxLooks,
		known: map[plumbing.Hash]origin{}, parents: map[plumbing.Hash][]plumbing.Hash{},
	}
	return l.changesSince(nil, tip)
}

// ErrEntangled means that history has too many merges of different versions of the folder.
var ErrEntangled = errors.New("too many merges of different versions of the folder since it was changed")

// maxLooks is how many commits are looked at for all merges together: a second's work. Each merge of different versions
// looks at all commits before it, so that a history that is made for it would keep syncer busy for hours. It is ours.
const maxLooks = 1 << 22

// lineage is where a folder comes from, as far as history was received.
type lineage struct {
	Folder
	set   objects.Source
	all   bool // there is no more history to receive
	looks int  // that are left of maxLooks
	known map[plumbing.Hash]origin

	parents map[plumbing.Hash][]plumbing.Hash // of the commits that were looked at
}

// origin says where a commit has the folder from.
type origin struct {
	parents []plumbing.Hash // with the same; none where changed
	changed bool            // by the commit itself
}

// changesSince returns the newest commits that changed the folder for a commit, without those of a history.
func (l *lineage) changesSince(history map[plumbing.Hash]bool, tip plumbing.Hash) (changed []plumbing.Hash, err error) {
	seen := map[plumbing.Hash]bool{}
	for todo := []plumbing.Hash{tip}; len(todo) > 0; {
		at := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if seen[at] || history[at] {
			continue
		}
		seen[at] = true
		from, err := l.origin(at)
		if err != nil {
			return nil, err
		}
		if from.changed {
			changed = append(changed, at)
		}
		todo = append(todo, from.parents...)
	}
	return changed, nil
}

func (l *lineage) origin(at plumbing.Hash) (origin, error) {
	if from, ok := l.known[at]; ok {
		return from, nil
	}
	mine, err := l.contentAt(at)
	if err != nil {
		return origin{}, err
	}
	c, err := objects.Commit(l.set, at)
	if err != nil {
		return origin{}, err
	}
	var same, others []plumbing.Hash
	for _, p := range c.ParentHashes {
		theirs, err := l.contentAt(p)
		if err != nil {
			return origin{}, err
		}
		if theirs == mine {
			same = append(same, p)
		} else {
			others = append(others, p)
		}
	}
	from := origin{parents: same, changed: len(same) == 0 && (len(c.ParentHashes) > 0 || mine != "")}
	if len(same) > 0 && len(others) > 0 {
		contained, err := l.contain(same, others)
		if err != nil {
			return origin{}, err
		}
		if !contained {
			from = origin{changed: true}
		}
	}
	l.known[at] = from
	return from, nil
}

// contain reports whether some commits have in their history what each of others has of the folder. Where they have
// not, a merge that takes the folder from them takes changes back.
func (l *lineage) contain(commits, others []plumbing.Hash) (bool, error) {
	history, whole, err := l.history(commits)
	if err != nil {
		return false, err
	}
	for _, other := range others {
		lost, err := l.changesSince(history, other)
		if err == nil && len(lost) > 0 && !whole && !l.all {
			err = objects.ErrMissing // it may be further back
		}
		if err != nil || len(lost) > 0 {
			return false, err
		}
	}
	return true, nil
}

// history returns commits with all before them that were received, and whether these are all.
func (l *lineage) history(of []plumbing.Hash) (found map[plumbing.Hash]bool, whole bool, err error) {
	found, whole = map[plumbing.Hash]bool{}, true
	for todo := slices.Clone(of); len(todo) > 0; {
		at := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if found[at] {
			continue
		}
		if l.looks--; l.looks < 0 {
			return nil, false, ErrEntangled
		}
		found[at] = true
		before, known := l.parents[at]
		if !known {
			c, err := objects.Commit(l.set, at)
			if err != nil {
				whole = false
				continue
			}
			before = c.ParentHashes
			l.parents[at] = before
		}
		todo = append(todo, before...)
	}
	return found, whole, nil
}

// contentAt identifies what a commit has in the folder; "" for nothing.
func (l *lineage) contentAt(commit plumbing.Hash) (string, error) {
	c, err := objects.Commit(l.set, commit)
	if err != nil {
		return "", err
	}
	tree, err := objects.Subtree(l.set, c.TreeHash, l.Path)
	if err != nil || tree.IsZero() {
		return "", err
	}
	return l.content(tree, l.Path, l.Without)
}

// content returns the hash of a tree or, where something in it is left out, that of what is left.
func (l *lineage) content(tree plumbing.Hash, at string, without []string) (string, error) {
	var below []string
	for _, w := range without {
		if w == at {
			continue
		}
		if at == "." || strings.HasPrefix(w, at+"/") {
			below = append(below, w)
		}
	}
	if len(below) == 0 {
		return tree.String(), nil
	}
	entries, err := objects.Tree(l.set, tree)
	if err != nil {
		return "", err
	}
	sum := sha256.New()
	empty := true
	for _, e := range entries {
		name := path.Join(at, e.Name)
		hash := e.Hash.String()
		if slices.Contains(below, name) {
			continue
		}
		if e.Mode == filemode.Dir {
			if hash, err = l.content(e.Hash, name, below); err != nil {
				return "", err
			}
		}
		if hash != "" {
			empty = false
			fmt.Fprintf(sum, "%o %d %s %s\n", e.Mode, len(e.Name), e.Name, hash)
		}
	}
	if empty {
		return "", nil
	}
	return fmt.Sprintf("%x", sum.Sum(nil)), nil
}
