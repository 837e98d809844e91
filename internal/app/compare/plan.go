// SPDX-License-Identifier: Apache-2.0

package compare

import (
	"cmp"
	"context"

	"syncer.dev/syncer/internal/app/observe"
	"syncer.dev/syncer/internal/config"
	"syncer.dev/syncer/internal/engine"
	"syncer.dev/syncer/internal/plan"
	"syncer.dev/syncer/internal/source"
)

// Request names two commits of a repository.
type Request struct {
	Repository string // URL or path
	// Base may be written as Git writes ranges, and then names the head as well: "A...B" compares B with the commit where
	// it forked off A, "A..B" with A itself. Without B it is Head. "A" is the first if both have commits of their own, or
	// else the second.
	Base, Head string
	Facts      []string     // files and folders with objects of the cluster
	Live       observe.Mode // observe.Never if empty
}

// Commits compares two commits. What is live counts as Request.Live says. A command that calls it also calls SmallHeap.
func Commits(ctx context.Context, c config.Config, r Request) (plan.Plan, error) {
	p, err := New(c, r.Repository, r.Facts)
	if err != nil {
		return plan.Plan{}, err
	}
	p.memory = engine.Once()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	live, cluster, err := observe.Once(ctx, c, p.repo, cmp.Or(r.Live, observe.Never))
	if err != nil {
		return plan.Plan{}, err
	}
	if c.Capacity.AKS.Location == "" { // after Azure was asked, which has no default for it
		p.config.Capacity.AKS.Location = source.DefaultRegion
		p.reader.Config = p.config
	}
	return p.plan(ctx, r.Base, r.Head, live, cluster)
}
