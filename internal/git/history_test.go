// SPDX-License-Identifier: Apache-2.0

package git

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/git/gittest"
)

// TestMergeBase takes git merge-base as the truth.
func TestMergeBase(t *testing.T) {
	overBoth(t, func(t *testing.T, repo *gittest.Repo, url string) {
		repo.History(firstDepth+20, func(i int) map[string]string { return map[string]string{"f": fmt.Sprint(i)} })
		repo.Reset("topic", "main~3")
		repo.CommitTo("topic", map[string]string{"g": "x"}, "topic")
		repo.Reset("old", fmt.Sprintf("main~%d", firstDepth+10))
		repo.CommitTo("old", map[string]string{"g": "y"}, "old")
		repo.CommitTo("orphan", map[string]string{"h": "z"}, "orphan")
		r := openMain(t, url)
		for _, pair := range [][2]string{
			{"main", "topic"},
			{"topic", "main"},
			{"main", "main"},
			{"main~1", "topic~1"},
			{"main", "old"},
			{"topic", "old"},
			{"main~5", "main"},
			{repo.Git("rev-parse", "topic"), "main"},
		} {
			want := repo.Git("merge-base", pair[0], pair[1])
			got, err := r.MergeBase(context.Background(), pair[0], pair[1])
			if err != nil || string(got.Hash) != want {
				t.Errorf("%v: %s, %v, git says %s", pair, got.Hash, err, want)
				continue
			}
			if _, err := r.Snapshot(got); err != nil {
				t.Errorf("%v: %v", pair, err)
			}
		}
		if c, err := r.MergeBase(context.Background(), "main", "orphan"); !errors.Is(err, ErrUnrelated) {
			t.Errorf("unrelated: %s, %v", c.Hash, err)
		}
		if _, err := r.MergeBase(context.Background(), "main", "nosuch"); !errors.Is(err, ErrUnknownRevision) {
			t.Errorf("a name that is not there: %v", err)
		}
	})
}

// TestBeforeHistory is about the parent of the first commit, which is no mistake of the user, and about one commit
// more, which is.
func TestBeforeHistory(t *testing.T) {
	repo := gittest.NewRepo(t)
	repo.History(3, func(i int) map[string]string { return map[string]string{"f": fmt.Sprint(i)} })
	r := openMain(t, repo.Dir)
	for rev, before := range map[string]bool{
		"main~3": true, "main^^^": true, "main~2^": true, strings.Repeat("0", 40): true,
		"main~4": false, "main^^^^": false, "main~3~1": false,
	} {
		if _, err := r.Resolve(context.Background(), rev); errors.Is(err, ErrBeforeHistory) != before || err == nil {
			t.Errorf("%s: %v, want ErrBeforeHistory %t", rev, err, before)
		}
	}
}

// TestClones looks revisions up in clones as a build server makes them: shallow, and with a single branch.
func TestClones(t *testing.T) {
	repo := gittest.NewRepo(t)
	repo.History(5, func(i int) map[string]string { return map[string]string{"f": fmt.Sprint(i)} })
	repo.Reset("topic", "main~1")
	repo.CommitTo("topic", map[string]string{"g": "x"}, "topic")
	for _, test := range []struct {
		name       string
		args       []string
		rev, other string // other asks for the merge base
		text, hint string
	}{
		{"a parent", []string{"--depth=1"}, "HEAD~1", "", "is a shallow clone", "git fetch --unshallow"},
		{"a grandparent", []string{"--depth=2"}, "HEAD~3", "", "is a shallow clone", "fetch-depth: 0"},
		{
			"where a branch forked",
			[]string{"--depth=1", "--no-single-branch", "--branch=topic"},
			"origin/main", "topic", "is a shallow clone", "git fetch --unshallow",
		},
		{
			"another branch",
			[]string{"--single-branch", "--branch=topic"},
			"main", "", "unknown revision",
			"git fetch origin main:refs/remotes/origin/main",
		},
		{"a branch of the remote", []string{"--branch=topic"}, "main", "", "unknown revision", "did you mean origin/main?"},
	} {
		dir := filepath.Join(t.TempDir(), "clone")
		args := append(append([]string{"clone", "-q"}, test.args...), "file://"+repo.Dir, dir)
		if out, err := exec.Command("git", args...).CombinedOutput(); err != nil {
			t.Fatalf("%s: %s", err, out)
		}
		r := mustOpen(t, Options{URL: dir, Branch: gittest.Main})
		_, err := r.Resolve(context.Background(), test.rev)
		if test.other != "" {
			_, err = r.MergeBase(context.Background(), test.rev, test.other)
		}
		if err == nil || !strings.Contains(err.Error(), test.text) ||
			strings.Contains(err.Error(), "commit "+strings.Repeat("0", 40)) {
			t.Errorf("%s: %v, want %s", test.name, err, test.text)
			continue
		}
		if hints := strings.Join(diag.Hints(err), "; "); !strings.Contains(hints, test.hint) {
			t.Errorf("%s: hint %q, want %s", test.name, hints, test.hint)
		}
	}
}
