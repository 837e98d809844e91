// SPDX-License-Identifier: Apache-2.0

// Package planning makes the plan that "plan" shows: between two commits, or between the live objects and one commit.
package planning

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"syncer.dev/syncer/internal/app"
	"syncer.dev/syncer/internal/app/compare"
	"syncer.dev/syncer/internal/app/observe"
	"syncer.dev/syncer/internal/cli/settings"
	"syncer.dev/syncer/internal/plan"
	"syncer.dev/syncer/internal/workspace"
)

// Request says what to compare.
type Request struct {
	Base, Head string // commits; without Base, what is live
	Repository string // to look commits up in; "" for that of the working folder
	Live       observe.Mode
}

// Plan makes the plan, with the configuration that is for it.
func (r Request) Plan(ctx context.Context, s settings.Settings) (plan.Plan, error) {
	local := ""
	if r.Base != "" && r.Repository == "" {
		local = settings.WorkingClone()
	}
	load := s.Load
	if local != "" {
		load = s.LoadLocal
	}
	c, err := load()
	if err != nil {
		return plan.Plan{}, err
	}
	if r.Base == "" {
		if len(s.Facts) > 0 {
			return plan.Plan{}, errors.New("--facts is for --base; without it, the cluster is asked")
		}
		if c.Source.URL == "" && (c.Kubeconfig != "" || c.Context != "") { // a named cluster, and the clone here
			c.Source.URL, r.Head = settings.WorkingClone(), cmp.Or(r.Head, "HEAD")
		}
		return app.PlanLive(ctx, c, r.Head)
	}
	if c.Cluster == "" {
		c.Cluster = "example"
	}
	repository := cmp.Or(r.Repository, local, c.Source.URL)
	if repository == "" {
		return plan.Plan{}, errors.New("the working folder is in no repository; give --repo, or --set source.url=VALUE")
	}
	return compare.Commits(ctx, c, compare.Request{
		Repository: repository,
		Base:       r.Base,
		Head:       r.Head,
		Facts:      s.Facts,
		Live:       r.Live,
	})
}

// Changed returns the Workspaces that a plan changes.
func Changed(p plan.Plan) []string {
	var out []string
	for _, c := range p.Changes {
		if c.Op != plan.NoOp && c.Workspace != (workspace.Key{}) {
			out = append(out, c.Workspace.String())
		}
	}
	slices.Sort(out)
	return out
}
