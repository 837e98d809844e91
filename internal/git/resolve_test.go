// SPDX-License-Identifier: Apache-2.0

package git

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"syncer.dev/syncer/internal/git/gittest"
)

// TestResolve takes git rev-parse as the truth.
func TestResolve(t *testing.T) {
	overBoth(t, func(t *testing.T, repo *gittest.Repo, url string) {
		ctx := context.Background()
		repo.History(10, func(i int) map[string]string { return map[string]string{"f": fmt.Sprint(i)} })
		tip := repo.Commit(map[string]string{"f": "tip"}, "tip")
		repo.Reset("feature", "main~3")
		repo.CommitTo("feature", map[string]string{"g": "x"}, "feature")
		merge := repo.Git("-c", "user.name=T", "-c", "user.email=t@example.com",
			"commit-tree", "main^{tree}", "-p", "main", "-p", "feature", "-m", "merge")
		repo.Git("update-ref", "refs/pull/7/head", merge)
		repo.Git("tag", "light", "main~4")
		repo.Git("-c", "user.name=T", "-c", "user.email=t@example.com", "tag", "-a", "-m", "annotated", "v1.0", "main~2")
		repo.Git("tag", "feature", "main~1") // a tag and a branch of the same name: Git takes the tag
		r := openMain(t, url)

		for _, rev := range []string{
			"HEAD", "@", "main", "refs/heads/main", "heads/main", "light", "v1.0", "tags/v1.0", "v1.0~1", "refs/pull/7/head",
			"refs/pull/7/head^2", "refs/pull/7/head^2~1", "refs/pull/7/head^^", "refs/pull/7/head^0",
			"HEAD~1", "HEAD~4", "HEAD^", "main~10", "feature", "refs/heads/feature", tip, tip[:7], tip + "~2",
			repo.Git("rev-parse", "main~5"), repo.Git("rev-parse", "main~5") + "~1", repo.Git("rev-parse", "main~6")[:10],
		} {
			want := repo.Git("rev-parse", rev+"^{commit}")
			c, err := r.Resolve(ctx, rev)
			if err != nil || string(c.Hash) != want {
				t.Errorf("Resolve(%q) = %s, %v, git says %s", rev, c.Hash, err, want)
				continue
			}
			s, err := r.Snapshot(c)
			if err != nil {
				t.Errorf("snapshot of %q: %v", rev, err)
				continue
			}
			if got := contents(t, s)["f"]; got != repo.Show(want, "f") {
				t.Errorf("%q: f = %q", rev, got)
			}
		}
		for _, rev := range []string{
			"missing", "main~100", "main^2", "main^3", "HEAD~999999999999999999999", strings.Repeat("0", 40), "deadbeef",
			strings.Repeat("ab", 20), "main:f", "-x", "light^{tree}",
		} {
			if c, err := r.Resolve(ctx, rev); !errors.Is(err, ErrUnknownRevision) || !strings.Contains(err.Error(), rev) {
				t.Errorf("Resolve(%q) = %s, %v, want ErrUnknownRevision", rev, c.Hash, err)
			}
		}
	})
}

func TestResolveAsksForACommitWhereTheServerAllows(t *testing.T) {
	repo := gittest.NewRepo(t)
	repo.Git("config", "uploadpack.allowReachableSHA1InWant", "true")
	repo.History(50, func(i int) map[string]string { return map[string]string{"f": strings.Repeat(fmt.Sprint(i*i), 500)} })
	r := openMain(t, repo.URL())
	want := repo.Git("rev-parse", "main~30")
	if c, err := r.Resolve(context.Background(), want); err != nil || string(c.Hash) != want {
		t.Errorf("Resolve = %s, %v, want %s", c.Hash, err, want)
	}
	if n := commits(r.held()[0].store); n != 1 || repo.Traffic().PackOut > 1000 {
		t.Errorf("%d bytes were received: the history was sent", repo.Traffic().PackOut)
	}
	if _, err := r.Resolve(context.Background(), strings.Repeat("ab", 20)); !errors.Is(err, ErrUnknownRevision) {
		t.Errorf("a commit that is not there: %v", err)
	}
}

func TestResolvedCommitsAreBounded(t *testing.T) {
	repo := gittest.NewRepo(t)
	repo.History(20, func(i int) map[string]string { return map[string]string{"f": fmt.Sprint(i)} })
	r := openMain(t, repo.Dir)
	for i := range 20 {
		if _, err := r.Resolve(context.Background(), fmt.Sprintf("HEAD~%d", i)); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(r.held()); n > maxResolved {
		t.Errorf("%d commits are held", n)
	}
}
