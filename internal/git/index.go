// SPDX-License-Identifier: Apache-2.0

package git

import (
	"bytes"
	"fmt"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"

	"syncer.dev/syncer/internal/git/edit"
	"syncer.dev/syncer/internal/git/objects"
)

// Index is a file at the top of a branch that follows from the folders of several writers. Each makes it of what is
// there, so that all agree on it.
type Index struct {
	Name   string // of the file: README.md
	Folder string // whose folders are listed: status
	Each   string // the file that is read in each of them: README.md
	// Make returns the content of the file; false leaves it as it is. present is its content now, nil for none, and found
	// are the files by the names of their folders.
	Make func(present []byte, found map[string][]byte) (content []byte, ok bool)
}

// maxIndexed bounds a file that is read for an Index, in bytes. One that is larger counts as empty.
const maxIndexed = 32 << 20

// lay writes the file of the index into a root tree.
func (x *Index) lay(base objects.Source, root plumbing.Hash, fresh objects.Set) (plumbing.Hash, error) {
	if x == nil {
		return root, nil
	}
	all := objects.Layers{fresh, base}
	folder, err := objects.Subtree(all, root, x.Folder)
	if err != nil || folder.IsZero() {
		return root, err
	}
	entries, err := objects.Tree(all, folder)
	if err != nil {
		return root, err
	}
	found := map[string][]byte{}
	for _, e := range entries {
		if e.Mode != filemode.Dir {
			continue
		}
		if found[e.Name], err = fileOf(all, e.Hash, x.Each); err != nil {
			return root, fmt.Errorf("read %s of %s: %w", x.Each, e.Name, err)
		}
	}
	present, err := fileOf(all, root, x.Name)
	if err != nil {
		return root, fmt.Errorf("read %s: %w", x.Name, err)
	}
	content, ok := x.Make(present, found)
	if !ok || present != nil && bytes.Equal(content, present) {
		return root, nil
	}
	return edit.File(base, root, x.Name, content, fresh)
}

// fileOf returns a file of a folder; nil if there is none of a usable size.
func fileOf(all objects.Source, tree plumbing.Hash, name string) ([]byte, error) {
	entries, err := objects.Tree(all, tree)
	if err != nil {
		return nil, err
	}
	i := objects.Index(entries, name)
	if i < 0 || !entries[i].Mode.IsFile() {
		return nil, nil
	}
	o, err := objects.Get(all, plumbing.BlobObject, entries[i].Hash)
	if err != nil || o.Size() > maxIndexed {
		return nil, err
	}
	return objects.Blob(all, entries[i].Hash)
}
