// SPDX-License-Identifier: Apache-2.0

package git

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
	"github.com/go-git/go-git/v5/plumbing/object"

	"syncer.dev/syncer/internal/files"
	"syncer.dev/syncer/internal/git/gittest"
	"syncer.dev/syncer/internal/git/objects"
	"syncer.dev/syncer/internal/git/store"
)

func TestSnapshotIsAFileSystem(t *testing.T) {
	repo := gittest.NewRepo(t)
	files := map[string]string{
		"README.md": "hello", "a": "file a", "a.b": "sorts before a/ in git", "workspaces/phi-4.yaml": "kind: Workspace",
		"workspaces/deep/er/x.yaml": "", "ä/ö.yaml": "umlauts", "workspaces-old/x": "x",
	}
	repo.Commit(files, "files")
	r := openMain(t, repo.Dir)
	s := mustSnapshot(t, r, mustFetch(t, r))
	if err := fstest.TestFS(s, slices.Collect(maps.Keys(files))...); err != nil {
		t.Error(err)
	}
	if got := contents(t, s); !maps.Equal(got, files) {
		t.Errorf("files = %v, want %v", got, files)
	}
	sub, err := fs.Sub(s, "workspaces")
	if err != nil {
		t.Fatal(err)
	}
	if got := contents(t, sub); len(got) != 2 {
		t.Errorf("below workspaces: %v", got)
	}
	for _, path := range []string{".", "a", "workspaces", "workspaces/deep/er", "workspaces/phi-4.yaml"} {
		want := repo.Git("rev-parse", "main:"+strings.TrimPrefix(path, "."))
		if got, err := s.TreeHash(path); string(got) != want || err != nil {
			t.Errorf("TreeHash(%q) = %s, %v, git says %s", path, got, err, want)
		}
	}
	if _, err := s.TreeHash("missing"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("TreeHash of a missing path: %v", err)
	}
	if _, err := s.TreeHash("../etc"); !errors.Is(err, fs.ErrInvalid) {
		t.Errorf("TreeHash of an invalid path: %v", err)
	}
	if _, err := s.ReadFile("workspaces"); err == nil {
		t.Error("a folder was read as a file")
	}
	if _, err := s.ReadDir("a"); err == nil {
		t.Error("a file was read as a folder")
	}
}

func TestSnapshotLeavesLinksOut(t *testing.T) {
	repo := gittest.NewRepo(t)
	commit := repo.Commit(map[string]string{"f": "f"}, "first")
	repo.Commit(map[string]string{
		"workspaces/passwd.yaml": "symlink:/etc/passwd", "module": "gitlink:" + commit, "workspaces/ok.yaml": "ok",
	}, "links")
	r := openMain(t, repo.URL())
	s := mustSnapshot(t, r, mustFetch(t, r))
	for name, want := range map[string]files.Unread{
		"module":                 files.Submodule,
		"module/x":               files.Submodule,
		"workspaces/passwd.yaml": files.Link,
		"workspaces/ok.yaml":     "",
	} {
		if _, got := files.Blocked(s, name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if got, want := contents(t, s), map[string]string{"f": "f", "workspaces/ok.yaml": "ok"}; !maps.Equal(got, want) {
		t.Errorf("files = %v, want %v", got, want)
	}
	if _, err := s.Open("workspaces/passwd.yaml"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("opening a symbolic link: %v", err)
	}
}

func TestSnapshotOfLargeFiles(t *testing.T) {
	repo := gittest.NewRepo(t)
	limit := strings.Repeat("x", defaultFileBytes)
	repo.Commit(map[string]string{"models/big.bin": limit + "x", "limit.yaml": limit}, "large")
	r := openMain(t, repo.Dir)
	s := mustSnapshot(t, r, mustFetch(t, r))
	if b, err := s.ReadFile("limit.yaml"); err != nil || len(b) != defaultFileBytes {
		t.Errorf("a file at the limit: %d bytes, %v", len(b), err)
	}
	_, err := fs.ReadFile(s, "models/big.bin")
	if !errors.Is(err, ErrTooLarge) || !strings.Contains(err.Error(), "models/big.bin") {
		t.Errorf("a file above the limit: %v, want ErrTooLarge with its path", err)
	}
	if info, err := s.Stat("models/big.bin"); err != nil || info.Size() != defaultFileBytes+1 {
		t.Errorf("Stat of a file above the limit: %v, %v", info, err)
	}
}

// hostileTree builds a version whose tree holds the entries as they are, which git itself would refuse to write.
func hostileTree(t *testing.T, entries ...object.TreeEntry) (*version, objects.Set) {
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
	return &version{commit: Commit{Tree: hashOf(tree)}, store: store.Hold(set)}, set
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
			if s, err := newSnapshot(v, Limits{}.withDefaults(), "."); err == nil {
				t.Errorf("accepted: %v", contents(t, s))
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
			entries = append(entries, object.TreeEntry{Name: fmt.Sprint(i), Mode: filemode.Dir, Hash: v.commit.Tree.plumbing()})
		}
		h, err := set.Put((&object.Tree{Entries: entries}).Encode)
		if err != nil {
			t.Fatal(err)
		}
		v.commit.Tree = hashOf(h)
	}
	if _, err := newSnapshot(v, Limits{}.withDefaults(), "."); !errors.Is(err, ErrTooLarge) {
		t.Errorf("100,000 files: %v, want ErrTooLarge", err)
	}
	v, set = hostileTree(t, object.TreeEntry{Name: "f", Mode: filemode.Regular})
	for range 200 {
		h, err := set.Put(
			(&object.Tree{Entries: []object.TreeEntry{{Name: "d", Mode: filemode.Dir, Hash: v.commit.Tree.plumbing()}}}).Encode,
		)
		if err != nil {
			t.Fatal(err)
		}
		v.commit.Tree = hashOf(h)
	}
	if _, err := newSnapshot(v, Limits{}.withDefaults(), "."); !errors.Is(err, ErrTooLarge) {
		t.Errorf("200 folders deep: %v, want ErrTooLarge", err)
	}
}
