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

// plainFolder is Folder in the plain way: each tree is decoded, made of all its entries, sorted and encoded.
func plainFolder(
	base objects.Source, root plumbing.Hash, dir string, files map[string][]byte, fresh objects.Set,
) (plumbing.Hash, error) {
	l := plainly{base: base, fresh: fresh}
	wanted, err := nest(files)
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
	if tree.IsZero() {
		tree = emptyTree
		if tree != root {
			_, err = fresh.Put((&object.Tree{}).Encode)
		}
	}
	return tree, err
}

// nested is the desired content of a folder: []byte for a file, nested for a folder.
type nested map[string]any

func nest(files map[string][]byte) (nested, error) {
	root := nested{}
	for name, content := range files {
		at := root
		parts := strings.Split(name, "/")
		for _, part := range parts[:len(parts)-1] {
			if at[part] == nil {
				at[part] = nested{}
			}
			next, ok := at[part].(nested)
			if !ok {
				return nil, fmt.Errorf("%s: %s is both a file and a folder", name, part)
			}
			at = next
		}
		last := parts[len(parts)-1]
		if at[last] != nil {
			return nil, fmt.Errorf("%s is both a file and a folder", name)
		}
		at[last] = append([]byte{}, content...)
	}
	return root, nil
}

type plainly struct {
	base  objects.Source
	fresh objects.Set
}

// descend replaces the folder at parts below the tree old, which may be zero, and returns the new tree: zero when
// nothing is left in it, since Git keeps no empty folders.
func (l plainly) descend(old plumbing.Hash, parts []string, wanted nested) (plumbing.Hash, error) {
	if len(parts) == 0 {
		return l.write(old, wanted)
	}
	entries, err := l.entries(old)
	if err != nil {
		return plumbing.ZeroHash, err
	}
	i := objects.Index(entries, parts[0])
	var below plumbing.Hash
	if i >= 0 {
		if entries[i].Mode != filemode.Dir {
			return plumbing.ZeroHash, fmt.Errorf("%s is not a folder there", parts[0])
		}
		below = entries[i].Hash
	}
	next, err := l.descend(below, parts[1:], wanted)
	if err != nil || next == below {
		return old, err
	}
	if i >= 0 {
		entries = slices.Delete(entries, i, i+1)
	}
	if !next.IsZero() {
		entries = append(entries, object.TreeEntry{Name: parts[0], Mode: filemode.Dir, Hash: next})
	}
	return l.tree(old, entries)
}

// write stores a folder and all below it, and returns its tree.
func (l plainly) write(old plumbing.Hash, wanted nested) (plumbing.Hash, error) {
	before, err := l.entries(old)
	if err != nil {
		return plumbing.ZeroHash, err
	}
	var entries []object.TreeEntry
	for name, item := range wanted {
		e := object.TreeEntry{Name: name, Mode: filemode.Regular}
		var was object.TreeEntry
		if i := objects.Index(before, name); i >= 0 {
			was = before[i]
		}
		switch item := item.(type) {
		case []byte:
			e.Hash, err = l.blob(was.Hash, item)
		case nested:
			e.Mode = filemode.Dir
			if was.Mode != filemode.Dir {
				was.Hash = plumbing.ZeroHash
			}
			e.Hash, err = l.write(was.Hash, item)
		}
		if err != nil {
			return plumbing.ZeroHash, err
		}
		entries = append(entries, e)
	}
	return l.tree(old, entries)
}

func (l plainly) entries(tree plumbing.Hash) ([]object.TreeEntry, error) {
	if tree.IsZero() {
		return nil, nil
	}
	return objects.Tree(l.base, tree)
}

func (l plainly) tree(old plumbing.Hash, entries []object.TreeEntry) (plumbing.Hash, error) {
	if len(entries) == 0 {
		return plumbing.ZeroHash, nil
	}
	sort.Sort(object.TreeEntrySorter(entries))
	return l.put(old, (&object.Tree{Entries: entries}).Encode)
}

func (l plainly) blob(old plumbing.Hash, content []byte) (plumbing.Hash, error) {
	return l.put(old, func(o plumbing.EncodedObject) error {
		o.SetType(plumbing.BlobObject)
		w, err := o.Writer()
		if err != nil {
			return err
		}
		if _, err := w.Write(content); err != nil {
			return err
		}
		return w.Close()
	})
}

// put encodes an object, and keeps it unless it equals the previous one.
func (l plainly) put(old plumbing.Hash, encode func(plumbing.EncodedObject) error) (plumbing.Hash, error) {
	h, err := l.fresh.Put(encode)
	if err == nil && h == old {
		delete(l.fresh, h)
	}
	return h, err
}
