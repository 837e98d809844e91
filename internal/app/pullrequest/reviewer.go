// SPDX-License-Identifier: Apache-2.0

package pullrequest

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"syncer.dev/syncer/internal/app/access"
	"syncer.dev/syncer/internal/app/adapters"
	"syncer.dev/syncer/internal/app/forges"
	"syncer.dev/syncer/internal/app/reviewrecords"
	"syncer.dev/syncer/internal/config"
	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/git"
	"syncer.dev/syncer/internal/reconcile"
	"syncer.dev/syncer/internal/review"
	"syncer.dev/syncer/internal/version"
	"syncer.dev/syncer/internal/workspace"
)

// Reviewer runs a reviewer beside the loop. The loop hands its outcomes over and waits for nothing: a forge that is
// slow, away or wrong delays reviews only.
type Reviewer struct {
	reviewer *review.Reviewer
	repo     *git.Repository

	mu    sync.Mutex
	last  outcome
	known bool
}

// NewReviewer returns the reviewer of a daemon, or nil if the configuration names no forge. It contacts no server.
func NewReviewer(c config.Config, parts *adapters.Parts, log *slog.Logger) (*Reviewer, error) {
	if c.Review.Forge == "" {
		return nil, nil
	}
	forge, err := forges.Open(c, version.UserAgent(), parts.Fence.MayWrite)
	if err != nil {
		return nil, err
	}
	return reviewerOn(forge, c, parts, log)
}

func reviewerOn(forge review.Forge, c config.Config, parts *adapters.Parts, log *slog.Logger) (*Reviewer, error) {
	if err := c.Need("cluster", "source.url"); err != nil {
		return nil, err
	}
	repo, err := access.AsDaemon(c)
	if err != nil {
		return nil, err
	}
	v := &Reviewer{repo: repo}
	planner := newPlanner(c, repo, (&daemonLive{config: c, parts: parts}).facts)
	planner.seen = v.seen
	v.reviewer = review.New(review.Options{
		Cluster:      c.Cluster,
		Target:       c.Source.Branch,
		Interval:     c.Review.Interval,
		Forge:        forge,
		Planner:      planner,
		Render:       renderComment,
		Recorder:     reviewrecords.Recorder{Store: reviewrecords.Of(repo, c).Fenced(parts.Fence)},
		Progress:     v,
		Environments: c.Review.Environments,
		Log:          Log(log),
	})
	return v, nil
}

// Run reviews until ctx ends.
func (v *Reviewer) Run(ctx context.Context) {
	if v != nil {
		v.reviewer.Run(ctx)
	}
}

// Passed takes over the outcome of a pass. One that got as far as no plan changes nothing: what was true is not known
// to be over.
func (v *Reviewer) Passed(o reconcile.Outcome) {
	if v == nil || o.Commit == "" || o.Plan.Cluster == "" {
		return
	}
	v.mu.Lock()
	v.last = outcome{Observed: review.Observed{
		Commit: o.Commit, Reports: o.Reports, Errors: unreported(o),
	}, plan: o.Plan}
	v.known = true
	v.mu.Unlock()
	v.reviewer.Progressed()
}

// unreported are the errors of the source that are about no Workspace with a report.
func unreported(o reconcile.Outcome) []diag.Diagnostic {
	reported := map[workspace.Key]bool{}
	for i := range o.Reports {
		reported[o.Reports[i].Key] = true
	}
	var out []diag.Diagnostic
	for _, d := range o.Plan.Problems {
		if d.Severity == diag.Error && !reported[d.Workspace] {
			out = append(out, d)
		}
	}
	return out
}

func (v *Reviewer) seen() (outcome, bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.last, v.known
}

// Observed implements review.Progress.
func (v *Reviewer) Observed() (review.Observed, bool) {
	last, known := v.seen()
	return last.Observed, known
}

// Contains implements review.Progress.
func (v *Reviewer) Contains(ctx context.Context, tip, commit string) (bool, error) {
	return v.repo.Contains(ctx, git.Commit{Hash: git.Hash(tip)}, git.Hash(commit))
}

// Recent implements review.Progress. The time of a commit is that of its author: a rebase keeps it.
func (v *Reviewer) Recent(ctx context.Context, tip string, since time.Time, n int) ([]string, error) {
	commits, err := v.repo.Log(ctx, git.Hash(tip), n)
	var out []string
	for _, c := range commits {
		if !c.Time.Before(since) {
			out = append(out, string(c.Hash))
		}
	}
	return out, err
}

// Hint says that pull requests may have changed.
func (v *Reviewer) Hint() {
	if v != nil {
		v.reviewer.Hint()
	}
}

// Stats returns the counts of the reviewer, if there is one.
func (v *Reviewer) Stats() (review.Stats, bool) {
	if v == nil {
		return review.Stats{}, false
	}
	return v.reviewer.Stats(), true
}
