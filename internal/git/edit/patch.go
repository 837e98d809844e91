// SPDX-License-Identifier: Apache-2.0

package edit

import (
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
	"github.com/go-git/go-git/v5/plumbing/object"

	"syncer.dev/syncer/internal/git/objects"
)

// Patch returns a root tree with these files in the folder dir, by relative path, beside what it has. A file that is
// nil is to go. Patch adds to fresh what is new, as Folder does, and looks only at the folders of these files: its
// cost does not depend on the others.
func Patch(
	base objects.Source, root plumbing.Hash, dir string, files map[string][]byte, fresh objects.Set,
) (plumbing.Hash, error) {
	all := &patch{}
	for name, content := range files {
		if dir != "." {
			name = dir + "/" + name
		}
		all.add(strings.Split(name, "/"), content)
	}
	tree, err := all.lay(base, root, fresh)
	if err == nil && tree.IsZero() {
		if tree = emptyTree; tree != root {
			_, err = fresh.Put((&object.Tree{}).Encode)
		}
	}
	return tree, err
}

// patch is what changes in a folder, by name.
type patch struct {
	files   map[string][]byte
	folders map[string]*patch
}

func (p *patch) add(parts []string, content []byte) {
	if len(parts) == 1 {
		if p.files == nil {
			p.files = map[string][]byte{}
		}
		p.files[parts[0]] = content
		return
	}
	if p.folders == nil {
		p.folders = map[string]*patch{}
	}
	if p.folders[parts[0]] == nil {
		p.folders[parts[0]] = &patch{}
	}
	p.folders[parts[0]].add(parts[1:], content)
}

// lay returns the tree that the patch makes of another one: zero when nothing is left in it.
func (p *patch) lay(base objects.Source, old plumbing.Hash, fresh objects.Set) (plumbing.Hash, error) {
	var entries []object.TreeEntry
	if !old.IsZero() {
		var err error
		if entries, err = objects.Tree(base, old); err != nil {
			return old, err
		}
		entries = slices.Clone(entries)
	}
	for name, content := range p.files {
		i := objects.Index(entries, name)
		if i >= 0 && entries[i].Mode == filemode.Dir {
			return old, fmt.Errorf("%s is a folder there", name)
		}
		next := object.TreeEntry{Name: name, Mode: filemode.Regular}
		if content != nil {
			next.Hash = plumbing.ComputeHash(plumbing.BlobObject, content)
			if i < 0 || entries[i].Hash != next.Hash {
				if _, err := fresh.Put(blobOf(content)); err != nil {
					return old, err
				}
			}
		}
		entries = replaced(entries, i, next)
	}
	for name, below := range p.folders {
		i := objects.Index(entries, name)
		var was plumbing.Hash
		if i >= 0 {
			if entries[i].Mode != filemode.Dir {
				return old, fmt.Errorf("%s is not a folder there", name)
			}
			was = entries[i].Hash
		}
		tree, err := below.lay(base, was, fresh)
		if err != nil {
			return old, err
		}
		entries = replaced(entries, i, object.TreeEntry{Name: name, Mode: filemode.Dir, Hash: tree})
	}
	if len(entries) == 0 {
		return plumbing.ZeroHash, nil
	}
	sort.Sort(object.TreeEntrySorter(entries))
	tree, err := fresh.Put((&object.Tree{Entries: entries}).Encode)
	if err == nil && tree == old {
		delete(fresh, tree)
	}
	return tree, err
}

// replaced returns entries with another one instead of the i-th, or in addition if i is below 0: without it if it
// is nothing.
func replaced(entries []object.TreeEntry, i int, next object.TreeEntry) []object.TreeEntry {
	switch {
	case next.Hash.IsZero() && i >= 0:
		return slices.Delete(entries, i, i+1)
	case next.Hash.IsZero():
		return entries
	case i >= 0:
		entries[i] = next
		return entries
	}
	return append(entries, next)
}

func blobOf(content []byte) func(plumbing.EncodedObject) error {
	return func(o plumbing.EncodedObject) error {
		o.SetType(plumbing.BlobObject)
		w, err := o.Writer()
		if err != nil {
			return err
		}
		if _, err := w.Write(content); err != nil {
			return err
		}
		return w.Close()
	}
}
