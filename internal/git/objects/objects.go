// SPDX-License-Identifier: Apache-2.0

package git

import (
	"errors"
	"fmt"
	"io"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
	"github.com/go-git/go-git/v5/plumbing/object"
)

// objects is a set of Git objects. Once it is part of a version it is never changed, so any number of readers may use
// it while a fetch builds the next one.
type objects map[plumbing.Hash]plumbing.EncodedObject

// errIncomplete means that the server left out an object that it should have sent.
var errIncomplete = errors.New("incomplete: object missing")

func (s objects) get(t plumbing.ObjectType, h plumbing.Hash) (plumbing.EncodedObject, error) {
	o, ok := s[h]
	if !ok {
		return nil, fmt.Errorf("%s %s: %w", t, h, errIncomplete)
	}
	if o.Type() != t {
		return nil, fmt.Errorf("%s is a %s, not a %s", h, o.Type(), t)
	}
	return o, nil
}

func (s objects) commit(h plumbing.Hash) (Commit, *object.Commit, error) {
	o, err := s.get(plumbing.CommitObject, h)
	if err != nil {
		return Commit{}, nil, err
	}
	return decodeCommit(o)
}

func (s objects) tree(h plumbing.Hash) ([]object.TreeEntry, error) {
	o, err := s.get(plumbing.TreeObject, h)
	if err != nil {
		return nil, err
	}
	var t object.Tree
	if err := t.Decode(o); err != nil {
		return nil, fmt.Errorf("decode tree %s: %w", h, err)
	}
	return t.Entries, nil
}

func (s objects) blob(h plumbing.Hash) ([]byte, error) {
	o, err := s.get(plumbing.BlobObject, h)
	if err != nil {
		return nil, err
	}
	r, err := o.Reader()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	b := make([]byte, o.Size())
	_, err = io.ReadFull(r, b)
	return b, err
}

// put encodes an object and adds it.
func (s objects) put(encode func(plumbing.EncodedObject) error) (plumbing.Hash, error) {
	o := &plumbing.MemoryObject{}
	if err := encode(o); err != nil {
		return plumbing.ZeroHash, err
	}
	s[o.Hash()] = o
	return o.Hash(), nil
}

// reachable gathers, from any of the sets, a commit and everything in its tree. It is at once the check that nothing is
// missing and what keeps memory bounded: what the newest commit does not need is left behind. Of a partial set the
// server left large files out.
func reachable(commit plumbing.Hash, partial bool, maxBytes int64, from ...objects) (objects, error) {
	w := walk{to: make(objects, len(from[len(from)-1])), from: from, left: maxBytes, max: maxBytes, partial: partial}
	if err := w.add(plumbing.CommitObject, commit); err != nil {
		return nil, err
	}
	_, c, err := w.to.commit(commit)
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
	to      objects
	from    []objects
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
	return fmt.Errorf("%s %s: %w", t, h, errIncomplete)
}

func (w *walk) tree(h plumbing.Hash) error {
	if _, ok := w.to[h]; ok {
		return nil
	}
	if err := w.add(plumbing.TreeObject, h); err != nil {
		return err
	}
	entries, err := w.to.tree(h)
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
