// SPDX-License-Identifier: Apache-2.0

package app

import (
	"log/slog"
	"time"

	"syncer.dev/syncer/internal/app/access"
	"syncer.dev/syncer/internal/app/adapters"
	"syncer.dev/syncer/internal/app/pages"
	"syncer.dev/syncer/internal/app/reviewrecords"
	"syncer.dev/syncer/internal/app/statusbranch"
	"syncer.dev/syncer/internal/app/upstream"
	"syncer.dev/syncer/internal/components"
	"syncer.dev/syncer/internal/config"
	"syncer.dev/syncer/internal/engine"
	"syncer.dev/syncer/internal/git"
	"syncer.dev/syncer/internal/reconcile"
	"syncer.dev/syncer/internal/source"
	"syncer.dev/syncer/internal/version"
)

// NewLoop returns a loop on the adapters.
func NewLoop(
	p *adapters.Parts,
	reading source.Reader,
	from upstream.Source,
	depth engine.Depth,
	log *slog.Logger,
	health *components.Health,
) *reconcile.Loop {
	c := reading.Config
	reading.Open, from.Keys = access.Opening(p.Keys), p.Keys
	return reconcile.New(reconcile.Settings{
		Policy:        source.PolicyOf(c),
		Depth:         depth,
		Version:       version.String(),
		Interval:      c.Source.Interval,
		CloudInterval: adapters.ModeOf(c).CloudInterval,
		Debounce:      c.Status.Debounce,
		Resync:        resync,
		GPUDeadline:   c.Capacity.AKS.GPUDeadline,
		Review:        reviewrecords.Settings(c),
		Links:         pages.Links(c),
	}, reconcile.Parts{
		Source: from,
		Recorder: statusbranch.Recorder{
			Branch: p.Repository.Branch(c.Status.Branch), Config: c, Log: log, Fences: p.Fences,
			Held: new(git.Held),
		},
		Share:   p.Share,
		Reviews: reviewrecords.Of(p.Repository, c),
		Commits: upstream.Commits{Repository: p.Repository},
		Cluster: p.Cluster,
		Look:    p.Cluster.Look,
		Due:     p.Cluster.Due,
		Log:     log,
		Health:  health,
		Cloud:   p.Cloud,
		Read:    reading.Revision,
	})
}

// resync is the interval at which the loop observes everything without an event.
const resync = 10 * time.Minute

// NewHealth returns a Health of the components that the configuration has.
func NewHealth(c config.Config) *components.Health {
	always := []string{components.Git, components.Status, components.Kubernetes}
	return components.NewHealth(append(always, adapters.ModeOf(c).Components...)...)
}
