// SPDX-License-Identifier: Apache-2.0

package git

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"syncer.dev/syncer/internal/git/gittest"
)

// TestIndexOfSeveralWriters: two writers agree on the file at the top of their branch, and a change that leaves it as
// it is makes no commit.
func TestIndexOfSeveralWriters(t *testing.T) {
	overBoth(t, func(t *testing.T, repo *gittest.Repo, url string) {
		repo.Commit(map[string]string{"a": "b"}, "source")
		index := &Index{
			Name: "README.md", Folder: "status", Each: "README.md",
			Make: func(present []byte, found map[string][]byte) ([]byte, bool) {
				if strings.HasPrefix(string(present), "keep") {
					return nil, false
				}
				text := ""
				for _, name := range slices.Sorted(maps.Keys(found)) {
					text += name + "=" + string(found[name]) + "\n"
				}
				return []byte(text), true
			},
		}
		write := func(dir, text string) bool {
			change := statusChange(map[string]string{"README.md": text})
			change.Dir, change.Index = "status/"+dir, index
			_, changed := mustCommit(t, openMain(t, url).Branch(statusBranch), change)
			return changed
		}
		write("one", "1")
		write("two", "2")
		if got := repo.Git("show", statusBranch+":README.md"); got != "one=1\ntwo=2" {
			t.Errorf("the index is %q", got)
		}
		if write("one", "1") || write("two", "2") {
			t.Error("the same content makes a commit")
		}
		checkTrees(t, repo, statusBranch)
		repo.Fsck()
		if loose := repo.Git("fsck", "--unreachable", "--no-reflogs"); loose != "" {
			t.Errorf("fsck: %s", loose)
		}
	})
}
