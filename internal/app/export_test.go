// SPDX-License-Identifier: Apache-2.0

package app

import (
	"context"
	"log/slog"

	"syncer.dev/syncer/internal/app/access"
	"syncer.dev/syncer/internal/app/adapters"
	"syncer.dev/syncer/internal/config"
	"syncer.dev/syncer/internal/engine"
	"syncer.dev/syncer/internal/reconcile"
	"syncer.dev/syncer/internal/review"
)

// What tests reach, to put a forge in memory, and a cluster in memory, in their place.
var (
	ReviewOn       = reviewOn
	ForPullRequest = forPullRequest
)

// Reviewing is the reviewer of a daemon.
type Reviewing struct{ *reviewing }

// ReviewingOn returns the reviewer of a daemon whose servers do not answer.
func ReviewingOn(forge review.Forge, c config.Config) (Reviewing, error) {
	p, err := adapters.Connect(c, access.AsDaemon)
	if err != nil {
		return Reviewing{}, err
	}
	v, err := reviewingOn(forge, c, p, slog.New(slog.DiscardHandler))
	return Reviewing{v}, err
}

// Pass looks at the pull requests once.
func (v Reviewing) Pass(ctx context.Context) error {
	_, err := v.reviewer.Pass(ctx)
	return err
}

// Run reviews until ctx ends, as a daemon does.
func (v Reviewing) Run(ctx context.Context) { v.run(ctx) }

// Hint says what a webhook says.
func (v Reviewing) Hint() { v.hint() }

// Passed hands an outcome over.
func (v Reviewing) Passed(o reconcile.Outcome) { v.passed(o) }

var _ engine.Cluster = withoutSecrets{}

// Unreported are the errors of an outcome that no report is about.
var Unreported = unreported
