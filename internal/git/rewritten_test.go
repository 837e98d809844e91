// SPDX-License-Identifier: Apache-2.0

package git

import (
	"fmt"
	"strings"
	"testing"

	"syncer.dev/syncer/internal/git/gittest"
)

// TestContains asks for commits that are in the history of the tip, near and far, over merges, and for commits that a
// rewritten branch lost, whether or not the server still has them.
func TestContains(t *testing.T) {
	overBoth(t, func(t *testing.T, repo *gittest.Repo, url string) {
		repo.History(200, func(i int) map[string]string { return map[string]string{"f": fmt.Sprint(i)} })
		r := openMain(t, url)
		want := func(name string, ancestor string, in bool) {
			t.Helper()
			c := mustFetch(t, r)
			got, err := r.Contains(t.Context(), c, Hash(ancestor))
			if err != nil || got != in {
				t.Errorf("%s: %t, %v; want %t", name, got, err, in)
			}
		}
		tip := repo.Head(gittest.Main)
		want("the tip itself", tip, true)
		for _, n := range []int{1, 15, 17, 150} {
			want(fmt.Sprintf("%d before", n), repo.Git("rev-parse", fmt.Sprintf("%s~%d", tip, n)), true)
		}
		want("nothing known of it", strings.Repeat("ab", 20), false)

		repo.CommitTo("topic", map[string]string{"g": "g"}, "elsewhere")
		side := repo.Head("topic")
		want("another branch", side, false)
		merge := repo.Git("-c", "user.name=T", "-c", "user.email=t@example.com", "commit-tree", gittest.Main+"^{tree}",
			"-p", gittest.Main, "-p", side, "-m", "merge")
		repo.Reset(gittest.Main, merge)
		want("merged", side, true)
		want("first parent of the merge", tip, true)

		repo.Reset(gittest.Main, tip+"~3")
		want("rewound", tip, false)
		want("rewound, the merge", merge, false)
		want("what is left", repo.Git("rev-parse", tip+"~4"), true)
		next := repo.Commit(map[string]string{"f": "next"}, "another history")
		want("a new commit on an older one", tip, false)
		want("its parent", repo.Git("rev-parse", tip+"~3"), true)
		repo.Git("reflog", "expire", "--expire=now", "--all")
		repo.DeleteBranch("topic")
		repo.Git("gc", "--quiet", "--prune=now")
		want("forgotten by the server", tip, false)
		want("the new tip", next, true)
	})
}

func TestNewest(t *testing.T) {
	repo := gittest.NewRepo(t)
	find := func(subject string) (string, bool) {
		t.Helper()
		c, ok, err := openMain(t, repo.URL()).Branch("log").Newest(t.Context(), func(c Commit) bool {
			return c.Subject() == subject
		})
		if err != nil {
			t.Fatal(err)
		}
		return string(c.Hash), ok
	}
	repo.Commit(map[string]string{"f": "f"}, "source")
	if h, ok := find("a"); ok {
		t.Errorf("%s on a branch that does not exist", h)
	}
	first := repo.CommitTo("log", map[string]string{"f": "0"}, "a")
	for i := range 40 {
		repo.CommitTo("log", map[string]string{"f": fmt.Sprint(i)}, "other")
	}
	if h, ok := find("a"); !ok || h != first {
		t.Errorf("%s, %t; want %s", h, ok, first)
	}
	last := repo.CommitTo("log", map[string]string{"f": "last"}, "a")
	if h, ok := find("a"); !ok || h != last {
		t.Errorf("%s, %t; want %s", h, ok, last)
	}
	if h, ok := find("none"); ok {
		t.Errorf("%s matches nothing", h)
	}
}
