// SPDX-License-Identifier: Apache-2.0

// Package objects has sets of Git objects in memory: decoding, encoding, and the error of an object that is missing.
package objects

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
	"github.com/go-git/go-git/v5/plumbing/object"
)

// Set is a set of Git objects by their hashes. Any number of readers may use one that no longer changes.
type Set map[plumbing.Hash]plumbing.EncodedObject

// ErrMissing means that a set lacks an object: the server left out what it should have sent, or the history ends
// before.
var ErrMissing = errors.New("incomplete: object missing")

// ErrDamaged means that the bytes of a pack or of an object are not what they should be.
var ErrDamaged = errors.New("damaged")

// A Source gives objects by their hashes.
type Source interface {
	// Object returns an object, and whether the source has it.
	Object(h plumbing.Hash) (plumbing.EncodedObject, bool)
}

// Object implements Source.
func (s Set) Object(h plumbing.Hash) (plumbing.EncodedObject, bool) {
	o, ok := s[h]
	return o, ok
}

// Layers are sources of which the first that has an object gives it.
type Layers []Source

// Object implements Source.
func (l Layers) Object(h plumbing.Hash) (plumbing.EncodedObject, bool) {
	for _, s := range l {
		if o, ok := s.Object(h); ok {
			return o, true
		}
	}
	return nil, false
}

// Get returns an object of a type, or ErrMissing.
func Get(s Source, t plumbing.ObjectType, h plumbing.Hash) (plumbing.EncodedObject, error) {
	o, ok := s.Object(h)
	if !ok {
		return nil, fmt.Errorf("%s %s: %w", t, h, ErrMissing)
	}
	if o.Type() != t {
		return nil, fmt.Errorf("%s is a %s, not a %s: %w", h, o.Type(), t, ErrDamaged)
	}
	return o, nil
}

// Commit returns a decoded commit.
func Commit(s Source, h plumbing.Hash) (*object.Commit, error) {
	o, err := Get(s, plumbing.CommitObject, h)
	if err != nil {
		return nil, err
	}
	return DecodeCommit(o)
}

// DecodeCommit reads a commit object. One with duplicate or missing headers is refused.
func DecodeCommit(o plumbing.EncodedObject) (*object.Commit, error) {
	var c object.Commit
	if err := c.Decode(o); err != nil {
		return nil, fmt.Errorf("decode commit %s: %w: %w", o.Hash(), ErrDamaged, err)
	}
	return &c, nil
}

// Tree returns the entries of a tree.
func Tree(s Source, h plumbing.Hash) ([]object.TreeEntry, error) {
	o, err := Get(s, plumbing.TreeObject, h)
	if err != nil {
		return nil, err
	}
	var t object.Tree
	if err := t.Decode(o); err != nil {
		return nil, fmt.Errorf("decode tree %s: %w: %w", h, ErrDamaged, err)
	}
	return t.Entries, nil
}

// Blob returns the content of a file.
func Blob(s Source, h plumbing.Hash) ([]byte, error) { return Raw(s, plumbing.BlobObject, h) }

// Raw returns the bytes of an object of a type, which the caller may change.
func Raw(s Source, t plumbing.ObjectType, h plumbing.Hash) ([]byte, error) {
	b, err := Bytes(s, t, h)
	return slices.Clone(b), err
}

// Put encodes an object, adds it, and returns its hash.
func (s Set) Put(encode func(plumbing.EncodedObject) error) (plumbing.Hash, error) {
	o := &plumbing.MemoryObject{}
	if err := encode(o); err != nil {
		return plumbing.ZeroHash, err
	}
	b, err := bytesOf(o)
	if err != nil {
		return plumbing.ZeroHash, err
	}
	return s.Add(New(o.Type(), b)), nil
}

// Add adds an object, and returns its hash.
func (s Set) Add(o *Object) plumbing.Hash {
	s[o.Hash()] = o
	return o.Hash()
}

// Subtree returns the hash of the folder at dir, or the zero hash if there is none.
func Subtree(s Source, tree plumbing.Hash, dir string) (plumbing.Hash, error) {
	if dir == "." {
		return tree, nil
	}
	for part := range strings.SplitSeq(dir, "/") {
		e, ok, err := Find(s, tree, part)
		if err != nil {
			return plumbing.ZeroHash, err
		}
		if !ok || e.Mode != filemode.Dir {
			return plumbing.ZeroHash, nil
		}
		tree = e.Hash
	}
	return tree, nil
}

// Find returns the entry of a tree with a name, and whether there is one. Of a tree that Git would not write, it is the
// first.
func Find(s Source, tree plumbing.Hash, name string) (object.TreeEntry, bool, error) {
	raw, err := Bytes(s, plumbing.TreeObject, tree)
	if err != nil {
		return object.TreeEntry{}, false, err
	}
	for rest := raw; len(rest) > 0; {
		e, after, ok := Cut(rest)
		mode, known := e.Mode()
		if !ok || !known {
			return findDecoded(s, tree, name)
		}
		if string(e.Name()) == name {
			return object.TreeEntry{Name: name, Mode: mode, Hash: e.Hash()}, true, nil
		}
		rest = after
	}
	return object.TreeEntry{}, false, nil
}

// findDecoded is Find for any tree, or says what is wrong with it.
func findDecoded(s Source, tree plumbing.Hash, name string) (object.TreeEntry, bool, error) {
	entries, err := Tree(s, tree)
	if err != nil {
		return object.TreeEntry{}, false, err
	}
	if i := Index(entries, name); i >= 0 {
		return entries[i], true, nil
	}
	return object.TreeEntry{}, false, nil
}

// Index returns the place of a name among the entries of a tree, or -1.
func Index(entries []object.TreeEntry, name string) int {
	return slices.IndexFunc(entries, func(e object.TreeEntry) bool { return e.Name == name })
}
