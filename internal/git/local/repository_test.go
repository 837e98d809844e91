// SPDX-License-Identifier: Apache-2.0

package local

import (
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"syncer.dev/syncer/internal/git/gittest"
)

func TestWatchPaths(t *testing.T) {
	repo := gittest.NewRepo(t)
	repo.Commit(map[string]string{"f": "f"}, "first")
	repo.CommitTo("team/a", map[string]string{"f": "f"}, "first")
	in := func(dir string, paths ...string) []string {
		for i, p := range paths {
			paths[i] = filepath.Join(dir, p)
		}
		return paths
	}
	check := func(dir string, want []string) {
		t.Helper()
		if got := WatchPaths(dir); !slices.Equal(got, want) {
			t.Errorf("WatchPaths(%s) = %v, want %v", dir, got, want)
		}
	}
	check(repo.Dir, in(repo.Dir, ".", "refs/heads", "refs/heads/team"))

	clone := filepath.Join(t.TempDir(), "clone")
	repo.Git("clone", "--quiet", repo.Dir, clone)
	check(clone, in(clone, ".git", ".git/refs/heads"))

	linked := filepath.Join(t.TempDir(), "linked")
	add := exec.Command("git", "-C", clone, "worktree", "add", "--quiet", "-b", "side", linked)
	if out, err := add.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	check(linked, in(clone, ".git/worktrees/linked", ".git", ".git/refs/heads"))
	check(filepath.Join(t.TempDir(), "missing"), nil)
}
