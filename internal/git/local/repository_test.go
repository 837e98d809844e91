// SPDX-License-Identifier: Apache-2.0

package local

import (
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"syncer.dev/syncer/internal/git/gittest"
	"syncer.dev/syncer/internal/testenv"
	"syncer.dev/syncer/internal/watch"
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
	of := func(gitDir, common string) []string {
		return append(in(gitDir, "HEAD"), in(common, "packed-refs", "refs/heads", "refs/tags", "reftable")...)
	}
	check(repo.Dir, of(repo.Dir, repo.Dir))

	clone := filepath.Join(t.TempDir(), "clone")
	repo.Git("clone", "--quiet", repo.Dir, clone)
	check(clone, of(clone+"/.git", clone+"/.git"))

	linked := filepath.Join(t.TempDir(), "linked")
	add := exec.Command("git", "-C", clone, "worktree", "add", "--quiet", "-b", "side", linked)
	if out, err := add.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	check(linked, of(clone+"/.git/worktrees/linked", clone+"/.git"))
	check(filepath.Join(t.TempDir(), "missing"), nil)
}

// TestWatchedMoves moves branches and tags as Git does, loose and packed, and waits for the signal of each.
func TestWatchedMoves(t *testing.T) {
	repo := gittest.NewRepo(t)
	first := repo.Commit(map[string]string{"f": "1"}, "first")
	ctx, cancel := testenv.Context(t)
	defer cancel()
	changed, err := watch.Paths(ctx, time.Millisecond, WatchPaths(repo.Dir)...)
	if err != nil {
		t.Fatal(err)
	}
	for name, move := range map[string]func(){
		"a commit":             func() { repo.Commit(map[string]string{"f": "2"}, "second") },
		"a branch in a folder": func() { repo.Git("branch", "team/new", first) },
		"a tag":                func() { repo.Git("tag", "v1", first) },
		"packed":               func() { repo.Git("pack-refs", "--all") },
		"another HEAD":         func() { repo.Git("symbolic-ref", "HEAD", "refs/heads/other") },
	} {
		for len(changed) > 0 {
			<-changed
		}
		move()
		select {
		case <-changed:
		case <-ctx.Done():
			t.Fatalf("%s: no signal", name)
		}
	}
}
