// SPDX-License-Identifier: Apache-2.0

// Package reviewstep puts a review together for one step of a pipeline, by what the user names and by the environment.
package reviewstep

import (
	"cmp"
	"errors"
	"io/fs"

	"syncer.dev/syncer/internal/app/pullrequest"
	"syncer.dev/syncer/internal/cli/pipeline"
	"syncer.dev/syncer/internal/cli/settings"
	"syncer.dev/syncer/internal/config"
	"syncer.dev/syncer/internal/source"
)

// Options are what the user names. Empty ones come from the pipeline.
type Options struct {
	Forge      string
	Number     int
	Repository string // with the commits; "" for that of the working folder
	DryRun     bool
	Record     bool
}

// Request puts together what to review. dir is an empty folder that lasts as long as the review.
func (o Options) Request(s settings.Settings, dir string) (pullrequest.Request, error) {
	r := pullrequest.Request{DryRun: o.DryRun, Record: o.Record}
	var err error
	if s.Named() {
		r.Config, err = s.Load()
	} else {
		// Whom syncer talks to never comes from a file that was found.
		r.Config, err = s.Alone()
		r.Policy = func(target fs.FS) (config.Config, error) {
			c, err := s.LoadTree(target, dir)
			withRegion(&c)
			return c, err
		}
	}
	if err != nil {
		return r, err
	}
	withRegion(&r.Config)
	r.Config.Review.Forge = cmp.Or(o.Forge, r.Config.Review.Forge)
	if r.Number, err = pipeline.Of(s.Env).Complete(&r.Config.Review, o.Number); err != nil {
		return r, err
	}
	if r.Repository = cmp.Or(o.Repository, settings.WorkingClone(), r.Config.Source.URL); r.Repository == "" {
		return r, errors.New("the working folder is in no repository; give --repo, or --set source.url=VALUE")
	}
	return r, nil
}

// withRegion sets the region of the prices, if the configuration has none.
func withRegion(c *config.Config) {
	c.Capacity.AKS.Location = cmp.Or(c.Capacity.AKS.Location, source.DefaultRegion)
}
