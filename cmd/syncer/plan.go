package main

import (
	"context"
	"errors"
	"fmt"
	"path"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"syncer.dev/syncer/internal/apply"
	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/config"
	"syncer.dev/syncer/internal/git"
	"syncer.dev/syncer/internal/plan"
	"syncer.dev/syncer/internal/status"
)

// planFlags are the flags of "plan".
type planFlags struct {
	base, head, repo, output string
	exitCode                 bool
}

func newPlan(std stdio) *cobra.Command {
	var f planFlags
	cmd := &cobra.Command{
		Use:   "plan",
		Short: "Show what would change, and what it would cost",
		Long: `Show what would change between what is live and the tip of the branch; or, with --base, between two commits, without a
cluster and without Azure. It is computed by the functions that "syncer run" acts on.

Commits are looked up in the repository of the current folder, if there is one, and otherwise at source.url.`,
		Example: `  syncer plan
  syncer plan --base main --head HEAD
  syncer plan -o json --exit-code`,
		Args: cobra.NoArgs,
	}
	cfg := configFlags(cmd, std)
	cmd.Flags().StringVar(&f.base, "base", "", "commit to compare with, instead of what is live")
	cmd.Flags().StringVar(&f.head, "head", "", "commit to plan (default HEAD, or the tip of source.branch)")
	cmd.Flags().StringVar(&f.repo, "repo", "", "repository to look commits up in")
	cmd.Flags().StringVarP(&f.output, "output", "o", "text", "text or json")
	cmd.Flags().BoolVar(&f.exitCode, "exit-code", false, "exit with 1 if anything would change")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if f.output != "text" && f.output != "json" {
			return fmt.Errorf("-o %q is not one of text, json", f.output)
		}
		c, err := cfg.load()
		if err != nil {
			return err
		}
		make := planLive
		if f.base != "" {
			make = planCommits
		}
		p, err := make(cmd.Context(), c, f)
		if err != nil {
			return err
		}
		if f.output == "json" {
			err = printJSON(std.out, p.Document())
		} else {
			err = p.Text(std.out)
		}
		if err == nil && f.exitCode && !p.Empty() {
			err = no("")
		}
		return err
	}
	return cmd
}

// planCommits compares two commits.
func planCommits(ctx context.Context, c config.Config, f planFlags) (plan.Plan, error) {
	if c.Cluster == "" {
		c.Cluster = "example"
	}
	if c.Capacity.AKS.Location == "" {
		c.Capacity.AKS.Location = defaultRegion
	}
	where := f.repo
	if where == "" {
		where = c.Source.URL
		if _, err := git.Open(git.Options{URL: "."}); err == nil && exists(".git") {
			where = "."
		}
	}
	if where == "" {
		return plan.Plan{}, errors.New("there is no repository here; give --repo or source.url")
	}
	repo, err := openRepository(c, where)
	if err != nil {
		return plan.Plan{}, err
	}
	head := f.head
	if head == "" {
		head = "HEAD"
	}
	reading := newReader(c)
	before, baseHash, err := desiredAt(ctx, repo, reading, f.base, plan.Observed{Eventual: true})
	if err != nil {
		return plan.Plan{}, err
	}
	after, headHash, err := desiredAt(ctx, repo, reading, head, plan.Eventually(before))
	if err != nil {
		return plan.Plan{}, err
	}
	return plan.Between(policyOf(c), baseHash, headHash, before, after), nil
}

// desiredAt works out what a commit asks for, after what is seen.
func desiredAt(ctx context.Context, repo *git.Repository, reading reader, rev string, seen plan.Observed) (plan.Side, string, error) {
	commit, err := repo.Resolve(ctx, rev)
	if err != nil {
		return plan.Side{}, "", fmt.Errorf("look up %s: %w", rev, err)
	}
	c := reading.config
	r, err := revision(repo, commit, c)
	if err != nil {
		return plan.Side{}, "", err
	}
	in, err := reading.read(r.Files)
	if err != nil {
		return plan.Side{}, "", fmt.Errorf("read %s: %w", rev, err)
	}
	in.Set.Rename(func(name string) string { return path.Join(c.Source.Path, name) })
	d, err := plan.Desire(ctx, in.Set, in.Catalog, in.Renderer, policyOf(c), seen)
	return plan.Side{Set: in.Set, Desired: d}, r.Commit, err
}

// planLive compares the tip of the branch with what is live.
func planLive(ctx context.Context, c config.Config, f planFlags) (plan.Plan, error) {
	p, err := connect(c)
	if err != nil {
		return plan.Plan{}, err
	}
	commit, err := p.repo.Fetch(ctx)
	if err == nil && f.head != "" {
		commit, err = p.repo.Resolve(ctx, f.head)
	}
	if err != nil {
		return plan.Plan{}, err
	}
	r, err := revision(p.repo, commit, c)
	if err != nil {
		return plan.Plan{}, err
	}
	in, err := newReader(c).read(r.Files)
	if err != nil {
		return plan.Plan{}, err
	}
	in.Set.Rename(func(name string) string { return path.Join(c.Source.Path, name) })
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	p.cluster.Start(ctx)
	seen := plan.Observed{Live: true, Now: time.Now()}
	if seen.State, err = observe(ctx, p.cluster); err != nil {
		return plan.Plan{}, err
	}
	policy := policyOf(c)
	if seen.Found, err = p.cluster.Look(ctx, in.Outside(policy), seen.Now); err != nil {
		return plan.Plan{}, err
	}
	in = in.With(seen.Found, policy)
	var quotaErr error
	if p.cloud != nil {
		if seen.Pools, err = p.cloud.Pools(ctx); err != nil {
			return plan.Plan{}, err
		}
		recorded, err := recorder{p.repo.Branch(c.Status.Branch), c}.Read(ctx)
		if err != nil {
			return plan.Plan{}, err
		}
		seen.Unavailable = status.UnavailableFrom(recorded)
		seen.Quota, quotaErr = p.cloud.Quota(ctx)
	}
	desired, err := plan.Desire(ctx, in.Set, in.Catalog, in.Renderer, policy, seen)
	if err != nil {
		return plan.Plan{}, err
	}
	objects := make([]*unstructured.Unstructured, len(desired.Objects))
	for i, o := range desired.Objects {
		objects[i] = o.Content
	}
	previews, err := p.cluster.Preview(ctx, objects)
	if err != nil {
		return plan.Plan{}, err
	}
	return plan.AgainstLive(plan.LiveInput{
		Policy: policy, Head: r.Commit, AllowEmpty: r.AllowEmpty, Side: plan.Side{Set: in.Set, Desired: desired}, Seen: seen,
		Previews: previews, Quota: func() (capacity.Quota, error) { return seen.Quota, quotaErr },
	}), nil
}

// observeTimeout is how long a command waits for the first listing of what is live.
const observeTimeout = 20 * time.Second

// observe waits until everything that is live has been listed once.
func observe(ctx context.Context, c *apply.Cluster) (cluster.State, error) {
	deadline := time.Now().Add(observeTimeout)
	for {
		s, err := c.Observe(ctx)
		if err == nil || time.Now().After(deadline) {
			return s, err
		}
		if err := sleep(ctx, 50*time.Millisecond); err != nil {
			return s, err
		}
	}
}
