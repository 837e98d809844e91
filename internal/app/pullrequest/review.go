// SPDX-License-Identifier: Apache-2.0

package pullrequest

import (
	"context"
	"fmt"
	"io/fs"
	"log/slog"

	"syncer.dev/syncer/internal/app/access"
	"syncer.dev/syncer/internal/app/commits"
	"syncer.dev/syncer/internal/app/forges"
	"syncer.dev/syncer/internal/app/monitoring"
	"syncer.dev/syncer/internal/app/reviewrecords"
	"syncer.dev/syncer/internal/config"
	"syncer.dev/syncer/internal/git"
	"syncer.dev/syncer/internal/git/remote"
	"syncer.dev/syncer/internal/review"
	"syncer.dev/syncer/internal/version"
)

// Request is one step of a pipeline.
type Request struct {
	// Config names the forge. It is also the policy, unless Policy is set.
	Config config.Config
	// Policy returns the configuration by the files of the target: a file that a checkout of the head brings along must
	// not decide what may be merged. nil if the operator has named a file.
	Policy func(target fs.FS) (config.Config, error)
	// Repository is the clone that the step runs in, or a URL.
	Repository string
	Number     int
	// DryRun makes the plan, and shows the forge nothing.
	DryRun bool
	// Record writes what is shown to the status branch of source.url.
	Record bool
}

// Review reviews one pull request.
func Review(ctx context.Context, r Request) (review.Result, error) {
	forge, err := forges.Open(r.Config, version.UserAgent(), nil)
	if err != nil {
		return review.Result{}, err
	}
	return reviewOn(ctx, forge, r)
}

// reviewOn reviews one pull request on a forge.
func reviewOn(ctx context.Context, forge review.Forge, r Request) (review.Result, error) {
	c := r.Config
	repo, err := access.AsPerson(c, r.Repository)
	if err != nil {
		return review.Result{}, err
	}
	_, clone := remote.LocalPath(r.Repository)
	if r.Policy != nil {
		pr, err := forge.PullRequest(ctx, r.Number)
		if err != nil {
			return review.Result{}, fmt.Errorf("read pull request %d: %w", r.Number, err)
		}
		if c, err = policyOfTarget(ctx, repo, clone, pr, r); err != nil {
			return review.Result{}, err
		}
	}
	if err := c.Need("cluster"); err != nil {
		return review.Result{}, err
	}
	planner := newPlanner(c, repo, askedOnce(c, repo))
	planner.clone = clone
	o := review.Options{
		Cluster: c.Cluster, Target: c.Source.Branch, Forge: forge, Planner: planner, Render: renderComment,
	}
	if r.Record {
		if o.Recorder, err = reviewrecords.OpenRecorder(c); err != nil {
			return review.Result{}, err
		}
	}
	reviewer := review.New(o)
	if r.DryRun {
		return reviewer.Preview(ctx, r.Number)
	}
	return reviewer.One(ctx, r.Number)
}

// policyOfTarget returns the configuration by the files of the tip of a pull request's target.
func policyOfTarget(
	ctx context.Context, repo *git.Repository, clone bool, pr review.PullRequest, r Request,
) (config.Config, error) {
	finder := planner{config: r.Config, clone: clone}
	var err error
	for _, name := range finder.targets(pr) {
		var target commits.Side
		if target, err = commits.At(ctx, repo, name); err != nil {
			continue
		}
		var c config.Config
		if c, err = r.Policy(target.Files); err != nil {
			return c, fmt.Errorf("read the configuration of the target: %w", err)
		}
		return c, nil
	}
	return config.Config{}, fmt.Errorf("find the target of pull request %d: %w", pr.Number, err)
}

// Log is where a daemon's reviewer writes.
func Log(log *slog.Logger) *slog.Logger { return log.With("component", monitoring.ComponentForge) }
