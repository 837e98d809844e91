// SPDX-License-Identifier: Apache-2.0

package pullrequest

import (
	"context"
	"log/slog"

	"syncer.dev/syncer/internal/app/access"
	"syncer.dev/syncer/internal/app/adapters"
	"syncer.dev/syncer/internal/config"
	"syncer.dev/syncer/internal/engine"
	"syncer.dev/syncer/internal/review"
)

// What tests reach, to put a forge in memory, and a cluster in memory, in their place.
var (
	ReviewOn       = reviewOn
	ForPullRequest = forPullRequest
)

// ReviewerOn returns the reviewer of a daemon whose servers do not answer.
func ReviewerOn(forge review.Forge, c config.Config) (*Reviewer, error) {
	p, err := adapters.Connect(c, access.AsDaemon)
	if err != nil {
		return nil, err
	}
	return reviewerOn(forge, c, p, slog.New(slog.DiscardHandler))
}

// Pass looks at the pull requests once.
func (v *Reviewer) Pass(ctx context.Context) error {
	_, err := v.reviewer.Pass(ctx)
	return err
}

var _ engine.Cluster = withoutSecrets{}

// Unreported are the errors of an outcome that no report is about.
var Unreported = unreported
