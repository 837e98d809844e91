// SPDX-License-Identifier: Apache-2.0

package github

import (
	"context"

	"github.com/google/go-github/v84/github"

	"syncer.dev/syncer/internal/review"
	"syncer.dev/syncer/internal/review/forgehttp"
)

const (
	// task tells our deployments from those that others make for the same environment.
	task = "syncer"
	// earlier bounds how many older deployments are looked at: all before the last ready one are inactive already.
	earlier = 10
)

// Deploy implements review.Deployer. A commit has one deployment in an environment, whose statuses follow each other.
// Older ones that have not ended become inactive; those that were ready do once the new one is, which is GitHub's own
// rule, or when it fails or ends.
func (f *Forge) Deploy(ctx context.Context, d review.Deployment) error {
	if err := forgehttp.Commit(d.Commit); err != nil {
		return f.fault(err, "deployment of %s", d.Environment)
	}
	d.Description, d.URL = forgehttp.Line(d.Description, maxDescription), forgehttp.Web(d.URL)
	if d.State != review.Succeeded {
		d.URL = ""
	}
	done, err := f.turn.Take(ctx)
	if err != nil {
		return err
	}
	defer done()
	if last, ok := f.deployments.Get(d.Environment); ok && last == d {
		return nil
	}
	f.deployments.Remove(d.Environment)
	me, err := f.self(ctx)
	if err != nil {
		return err
	}
	if err := f.deploy(ctx, me, d); err != nil {
		return f.fault(err, "deployment of %s", d.Environment)
	}
	f.deployments.Add(d.Environment, d)
	return nil
}

func (f *Forge) deploy(ctx context.Context, me account, d review.Deployment) error {
	ours, err := f.listed(ctx, me, d.Environment)
	if err != nil {
		return err
	}
	var current *github.Deployment
	if len(ours) > 0 && (ours[0].GetSHA() == d.Commit || d.State == review.Inactive) {
		current, ours = ours[0], ours[1:]
	}
	if current == nil && d.State == review.Inactive {
		return nil // nothing was ever deployed
	}
	if current != nil {
		s, err := f.lastStatus(ctx, current.GetID())
		if err != nil {
			return err
		}
		if s.GetState() == string(d.State) && s.GetDescription() == d.Description && s.GetEnvironmentURL() == d.URL {
			return nil
		}
	}
	// First the older ones: an interruption must not leave one that shows success.
	if err := f.retire(ctx, ours, d.State); err != nil {
		return err
	}
	if current == nil {
		current, _, err = f.sdk.Repositories.CreateDeployment(ctx, f.owner, f.name, &github.DeploymentRequest{
			Ref:         &d.Commit,
			Task:        github.Ptr(task),
			Environment: &d.Environment,
			AutoMerge:   github.Ptr(false),
			// The commit is on its way already: statuses of it, such as our own, must not hold the record of that.
			RequiredContexts: &[]string{},
			Description:      &d.Description,
		})
		if err != nil {
			return err
		}
	}
	return f.setStatus(ctx, current.GetID(), d.State, d.Description, d.URL)
}

// listed returns our deployments in an environment, the newest first.
func (f *Forge) listed(ctx context.Context, me account, environment string) ([]*github.Deployment, error) {
	options := &github.DeploymentsListOptions{
		Task:        task,
		Environment: environment,
		ListOptions: github.ListOptions{PerPage: perPage},
	}
	list, _, err := f.sdk.Repositories.ListDeployments(ctx, f.owner, f.name, options)
	if err != nil {
		return nil, err
	}
	var ours []*github.Deployment
	for _, d := range list {
		if me.is(d.GetCreator()) && d.GetTask() == task && d.GetEnvironment() == environment {
			ours = append(ours, d)
		}
	}
	return ours, nil
}

// lastStatus returns the last status of a deployment, nil if there is none.
func (f *Forge) lastStatus(ctx context.Context, id int64) (*github.DeploymentStatus, error) {
	options := &github.ListOptions{PerPage: perPage}
	list, _, err := f.sdk.Repositories.ListDeploymentStatuses(ctx, f.owner, f.name, id, options)
	if err != nil {
		return nil, err
	}
	var last *github.DeploymentStatus
	for _, s := range list {
		if s.GetID() > last.GetID() {
			last = s
		}
	}
	return last, nil
}

// retire makes older deployments inactive.
func (f *Forge) retire(ctx context.Context, older []*github.Deployment, state review.DeploymentState) error {
	ended := state == review.Failed || state == review.Inactive
	for _, d := range older[:min(len(older), earlier)] {
		s, err := f.lastStatus(ctx, d.GetID())
		if err != nil {
			return err
		}
		switch s.GetState() {
		case string(review.Inactive):
			return nil // what is older was made inactive before it
		case string(review.Failed), "error":
			continue
		case string(review.Succeeded):
			if !ended {
				continue
			}
		}
		if err := f.setStatus(ctx, d.GetID(), review.Inactive, "replaced", ""); err != nil {
			return err
		}
	}
	return nil
}

func (f *Forge) setStatus(ctx context.Context, id int64, s review.DeploymentState, description, address string) error {
	sent := &github.DeploymentStatusRequest{
		State:        github.Ptr(string(s)),
		Description:  &description,
		AutoInactive: github.Ptr(true),
	}
	if address != "" {
		sent.EnvironmentURL = &address
	}
	_, _, err := f.sdk.Repositories.CreateDeploymentStatus(ctx, f.owner, f.name, id, sent)
	return err
}
