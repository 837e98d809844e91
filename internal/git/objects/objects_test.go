// SPDX-License-Identifier: Apache-2.0

package objects_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
	"github.com/go-git/go-git/v5/plumbing/object"

	"syncer.dev/syncer/internal/git/objects"
)

// put adds what encode writes.
func put(t *testing.T, set objects.Set, encode func(plumbing.EncodedObject) error) plumbing.Hash {
	t.Helper()
	h, err := set.Put(encode)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// TestSet: what was put in is read back by its hash and its type, and what is missing is ErrMissing.
func TestSet(t *testing.T) {
	set := objects.Set{}
	blob := put(t, set, func(o plumbing.EncodedObject) error {
		o.SetType(plumbing.BlobObject)
		w, err := o.Writer()
		if err != nil {
			return err
		}
		if _, err := w.Write([]byte("content")); err != nil {
			return err
		}
		return w.Close()
	})
	file := object.TreeEntry{Name: "f", Mode: filemode.Regular, Hash: blob}
	inner := put(t, set, (&object.Tree{Entries: []object.TreeEntry{file}}).Encode)
	root := put(t, set, (&object.Tree{Entries: []object.TreeEntry{{Name: "d", Mode: filemode.Dir, Hash: inner}}}).Encode)
	commit := put(t, set, (&object.Commit{TreeHash: root, Message: "m"}).Encode)

	if c, err := objects.Commit(set, commit); err != nil || c.TreeHash != root || c.Hash != commit {
		t.Errorf("commit: %+v, %v", c, err)
	}
	for dir, want := range map[string]plumbing.Hash{".": root, "d": inner, "none": {}, "d/f": {}, "d/none": {}} {
		if got, err := objects.Subtree(set, root, dir); err != nil || got != want {
			t.Errorf("folder %s: %s, %v, want %s", dir, got, err, want)
		}
	}
	if b, err := objects.Blob(set, blob); err != nil || string(b) != "content" {
		t.Errorf("file: %q, %v", b, err)
	}
	entries, err := objects.Tree(set, inner)
	if err != nil || objects.Index(entries, "f") != 0 || objects.Index(entries, "g") != -1 {
		t.Errorf("entries %v, %v", entries, err)
	}
	if _, err := objects.Tree(set, blob); err == nil || !strings.Contains(err.Error(), "is a blob, not a tree") {
		t.Errorf("a file as a tree: %v", err)
	}
	delete(set, inner)
	if _, err := objects.Subtree(set, root, "d/e"); !errors.Is(err, objects.ErrMissing) {
		t.Errorf("a tree that is missing: %v", err)
	}
}
