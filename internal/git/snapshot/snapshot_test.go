// SPDX-License-Identifier: Apache-2.0

package snapshot

import (
	"bytes"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
	"github.com/go-git/go-git/v5/plumbing/object"

	"syncer.dev/syncer/internal/git/limits"
	"syncer.dev/syncer/internal/git/objects"
)

// hostileTree builds a commit whose tree holds the entries as they are, which git itself would refuse to write.
func hostileTree(t *testing.T, entries ...object.TreeEntry) (Source, objects.Set) {
	t.Helper()
	set := objects.Set{}
	blob, err := set.Put(func(o plumbing.EncodedObject) error {
		o.SetType(plumbing.BlobObject)
		w, _ := o.Writer()
		_, err := w.Write([]byte("x"))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	inner, err := set.Put(
		(&object.Tree{Entries: []object.TreeEntry{{Name: "f", Mode: filemode.Regular, Hash: blob}}}).Encode,
	)
	if err != nil {
		t.Fatal(err)
	}
	var raw bytes.Buffer
	for _, e := range entries {
		h := blob
		if e.Mode == filemode.Dir {
			h = inner
		}
		fmt.Fprintf(&raw, "%o %s\x00%s", e.Mode, e.Name, h[:])
	}
	tree, err := set.Put(func(o plumbing.EncodedObject) error {
		o.SetType(plumbing.TreeObject)
		w, _ := o.Writer()
		_, err := w.Write(raw.Bytes())
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return Source{Objects: set, Tree: tree, Folders: &sync.Map{}, Note: func(err error) error { return err }}, set
}

func TestSnapshotRefusesHostileTrees(t *testing.T) {
	file := func(name string) object.TreeEntry { return object.TreeEntry{Name: name, Mode: filemode.Regular} }
	dir := func(name string) object.TreeEntry { return object.TreeEntry{Name: name, Mode: filemode.Dir} }
	for name, entries := range map[string][]object.TreeEntry{
		"parent":       {dir("..")},
		"self":         {dir(".")},
		"git":          {dir(".git")},
		"GIT":          {dir(".GIT")},
		"slash":        {file("a/b")},
		"escape":       {file("../../etc/passwd")},
		"backslash":    {file(`..\x`)},
		"newline":      {file("a\nb")},
		"escape code":  {file("a\x1b[2J")},
		"not UTF-8":    {file("a\xff")},
		"twice":        {file("a"), dir("a")},
		"twice, files": {file("a"), file("a")},
	} {
		t.Run(name, func(t *testing.T) {
			v, _ := hostileTree(t, entries...)
			if s, err := New(v, limits.Limits{}.WithDefaults(), "."); err == nil {
				t.Errorf("accepted: %v", s)
			}
		})
	}
}

func TestSnapshotLimits(t *testing.T) {
	// A tree that lists one subtree ten times, five levels deep, is six objects and 100,000 files.
	v, set := hostileTree(t, object.TreeEntry{Name: "f", Mode: filemode.Regular})
	for range 5 {
		var entries []object.TreeEntry
		for i := range 10 {
			entries = append(entries, object.TreeEntry{Name: fmt.Sprint(i), Mode: filemode.Dir, Hash: v.Tree})
		}
		h, err := set.Put((&object.Tree{Entries: entries}).Encode)
		if err != nil {
			t.Fatal(err)
		}
		v.Tree = h
	}
	if _, err := New(v, limits.Limits{}.WithDefaults(), "."); !errors.Is(err, limits.ErrTooLarge) {
		t.Errorf("100,000 files: %v, want ErrTooLarge", err)
	}
	v, set = hostileTree(t, object.TreeEntry{Name: "f", Mode: filemode.Regular})
	for range 200 {
		h, err := set.Put(
			(&object.Tree{Entries: []object.TreeEntry{{Name: "d", Mode: filemode.Dir, Hash: v.Tree}}}).Encode,
		)
		if err != nil {
			t.Fatal(err)
		}
		v.Tree = h
	}
	if _, err := New(v, limits.Limits{}.WithDefaults(), "."); !errors.Is(err, limits.ErrTooLarge) {
		t.Errorf("200 folders deep: %v, want ErrTooLarge", err)
	}
}
