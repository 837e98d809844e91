// SPDX-License-Identifier: Apache-2.0

// Package filestest has trees in memory for tests.
package filestest

import (
	"crypto/sha256"
	"fmt"
	"io/fs"
	"testing/fstest"
)

// Tree is a tree in memory that knows what its files hold, and in which files it differs from another one, as that of a
// commit does.
type Tree struct{ fstest.MapFS }

// New returns the tree of files by their paths.
func New(files map[string]string) Tree {
	t := Tree{fstest.MapFS{}}
	for name, text := range files {
		t.MapFS[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return t
}

// ContentID implements files.Identified.
func (t Tree) ContentID(name string) (id string, ok bool) {
	f, ok := t.MapFS[name]
	if !ok {
		return "", false
	}
	return fmt.Sprintf("%x", sha256.Sum256(f.Data)), true
}

// ChangedSince implements files.Compared for two Trees.
func (t Tree) ChangedSince(before fs.FS) (names []string, ok bool) {
	was, ok := before.(interface{ all() fstest.MapFS })
	if !ok || len(was.all()) != len(t.MapFS) {
		return nil, false
	}
	for name, f := range t.MapFS {
		o := was.all()[name]
		if o == nil {
			return nil, false
		}
		if string(o.Data) != string(f.Data) {
			names = append(names, name)
		}
	}
	return names, true
}

func (t Tree) all() fstest.MapFS { return t.MapFS }
