// SPDX-License-Identifier: Apache-2.0

package git

import (
	"os/exec"
	"path/filepath"
	"testing"

	"syncer.dev/syncer/internal/git/gittest"
)

// TestWorkingTrees follows a working tree, and a linked one.
func TestWorkingTrees(t *testing.T) {
	repo := gittest.NewRepo(t)
	repo.Commit(map[string]string{"f": "f"}, "first")
	clone := filepath.Join(t.TempDir(), "clone")
	repo.Git("clone", "--quiet", repo.Dir, clone)
	linked := filepath.Join(t.TempDir(), "linked")
	add := exec.Command("git", "-C", clone, "worktree", "add", "--quiet", "-b", "side", linked)
	if out, err := add.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, dir := range []string{clone, linked} {
		if c := mustFetch(t, openMain(t, dir)); string(c.Hash) != repo.Head(gittest.Main) {
			t.Errorf("%s: fetched %+v", dir, c)
		}
	}
}
