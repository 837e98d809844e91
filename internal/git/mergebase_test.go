// SPDX-License-Identifier: Apache-2.0

package git

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"syncer.dev/syncer/internal/git/gittest"
)

// TestMergeBaseOfRandomHistories makes histories with merges that cross, several roots and clocks that are wrong, and
// takes git merge-base --all as the truth, in the repository itself and in shallow clones of it.
func TestMergeBaseOfRandomHistories(t *testing.T) {
	for seed := range uint64(4) {
		random := rand.New(rand.NewPCG(seed, 7))
		repo := gittest.NewRepo(t)
		tree := repo.GitInput("", "mktree")
		var commits []string
		for i := range 40 {
			args := []string{
				"-c", "user.name=x", "-c", "user.email=x@example.com", "commit-tree", tree, "-m", fmt.Sprint(i),
			}
			parents := map[string]bool{}
			for range min(1+random.IntN(2), len(commits)) {
				parents[commits[len(commits)-1-random.IntN(min(len(commits), 6))]] = true
			}
			if i == 20 {
				clear(parents) // a second root
			}
			for p := range parents {
				args = append(args, "-p", p)
			}
			when := fmt.Sprintf("2026-01-%02dT00:%02d:00Z", 1+random.IntN(3), i)
			commits = append(commits, strings.TrimSpace(repo.GitAt(when, args...)))
		}
		var names []string
		for i := range 8 {
			names = append(names, fmt.Sprintf("b%d", i))
			repo.Git("update-ref", "refs/heads/"+names[i], commits[len(commits)-1-random.IntN(30)])
		}
		compareBases(t, []git{repo.Git}, repo.Dir, names, fmt.Sprintf("seed %d", seed))
		if seed%2 == 0 {
			continue
		}
		clone := filepath.Join(t.TempDir(), "clone")
		repo.Git("clone", "--quiet", "--bare", "--no-single-branch", "--depth", "4", "file://"+repo.Dir, clone)
		in := func(args ...string) string { return repo.Git(append([]string{"-C", clone}, args...)...) }
		// git forgets the parents where the clone ends; their hashes are in the commits, so that more can be known.
		compareBases(t, []git{in, repo.Git}, clone, names, fmt.Sprintf("seed %d, shallow", seed))
	}
}

// git runs git in a repository.
type git func(args ...string) string

// compareBases compares the merge base of every pair of branches with those that git finds, in any of the repositories.
func compareBases(t *testing.T, in []git, url string, branches []string, about string) {
	t.Helper()
	r := openMain(t, url)
	for i, a := range branches {
		for _, b := range branches[i+1:] {
			// Without a base, git exits with 1 and prints nothing; the alias makes that no failure.
			var want []string
			for n, git := range in {
				found := strings.Fields(git("-c", "alias.bases=!git merge-base --all "+a+" "+b+" || true", "bases"))
				if want = append(want, found...); n == 0 && len(found) == 0 {
					want = append(want, "none")
				}
			}
			got, err := r.MergeBase(context.Background(), a, b)
			var shallow *ShallowError
			switch {
			case want[0] == "none" && (errors.Is(err, ErrUnrelated) || errors.As(err, &shallow)):
			case err != nil || !slices.Contains(want, string(got.Hash)):
				t.Errorf("%s: %s and %s: %q, %v; git says %v", about, a, b, got.Hash, err, want)
			}
		}
	}
}

// TestMergeBaseBehindAShortcut is about a merge that reaches an old commit in one step: the histories meet there first,
// long before the commit where the branch forked off.
func TestMergeBaseBehindAShortcut(t *testing.T) {
	repo := gittest.NewRepo(t)
	repo.History(3, func(i int) map[string]string { return map[string]string{"f": fmt.Sprint(i)} })
	fork := repo.Head("main")
	repo.Reset("topic", "main")
	for i := range firstDepth + 10 {
		repo.CommitTo("topic", map[string]string{"g": fmt.Sprint(i)}, "topic")
	}
	old := strings.TrimSpace(repo.Git("rev-parse", "main~2"))
	merge := strings.TrimSpace(repo.Git("-c", "user.name=x", "-c", "user.email=x@example.com",
		"commit-tree", "topic^{tree}", "-p", "topic", "-p", old, "-m", "merge"))
	repo.Git("update-ref", "refs/heads/topic", merge)
	repo.Commit(map[string]string{"f": "next"}, "next")
	got, err := openMain(t, repo.Dir).MergeBase(context.Background(), "main", "topic")
	if err != nil || string(got.Hash) != fork {
		t.Errorf("%s, %v, want %s", got.Hash, err, fork)
	}
}

// TestResolveReceivesWhatIsNew resolves heads of pull requests after their base, in every relation that they can have.
func TestResolveReceivesWhatIsNew(t *testing.T) {
	overBoth(t, func(t *testing.T, repo *gittest.Repo, url string) {
		repo.History(4, func(i int) map[string]string {
			return map[string]string{"f": fmt.Sprint(i), "same": "x", fmt.Sprint("dir/", i): "y"}
		})
		repo.Reset("behind", "main~2")
		repo.Reset("topic", "main~1")
		repo.CommitTo("topic", map[string]string{"g": "x"}, "topic")
		repo.CommitTo("orphan", map[string]string{"same": "x", "h": "z"}, "orphan")
		r := openMain(t, url)
		for _, name := range []string{"main", "topic", "behind", "main", "orphan", "main~1", "topic"} {
			c, err := r.Resolve(context.Background(), name)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			s, err := r.Snapshot(c, ".")
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			for _, file := range repo.Files(name) {
				got, err := s.ReadFile(file)
				if want := repo.Show(name, file); err != nil || string(got) != want {
					t.Errorf("%s: %s: %q, %v, want %q", name, file, got, err, want)
				}
			}
		}
	})
}
