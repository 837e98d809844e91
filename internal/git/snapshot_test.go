// SPDX-License-Identifier: Apache-2.0

package git

import (
	"errors"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"syncer.dev/syncer/internal/files"
	"syncer.dev/syncer/internal/git/gittest"
)

// maxFileBytes is the limit of a file by default.
const maxFileBytes = 1 << 20

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
	limit := strings.Repeat("x", maxFileBytes)
	repo.Commit(map[string]string{"models/big.bin": limit + "x", "limit.yaml": limit}, "large")
	r := openMain(t, repo.Dir)
	s := mustSnapshot(t, r, mustFetch(t, r))
	if b, err := s.ReadFile("limit.yaml"); err != nil || len(b) != maxFileBytes {
		t.Errorf("a file at the limit: %d bytes, %v", len(b), err)
	}
	_, err := fs.ReadFile(s, "models/big.bin")
	if !errors.Is(err, ErrTooLarge) || !strings.Contains(err.Error(), "models/big.bin") {
		t.Errorf("a file above the limit: %v, want ErrTooLarge with its path", err)
	}
	if info, err := s.Stat("models/big.bin"); err != nil || info.Size() != maxFileBytes+1 {
		t.Errorf("Stat of a file above the limit: %v, %v", info, err)
	}
}
