// SPDX-License-Identifier: Apache-2.0

package git

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/git/gittest"
)

// annotate makes an annotated tag, or moves it.
func annotate(repo *gittest.Repo, name, commit string) {
	repo.Git("-c", "user.name=T", "-c", "user.email=t@example.com",
		"tag", "--force", "--annotate", "-m", name, name, commit)
}

// TestFollowATag follows lightweight and annotated tags, and tags of tags, as they move.
func TestFollowATag(t *testing.T) {
	lightweight := func(repo *gittest.Repo, name, commit string) { repo.Git("tag", "--force", name, commit) }
	nested := func(repo *gittest.Repo, name, commit string) {
		annotate(repo, "inner", commit)
		annotate(repo, name, "inner")
	}
	for kind, move := range map[string]func(repo *gittest.Repo, name, commit string){
		"lightweight": lightweight, "annotated": annotate, "tag of a tag": nested,
	} {
		t.Run(kind, func(t *testing.T) {
			overBoth(t, func(t *testing.T, repo *gittest.Repo, url string) {
				first := repo.Commit(map[string]string{"f": "1", "g": "g"}, "first")
				second := repo.Commit(map[string]string{"f": "2"}, "second")
				third := repo.Commit(map[string]string{"f": "3"}, "third")
				repo.CommitTo("v1", map[string]string{"f": "a branch of the same name"}, "misleading")
				r := mustOpen(t, Options{URL: url, Tag: "v1"})
				if _, err := r.Fetch(t.Context()); !errors.Is(err, ErrTagNotFound) {
					t.Errorf("without the tag: %v", err)
				}
				for _, step := range []struct {
					to, file string
					forced   bool
				}{{first, "1", false}, {third, "3", false}, {second, "2", true}, {second, "2", false}, {third, "3", false}} {
					move(repo, "v1", step.to)
					c := mustFetch(t, r)
					if string(c.Hash) != step.to || c.Forced != step.forced {
						t.Errorf("fetched %s, forced %t; want %s, %t", c.Hash, c.Forced, step.to, step.forced)
					}
					if got := contents(t, mustSnapshot(t, r, c)); got["f"] != step.file || got["g"] != "g" {
						t.Errorf("files %v, want f = %s", got, step.file)
					}
					if h, err := r.Head(t.Context()); kind != "tag of a tag" && (err != nil || string(h) != step.to) {
						t.Errorf("Head = %s, %v, want %s", h, err, step.to)
					}
				}
				if c := mustFetch(t, r); string(c.Hash) != third || c.Forced {
					t.Errorf("a tag that stays: %+v", c)
				}
				repo.Git("tag", "--delete", "v1")
				if _, err := r.Fetch(t.Context()); !errors.Is(err, ErrTagNotFound) || !strings.Contains(err.Error(), "v1") {
					t.Errorf("a tag that was deleted: %v", err)
				}
			})
		})
	}
}

// TestTagOfSomethingElse: a tag of a file or a folder names no commit.
func TestTagOfSomethingElse(t *testing.T) {
	repo := gittest.NewRepo(t)
	repo.Commit(map[string]string{"d/f": "1"}, "first")
	for name, what := range map[string]string{"file": "main:d/f", "folder": "main:d"} {
		annotate(repo, name, what)
		_, err := mustOpen(t, Options{URL: repo.URL(), Tag: name}).Fetch(t.Context())
		if err == nil || !strings.Contains(err.Error(), "not a commit") {
			t.Errorf("a tag of a %s: %v", name, err)
		}
	}
}

// TestFollowACommit follows a commit behind the tip of a branch, where the server gives it, and what a tag names.
func TestFollowACommit(t *testing.T) {
	overBoth(t, func(t *testing.T, repo *gittest.Repo, url string) {
		repo.History(20, func(i int) map[string]string { return map[string]string{"f": fmt.Sprint(i)} })
		older := repo.Git("rev-parse", "main~7")
		r := mustOpen(t, Options{URL: url, Commit: older})
		_, err := r.Fetch(t.Context())
		var hint diag.Hinter
		if !errors.As(err, &hint) || !strings.Contains(hint.Hint(), "allowReachableSHA1InWant") ||
			!strings.Contains(err.Error(), older[:7]) {
			t.Errorf("a server that gives tips only: %v", err)
		}
		repo.Git("tag", "pinned", older)
		if c := mustFetch(t, r); string(c.Hash) != older {
			t.Errorf("a commit that a tag names: %+v", c)
		}
		repo.Git("tag", "--delete", "pinned")
		repo.Git("config", "uploadpack.allowReachableSHA1InWant", "true")
		for range 2 {
			c := mustFetch(t, r)
			if got := contents(t, mustSnapshot(t, r, c)); string(c.Hash) != older || c.Forced || got["f"] != "12" {
				t.Errorf("fetched %+v with %v", c, got)
			}
			repo.Commit(map[string]string{"f": "new"}, "new")
		}
		lost := mustOpen(t, Options{URL: url, Commit: strings.Repeat("ab", 20)})
		if _, err := lost.Fetch(t.Context()); !errors.Is(err, ErrUnknownRevision) {
			t.Errorf("a commit that does not exist: %v", err)
		}
	})
}

// TestStatusBesideATag: status commits do not need the source to be a branch.
func TestStatusBesideATag(t *testing.T) {
	repo := gittest.NewRepo(t)
	first := repo.Commit(map[string]string{"f": "1"}, "first")
	annotate(repo, "v1", first)
	r := mustOpen(t, Options{URL: repo.URL(), Tag: "v1"})
	mustFetch(t, r)
	mustCommit(t, r.Branch(gittest.Main), statusChange(map[string]string{"x": "y"}))
	if c := mustFetch(t, r); string(c.Hash) != first {
		t.Errorf("the tag is at %s after a status commit", c.Hash)
	}
}
