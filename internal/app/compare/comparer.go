// SPDX-License-Identifier: Apache-2.0

package compare

import (
	"context"

	"syncer.dev/syncer/internal/app/access"
	"syncer.dev/syncer/internal/app/commits"
	"syncer.dev/syncer/internal/app/upstream"
	"syncer.dev/syncer/internal/config"
	"syncer.dev/syncer/internal/engine"
	"syncer.dev/syncer/internal/git"
	"syncer.dev/syncer/internal/plan"
	"syncer.dev/syncer/internal/source"
)

// Comparer plans what commits of one repository change, without a cluster and without Azure. It keeps the files of the
// last commits, what they were decoded to, and the plan of the last base: another head of the same base costs what it
// changes. Only one goroutine may use it.
type Comparer struct {
	config config.Config
	repo   *git.Repository
	reader source.Reader
	memory *engine.Memory
}

// New returns a Comparer of the repository at a URL or path. facts are files and folders with objects of the
// cluster. It reads these, and contacts no server.
func New(c config.Config, repository string, facts []string) (*Comparer, error) {
	reader, err := access.NewReader(c, nil).WithFacts(facts)
	if err != nil {
		return nil, err
	}
	repo, err := access.AsPerson(c, repository)
	if err != nil {
		return nil, err
	}
	return &Comparer{c, repo, reader, engine.NewMemory()}, nil
}

// Plan compares two commits; see Request for how they may be written.
func (p *Comparer) Plan(ctx context.Context, base, head string) (plan.Plan, error) {
	return p.plan(ctx, base, head, engine.Live{}, nil)
}

// plan is Plan with what is live.
func (p *Comparer) plan(
	ctx context.Context,
	base, head string,
	live engine.Live,
	cluster engine.Cluster,
) (plan.Plan, error) {
	between, err := commits.Parse(base, head)
	if err != nil {
		return plan.Plan{}, err
	}
	from, err := between.From(ctx, p.repo)
	if err != nil {
		return plan.Plan{}, err
	}
	to, err := commits.At(ctx, p.repo, between.Head)
	if err != nil {
		return plan.Plan{}, err
	}
	before, err := upstream.ReadSide(from, p.repo, p.config, to)
	if err != nil {
		return plan.Plan{}, err
	}
	after, err := upstream.ReadSide(to, p.repo, p.config, from)
	if err != nil {
		return plan.Plan{}, err
	}
	e := engine.New(engine.Settings{
		Policy: source.PolicyOf(p.config), Read: p.reader.Revision, Live: live, Memory: p.memory,
	}, cluster)
	return e.Between(ctx, before, after)
}
