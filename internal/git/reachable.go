// SPDX-License-Identifier: Apache-2.0

package git

import (
	"fmt"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"

	"syncer.dev/syncer/internal/git/objects"
)

// reachable gathers, from any of the sets, a commit and everything in its tree. It is at once the check that nothing is
// missing and what keeps memory bounded: what the newest commit does not need is left behind. Of a partial set the
// server left large files out.
func reachable(commit plumbing.Hash, partial bool, maxBytes int64, from ...objects.Set) (objects.Set, error) {
	w := walk{to: make(objects.Set, len(from[len(from)-1])), from: from, left: maxBytes, max: maxBytes, partial: partial}
	if err := w.add(plumbing.CommitObject, commit); err != nil {
		return nil, err
	}
	c, err := w.to.Commit(commit)
	if err != nil {
		return nil, err
	}
	for w.trees = []plumbing.Hash{c.TreeHash}; len(w.trees) > 0; {
		last := len(w.trees) - 1
		h := w.trees[last]
		w.trees = w.trees[:last]
		if err := w.tree(h); err != nil {
			return nil, err
		}
	}
	return w.to, nil
}

type walk struct {
	to      objects.Set
	from    []objects.Set
	left    int64
	max     int64
	partial bool
	trees   []plumbing.Hash // to visit
}

func (w *walk) add(t plumbing.ObjectType, h plumbing.Hash) error {
	for _, set := range w.from {
		o, ok := set[h]
		if !ok {
			continue
		}
		if o.Type() != t {
			return fmt.Errorf("%s is a %s, not a %s", h, o.Type(), t)
		}
		if w.left -= o.Size(); w.left < 0 {
			return tooLarge(settingPack, "the files of the commit have more than %s", inWords(w.max))
		}
		w.to[h] = o
		return nil
	}
	if w.partial && t == plumbing.BlobObject {
		return nil
	}
	return fmt.Errorf("%s %s: %w", t, h, objects.ErrMissing)
}

func (w *walk) tree(h plumbing.Hash) error {
	if _, ok := w.to[h]; ok {
		return nil
	}
	if err := w.add(plumbing.TreeObject, h); err != nil {
		return err
	}
	entries, err := w.to.Tree(h)
	if err != nil {
		return err
	}
	for _, e := range entries {
		switch e.Mode {
		case filemode.Dir:
			w.trees = append(w.trees, e.Hash)
		case filemode.Submodule: // a commit of another repository
		default:
			if _, ok := w.to[e.Hash]; !ok {
				err = w.add(plumbing.BlobObject, e.Hash)
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}
