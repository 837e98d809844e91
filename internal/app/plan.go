// SPDX-License-Identifier: Apache-2.0

package app

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"syncer.dev/syncer/internal/app/access"
	"syncer.dev/syncer/internal/app/adapters"
	"syncer.dev/syncer/internal/app/upstream"
	"syncer.dev/syncer/internal/clock"
	"syncer.dev/syncer/internal/config"
	"syncer.dev/syncer/internal/engine"
	"syncer.dev/syncer/internal/git"
	"syncer.dev/syncer/internal/plan"
)

// observeTimeout bounds the time of the first listing of live objects in PlanLive.
const observeTimeout = 20 * time.Second

// PlanLive compares the tip of the branch, or the commit that head names, with the live objects: the plan of the next
// pass of the loop.
func PlanLive(ctx context.Context, c config.Config, head string) (plan.Plan, error) {
	p, err := adapters.Connect(c, func(c config.Config) (*git.Repository, error) {
		return access.AsPerson(c, c.Source.URL)
	})
	if err != nil {
		return plan.Plan{}, err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	p.Cluster.Start(ctx)
	loop := NewLoop(
		p,
		access.NewReader(c, nil),
		upstream.Source{Repository: p.Repository, Config: c, Head: head},
		engine.PreviewAll,
		slog.New(slog.DiscardHandler),
		NewHealth(c),
	)
	for deadline := time.Now().Add(observeTimeout); ; {
		made, err := loop.Plan(ctx)
		var starting interface{ Starting() bool }
		if err == nil || !errors.As(err, &starting) || !starting.Starting() || time.Now().After(deadline) {
			return made, err
		}
		if err := clock.Sleep(ctx, 50*time.Millisecond); err != nil {
			return plan.Plan{}, err
		}
	}
}
