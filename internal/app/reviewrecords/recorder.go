// SPDX-License-Identifier: Apache-2.0

package reviewrecords

import (
	"context"
	"time"

	"syncer.dev/syncer/internal/app/access"
	"syncer.dev/syncer/internal/config"
	"syncer.dev/syncer/internal/plan"
	"syncer.dev/syncer/internal/plan/reviews"
	"syncer.dev/syncer/internal/review"
)

// Recorder keeps what a comment shows, on the status branch.
type Recorder struct{ Store Store }

// OpenRecorder returns a Recorder on the status branch of source.url.
func OpenRecorder(c config.Config) (Recorder, error) {
	if err := c.Need("source.url"); err != nil {
		return Recorder{}, err
	}
	repo, err := access.AsPerson(c, c.Source.URL)
	if err != nil {
		return Recorder{}, err
	}
	return Recorder{Of(repo, c)}, nil
}

// Record implements review.Recorder.
func (r Recorder) Record(ctx context.Context, pr review.PullRequest, p plan.Plan) error {
	now := time.Now()
	_, err := r.Store.Write(ctx, reviews.Records(&p, reviews.Showing{
		PullRequest: pr.URL, Commit: pr.Head, At: now,
	}), now)
	return err
}
