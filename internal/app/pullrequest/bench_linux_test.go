// SPDX-License-Identifier: Apache-2.0

package pullrequest_test

import (
	"fmt"
	"testing"
	"time"

	"syncer.dev/syncer/internal/app/apptest"
	"syncer.dev/syncer/internal/app/pullrequest"
	"syncer.dev/syncer/internal/bench"
	"syncer.dev/syncer/internal/git/gittest"
	"syncer.dev/syncer/internal/review"
	"syncer.dev/syncer/internal/review/reviewtest"
)

// The limits from a pull request to its comment, among reviewWorkspaces.
const (
	reviewWorkspaces = 1_000
	webhookLimit     = 2 * time.Second
	pollLimit        = 5 * time.Second
)

// BenchmarkComment opens a pull request that changes one of 1,000 Workspaces, and measures how long its comment takes:
// after a webhook, with the wait that keeps a flood of webhooks away, and after the poll that sees it, in a process
// that has planned nothing so far. Git is a local repository, and the forge is in memory: it answers at once.
func BenchmarkComment(b *testing.B) {
	const heads = 8
	repo := apptest.Fleet(b, reviewWorkspaces, heads)
	scenario := fmt.Sprintf("comment of 1 among %d: ", reviewWorkspaces)
	b.Run("webhook", func(b *testing.B) {
		v, forge := benchReviewer(b, repo)
		go v.Run(b.Context())
		each := commentTime(b, repo, forge, heads, v.Hint)
		bench.Record(b, bench.Row{
			Scenario: scenario + "webhook", Subject: "syncer", Metric: "time against the limit of 2 s",
			Value: each.Seconds(), Unit: "s", Ratio: bench.Against(each.Seconds() / webhookLimit.Seconds()),
		})
	})
	b.Run("poll", func(b *testing.B) {
		var worst time.Duration
		for i := range min(b.N, 3) { // each plans the fleet from nothing
			v, forge := benchReviewer(b, repo)
			number := propose1(repo, forge, i)
			start := time.Now()
			if err := v.Pass(b.Context()); err != nil || len(forge.Comments(number)) != 1 {
				b.Fatalf("%d comments, %v", len(forge.Comments(number)), err)
			}
			worst = max(worst, time.Since(start))
		}
		b.ReportMetric(worst.Seconds(), "s/comment")
		bench.Record(b, bench.Row{
			Scenario: scenario + "poll", Subject: "syncer", Metric: "time against the limit of 5 s",
			Value: worst.Seconds(), Unit: "s", Ratio: bench.Against(worst.Seconds() / pollLimit.Seconds()),
		})
	})
}

// benchReviewer returns the reviewer of a daemon that looks at the pull requests once an hour.
func benchReviewer(b *testing.B, repo *gittest.Repo) (*pullrequest.Reviewer, *reviewtest.Repository) {
	forge := reviewtest.NewRepository()
	c, _ := apptest.OnAKS(b, apptest.Config(b, repo.Dir))
	c.Source.Path, c.Review.Interval = ".", time.Hour
	v, err := pullrequest.ReviewerOn(forge.Forge(), c)
	if err != nil {
		b.Fatal(err)
	}
	return v, forge
}

// propose1 opens a pull request of the branch topic-i.
func propose1(repo *gittest.Repo, forge *reviewtest.Repository, i int) int {
	head := repo.Head(fmt.Sprint("topic-", i))
	number := forge.Propose(review.PullRequest{Head: head, Target: gittest.Main})
	repo.Git("update-ref", fmt.Sprintf("refs/pull/%d/head", number), head)
	return number
}

// commentTime opens pull requests one after another, says so by hint, and returns the mean time until the comment of
// each. The first one plans the fleet from nothing, and does not count.
func commentTime(
	b *testing.B, repo *gittest.Repo, forge *reviewtest.Repository, heads int, hint func(),
) time.Duration {
	var sum time.Duration
	for i := range b.N + 1 {
		number := propose1(repo, forge, i%heads)
		start := time.Now()
		hint()
		for len(forge.Comments(number)) == 0 {
			if time.Since(start) > time.Minute {
				b.Fatalf("pull request %d has no comment", number)
			}
			time.Sleep(time.Millisecond)
		}
		if i > 0 {
			sum += time.Since(start)
		}
		forge.Close(number)
	}
	b.ReportMetric(sum.Seconds()/float64(b.N), "s/comment")
	return sum / time.Duration(b.N)
}
