// SPDX-License-Identifier: Apache-2.0

package pullrequest

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"syncer.dev/syncer/internal/app/access"
	"syncer.dev/syncer/internal/app/commits"
	"syncer.dev/syncer/internal/app/upstream"
	"syncer.dev/syncer/internal/config"
	"syncer.dev/syncer/internal/engine"
	"syncer.dev/syncer/internal/git"
	"syncer.dev/syncer/internal/plan"
	"syncer.dev/syncer/internal/review"
	"syncer.dev/syncer/internal/source"
)

// planner makes the plans of pull requests. It has a repository of its own, so that it evicts nothing that the loop
// holds. Heads come from anybody: their trees are read like every source, with the configuration of the operator and
// without any key, and nothing in them is executed.
type planner struct {
	config config.Config
	repo   *git.Repository
	reader source.Reader
	live   liveFacts
	memory *engine.Memory // of plans of the same target, so that the next one costs what its head changes
	// clone means that the repository is one on this machine, which has heads by their hash and not by their ref.
	clone bool
	// seen returns the outcome of the loop, if there is a loop.
	seen func() (outcome, bool)
}

// newPlanner returns a planner. Its cache of rendered objects is its own: a pull request evicts nothing of the
// loop.
func newPlanner(c config.Config, repo *git.Repository, live liveFacts) *planner {
	reader := access.NewReader(c, nil)
	reader.Open = nil // the Secrets of a pull request stay closed
	return &planner{
		config: c,
		repo:   repo,
		reader: reader,
		live:   live,
		memory: engine.NewMemory(),
		seen:   func() (outcome, bool) { return outcome{}, false },
	}
}

// Basis implements review.Planner.
func (p *planner) Basis(ctx context.Context) (review.Basis, error) {
	if seen, ok := p.seen(); ok {
		return review.Basis{Tip: seen.Commit, Facts: seen.facts()}, nil
	}
	tip, err := p.repo.Head(ctx)
	return review.Basis{Tip: string(tip)}, err
}

// Plan implements review.Planner.
func (p *planner) Plan(ctx context.Context, pr review.PullRequest) (plan.Plan, error) {
	head, err := p.head(ctx, pr)
	if err != nil {
		return plan.Plan{}, refusedInput(err)
	}
	base, err := p.base(ctx, pr)
	if err != nil {
		return plan.Plan{}, refusedInput(err)
	}
	before, err := upstream.ReadSide(base, p.repo, p.config, head)
	if err != nil {
		return plan.Plan{}, fmt.Errorf("read the target: %w", err)
	}
	after, err := upstream.ReadSide(head, p.repo, p.config, base)
	if err != nil {
		return plan.Plan{}, &review.InputError{Err: err}
	}
	ctx, cancel := context.WithCancel(ctx) // the end of what live has started
	defer cancel()
	live, cluster, err := p.live(ctx, pr)
	if err != nil {
		return plan.Plan{}, err
	}
	e := engine.New(engine.Settings{
		Policy: source.PolicyOf(p.config), Read: p.reader.Revision, Live: live, Memory: p.memory,
	}, cluster)
	made, err := e.Between(ctx, before, after)
	return made, refusedInput(err)
}

// revision returns the name under which the repository has the head. Azure DevOps has no ref for the head of a fork: it
// is the second parent of the merge commit.
func (p *planner) revision(pr review.PullRequest) string {
	name := pr.HeadRef
	switch {
	case p.clone || name == "":
		return pr.Head
	case strings.HasPrefix(name, "refs/pull/") && strings.HasSuffix(name, "/merge"):
		return name + "^2"
	}
	return name
}

// head returns the head of a pull request, and review.ErrMoved if its ref names another commit by now.
func (p *planner) head(ctx context.Context, pr review.PullRequest) (commits.Side, error) {
	name := p.revision(pr)
	if !git.Hash(pr.Head).Valid() {
		return commits.Side{}, fmt.Errorf("the forge names the head %.60q, which is no commit", pr.Head)
	}
	head, err := commits.At(ctx, p.repo, name)
	if err == nil && string(head.Commit.Hash) != pr.Head {
		return head, fmt.Errorf("%s is %s: %w", name, head.Commit.Hash.Short(), review.ErrMoved)
	}
	return head, err
}

// base returns the commit where a pull request forked off its target, or the tip of the target if they have no commit
// in common.
func (p *planner) base(ctx context.Context, pr review.PullRequest) (commits.Side, error) {
	var err error
	for _, target := range p.targets(pr) {
		var base commits.Side
		base, err = commits.Look(p.repo, func() (git.Commit, error) {
			return p.repo.MergeBase(ctx, target, p.revision(pr))
		})
		if errors.Is(err, git.ErrUnrelated) {
			return commits.At(ctx, p.repo, target)
		}
		if !errors.Is(err, git.ErrUnknownRevision) {
			return base, err
		}
	}
	return commits.Side{}, err
}

// targets are the names of the target, the best first. A clone has the branch as its remote had it.
func (p *planner) targets(pr review.PullRequest) []string {
	target := cmp.Or(pr.Target, p.config.Source.Branch)
	if p.clone {
		return []string{"refs/remotes/origin/" + target, "refs/heads/" + target}
	}
	return []string{"refs/heads/" + target}
}

// refusedInput returns an error as a *review.InputError if the pull request is the reason.
func refusedInput(err error) error {
	if errors.Is(err, git.ErrTooLarge) {
		return &review.InputError{Err: err}
	}
	return err
}

// outcome is what the last pass of the loop came to.
type outcome struct {
	review.Observed
	plan plan.Plan
}

// facts identifies what is live, as far as a plan shows it: nodes, cost, quota and prices.
func (o outcome) facts() string {
	type live struct {
		Key, InstanceType string
		Nodes             int
		Serves            bool
	}
	lives := make([]live, 0, len(o.Reports))
	for _, r := range o.Reports {
		lives = append(lives, live{r.Key.String(), r.InstanceType, r.TargetNodeCount, r.State == "Ready"})
	}
	quota := make([]string, 0, len(o.plan.Quota))
	for _, q := range o.plan.Quota {
		quota = append(quota, q.String())
	}
	data, err := json.Marshal([]any{lives, quota, o.plan.Cost, o.plan.Region, o.plan.PricesDate})
	if err != nil { // a price that is no number
		return ""
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
