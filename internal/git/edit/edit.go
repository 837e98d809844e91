// SPDX-License-Identifier: Apache-2.0

// Package edit replaces the content of a folder in a tree, and finds the objects that this takes.
//
// Trees are handled as the bytes that they are: what stays is copied, so that a changed file in a folder of many costs
// little more than the hash of the folder.
package edit

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"

	"syncer.dev/syncer/internal/git/objects"
)

// emptyTree is the hash of a tree without entries.
var emptyTree = plumbing.ComputeHash(plumbing.TreeObject, nil)

// Folder returns a root tree with exactly these files, by relative path, in the folder dir; "." is the whole tree. root
// is the tree before, among the objects of base, and may be zero. It adds to fresh the objects to push: exactly those
// that the tree before does not have at the same place. The contents become a part of these and must not change any
// more.
func Folder(
	base objects.Source, root plumbing.Hash, dir string, files map[string][]byte, fresh objects.Set,
) (plumbing.Hash, error) {
	l := layer{base: base, fresh: fresh}
	wanted, err := want(files)
	if err != nil {
		return plumbing.ZeroHash, err
	}
	var parts []string
	if dir != "." {
		parts = strings.Split(dir, "/")
	}
	tree, err := l.descend(root, parts, wanted)
	if err != nil {
		return plumbing.ZeroHash, err
	}
	return l.root(root, tree), nil
}

type layer struct {
	base  objects.Source
	fresh objects.Set
}

// root returns the tree of a root in which may be nothing.
func (l layer) root(old, tree plumbing.Hash) plumbing.Hash {
	if !tree.IsZero() {
		return tree
	}
	if old != emptyTree {
		l.fresh.Add(objects.New(plumbing.TreeObject, nil))
	}
	return emptyTree
}

// descend replaces the folder at parts below the tree old, which may be zero, and returns the new tree: zero when
// nothing is left in it, since Git keeps no empty folders.
func (l layer) descend(old plumbing.Hash, parts []string, wanted *wanted) (plumbing.Hash, error) {
	if len(parts) == 0 {
		return l.write(old, "", wanted)
	}
	before, err := l.tree(old)
	if err != nil {
		return plumbing.ZeroHash, err
	}
	var below plumbing.Hash
	e, found := find(before, parts[0])
	if found && !e.IsFolder() {
		return plumbing.ZeroHash, fmt.Errorf("%s is not a folder there", parts[0])
	}
	if found {
		below = e.Hash()
	}
	next, err := l.descend(below, parts[1:], wanted)
	if err != nil || next == below {
		return old, err
	}
	s := splice{before: before}
	if found {
		s.drop(e)
	}
	s.addFolder(parts[0], next)
	return l.put(old, &s), nil
}

// write stores a folder, which is at dir among those that are wanted, and all below it. It returns its tree, or zero.
func (l layer) write(old plumbing.Hash, dir string, w *wanted) (plumbing.Hash, error) {
	before, err := l.tree(old)
	if err != nil {
		return plumbing.ZeroHash, err
	}
	s := splice{before: before}
	files := 0
	var folders map[string]bool // that are there
	path := append([]byte(dir), '/')
	if dir == "" {
		path = nil
	}
	top := len(path)
	for e := range objects.Entries(before) {
		path = append(path[:top], e.Name()...)
		content, isFile := w.files[string(path)]
		switch {
		case bytes.IndexByte(e.Name(), '/') >= 0: // it looks like one that is further down
			s.drop(e)
		case isFile && e.IsFolder(): // the file is not there yet
			s.drop(e)
		case isFile:
			files++
			if h := l.blob(e, content); h != e.Hash() || !isRegular(e) {
				s.drop(e)
				s.add(entry{string(e.Name()), filemode.Regular, h})
			}
		case e.IsFolder() && w.has(string(path)):
			if folders == nil {
				folders = map[string]bool{}
			}
			folders[string(path)] = true
			below, err := l.write(e.Hash(), string(path), w)
			if err != nil {
				return below, err
			}
			if below != e.Hash() {
				s.drop(e)
				s.add(entry{string(e.Name()), filemode.Dir, below})
			}
		default:
			s.drop(e)
		}
	}
	if files < w.direct[dir] {
		l.addFiles(&s, dir, w)
	}
	for _, sub := range w.subs[dir] {
		if folders[sub] {
			continue
		}
		below, err := l.write(plumbing.ZeroHash, sub, w)
		if err != nil {
			return below, err
		}
		s.add(entry{base(sub), filemode.Dir, below})
	}
	return l.put(old, &s), nil
}

// addFiles adds the files of a folder that it does not have.
func (l layer) addFiles(s *splice, dir string, w *wanted) {
	there := map[string]bool{}
	for e := range objects.Entries(s.before) {
		if !e.IsFolder() {
			there[string(e.Name())] = true
		}
	}
	for _, name := range w.in(dir) {
		if there[base(name)] {
			continue
		}
		blob := objects.New(plumbing.BlobObject, w.files[name])
		s.add(entry{base(name), filemode.Regular, l.fresh.Add(blob)})
	}
}

// blob returns the name of a file, and keeps it unless it is that of an entry.
func (l layer) blob(e objects.Entry, content []byte) plumbing.Hash {
	old, err := objects.Bytes(l.base, plumbing.BlobObject, e.Hash())
	if err == nil && bytes.Equal(old, content) {
		return e.Hash()
	}
	o := objects.New(plumbing.BlobObject, content)
	if o.Hash() != e.Hash() {
		l.fresh.Add(o)
	}
	return o.Hash()
}

func isRegular(e objects.Entry) bool {
	mode, _ := e.Mode()
	return mode == filemode.Regular
}

// put stores the tree that a splice makes, unless it is that before, and returns its name: zero for nothing.
func (l layer) put(old plumbing.Hash, s *splice) plumbing.Hash {
	tree := s.tree()
	if len(tree) == 0 {
		return plumbing.ZeroHash
	}
	if !s.changes() {
		if before, err := objects.Bytes(l.base, plumbing.TreeObject, old); err == nil && bytes.Equal(before, tree) {
			return old
		}
	}
	o := objects.New(plumbing.TreeObject, tree)
	if o.Hash() != old {
		l.fresh.Add(o)
	}
	return o.Hash()
}
