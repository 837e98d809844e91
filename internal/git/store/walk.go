// SPDX-License-Identifier: Apache-2.0

package store

import (
	"errors"
	"fmt"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
	"github.com/go-git/go-git/v5/plumbing/object"

	"syncer.dev/syncer/internal/git/objects"
)

// A walk gathers a commit and everything in its tree. It is at once the check that nothing is missing and what keeps
// memory bounded: what the commit does not need is left behind. What a tree has in common with the one before it, at
// the same place, is known to be whole, and is not looked at.
type walk struct {
	to      objects.Set    // what is gathered
	from    objects.Source // where it is found
	left    int64          // bytes that may be gathered
	partial bool           // files may be missing: the server left large ones out
	gone    int64          // bytes of what the tree before had and this one has not
	todo    []change       // folders to visit
}

// errStale means that so much has changed that the commit costs less from nothing.
var errStale = errors.New("too much is gone")

// change is a folder, and what was in its place before; the zero hash for nothing.
type change struct{ before, now plumbing.Hash }

// commit gathers a commit, of which the tree before was gathered earlier; the zero hash for none.
func (w *walk) commit(h, before plumbing.Hash) error {
	if err := w.add(plumbing.CommitObject, h); err != nil {
		return err
	}
	c, err := objects.Commit(w.to, h)
	if err != nil {
		return err
	}
	for w.todo = []change{{before, c.TreeHash}}; len(w.todo) > 0; {
		last := len(w.todo) - 1
		next := w.todo[last]
		w.todo = w.todo[:last]
		if err := w.folder(next); err != nil {
			return err
		}
		if w.gone > mostStale {
			return errStale
		}
	}
	return nil
}

func (w *walk) add(t plumbing.ObjectType, h plumbing.Hash) error {
	if _, ok := w.to[h]; ok {
		return nil
	}
	o, ok := w.from.Object(h)
	switch {
	case !ok && w.partial && t == plumbing.BlobObject:
		return nil
	case !ok:
		return fmt.Errorf("%s %s: %w", t, h, objects.ErrMissing)
	case o.Type() != t:
		return fmt.Errorf("%s is a %s, not a %s: %w", h, o.Type(), t, objects.ErrDamaged)
	}
	if w.left -= o.Size(); w.left < 0 {
		return ErrTooLarge
	}
	w.to[h] = o
	return nil
}

func (w *walk) folder(c change) error {
	if c.before == c.now {
		return nil
	}
	if _, ok := w.to[c.now]; ok {
		return nil // it is there twice
	}
	if err := w.add(plumbing.TreeObject, c.now); err != nil {
		return err
	}
	now, err := objects.Bytes(w.to, plumbing.TreeObject, c.now)
	if err != nil {
		return err
	}
	var before []byte
	if !c.before.IsZero() {
		if before, err = objects.Bytes(w.from, plumbing.TreeObject, c.before); err != nil {
			return err
		}
	}
	came, gone, ok := objects.Differ(before, now)
	if !ok {
		return w.anyFolder(c)
	}
	if !c.before.IsZero() {
		w.drop(object.TreeEntry{Mode: filemode.Submodule, Hash: c.before})
	}
	folders := map[string]plumbing.Hash{} // that are gone, or have changed
	for _, e := range gone {
		if e.Mode == filemode.Dir {
			folders[e.Name] = e.Hash
		}
	}
	for _, e := range came {
		was := folders[e.Name]
		if e.Mode == filemode.Dir {
			delete(folders, e.Name) // what of it is gone is counted there
		}
		if err := w.entry(e, was); err != nil {
			return err
		}
	}
	for _, e := range gone {
		if e.Mode == filemode.Dir && folders[e.Name].IsZero() {
			continue
		}
		w.drop(e)
	}
	return nil
}

// entry gathers what an entry names, which is new in its place. before is the folder that was there, or zero.
func (w *walk) entry(e object.TreeEntry, before plumbing.Hash) error {
	switch e.Mode {
	case filemode.Dir:
		w.todo = append(w.todo, change{before, e.Hash})
	case filemode.Submodule: // a commit of another repository
	default:
		return w.add(plumbing.BlobObject, e.Hash)
	}
	return nil
}

// anyFolder is folder for a tree that Git would not write.
func (w *walk) anyFolder(c change) error {
	entries, err := objects.Tree(w.to, c.now)
	if err != nil {
		return err
	}
	before, err := w.entriesBefore(c.before)
	if err != nil {
		return err
	}
	for _, e := range entries {
		was, ok := before[e.Name]
		if ok && was.Hash == e.Hash && was.Mode == e.Mode {
			delete(before, e.Name)
			continue
		}
		var below plumbing.Hash
		if ok && was.Mode == filemode.Dir && e.Mode == filemode.Dir {
			below = was.Hash
			delete(before, e.Name) // what of it is gone is counted there
		}
		if err := w.entry(e, below); err != nil {
			return err
		}
	}
	for _, e := range before {
		w.drop(e)
	}
	return nil
}

// entriesBefore returns what a folder had, by name.
func (w *walk) entriesBefore(tree plumbing.Hash) (map[string]object.TreeEntry, error) {
	if tree.IsZero() {
		return nil, nil
	}
	entries, err := objects.Tree(w.from, tree)
	if err != nil {
		return nil, err
	}
	w.drop(object.TreeEntry{Mode: filemode.Submodule, Hash: tree})
	out := make(map[string]object.TreeEntry, len(entries))
	for _, e := range entries {
		out[e.Name] = e
	}
	return out, nil
}

// drop counts what is no longer in the tree, until that is more than a Store may hold. The same object may be elsewhere
// in it: the figure is an estimate. A tree that names another ten times, which does so too, and so on, has more paths
// than can be counted.
func (w *walk) drop(e object.TreeEntry) {
	for todo := []object.TreeEntry{e}; len(todo) > 0 && w.gone <= mostStale; {
		e := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		o, ok := w.from.Object(e.Hash)
		if !ok {
			continue
		}
		w.gone += o.Size()
		if e.Mode == filemode.Dir {
			below, _ := objects.Tree(w.from, e.Hash) // a tree that was gathered can be read
			todo = append(todo, below...)
		}
	}
}
