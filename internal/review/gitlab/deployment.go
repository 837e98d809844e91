// SPDX-License-Identifier: Apache-2.0

package gitlab

import (
	"cmp"
	"context"

	gitlab "gitlab.com/gitlab-org/api/client-go"

	"syncer.dev/syncer/internal/review"
	"syncer.dev/syncer/internal/review/forgehttp"
)

// deployed are GitLab's words for the states of deployments. Inactive is a state of the environment.
var deployed = map[review.DeploymentState]gitlab.DeploymentStatusValue{
	review.Queued:     gitlab.DeploymentStatusRunning,
	review.InProgress: gitlab.DeploymentStatusRunning,
	review.Succeeded:  gitlab.DeploymentStatusSuccess,
	review.Failed:     gitlab.DeploymentStatusFailed,
}

// stopped is the state of an environment that has ended.
const stopped = "stopped"

// Deploy implements review.Deployer. The address of the endpoint is that of the environment. It is taken away first
// where the endpoint may be dead, and set last where it is ready.
func (f *Forge) Deploy(ctx context.Context, d review.Deployment) error {
	if err := forgehttp.Commit(d.Commit); err != nil {
		return f.fault(err, "deployment of %s", d.Environment)
	}
	d.Description, d.URL = "", address(d.URL)
	if d.State != review.Succeeded {
		d.URL = ""
	}
	if d.State == review.Queued {
		d.State = review.InProgress
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

func (f *Forge) deploy(ctx context.Context, me int64, d review.Deployment) error {
	env, err := f.environment(ctx, d.Environment)
	if err != nil {
		return err
	}
	if env == nil && d.State == review.Inactive {
		return nil // nothing was ever deployed
	}
	// While a new one is on its way, what is there goes on.
	if env != nil && (d.State == review.Failed || d.State == review.Inactive) {
		if err := f.link(ctx, env, ""); err != nil {
			return err
		}
	}
	if d.State == review.Inactive {
		if env.State == stopped {
			return nil
		}
		// Without options the SDK would send a body of null.
		_, _, err := f.sdk.Environments.StopEnvironment(f.project, env.ID, &gitlab.StopEnvironmentOptions{},
			gitlab.WithContext(ctx))
		return err
	}
	if err := f.record(ctx, me, env, d); err != nil {
		return err
	}
	if d.State != review.Succeeded {
		return nil
	}
	if env == nil { // the deployment has made it
		if env, err = f.environment(ctx, d.Environment); err != nil || env == nil {
			return err
		}
	}
	return f.link(ctx, env, d.URL)
}

// environment returns an environment, nil if there is none.
func (f *Forge) environment(ctx context.Context, name string) (*gitlab.Environment, error) {
	list, _, err := f.sdk.Environments.ListEnvironments(f.project, &gitlab.ListEnvironmentsOptions{
		ListOptions: gitlab.ListOptions{PerPage: perPage},
		Name:        &name,
	}, gitlab.WithContext(ctx))
	if err != nil {
		return nil, err
	}
	for _, e := range some(list) {
		if e.Name == name {
			return e, nil
		}
	}
	return nil, nil //nolint:nilnil // there is no such environment
}

func (f *Forge) link(ctx context.Context, env *gitlab.Environment, address string) error {
	if env.ExternalURL == address {
		return nil
	}
	_, _, err := f.sdk.Environments.EditEnvironment(f.project, env.ID, &gitlab.EditEnvironmentOptions{
		ExternalURL: &address,
	}, gitlab.WithContext(ctx))
	return err
}

// record makes the state that of our last deployment. A deployment runs only once: what starts again, and what starts
// an environment again, is a new one (app/models/deployment.rb and environment.rb of GitLab).
func (f *Forge) record(ctx context.Context, me int64, env *gitlab.Environment, d review.Deployment) error {
	var last *gitlab.Deployment
	if env != nil {
		var err error
		if last, err = f.last(ctx, me, d.Environment); err != nil {
			return err
		}
	}
	state := deployed[d.State]
	started := env != nil && env.State != stopped
	same := last != nil && last.SHA == d.Commit
	switch {
	case same && started && last.Status == string(state):
		return nil
	case same && started && state != gitlab.DeploymentStatusRunning:
		return f.update(ctx, last.ID, state)
	case last != nil && last.Status == string(gitlab.DeploymentStatusRunning):
		// It is replaced before it has ended. The new one would stand beside one that runs for ever.
		if err := f.update(ctx, last.ID, gitlab.DeploymentStatusCanceled); err != nil {
			return err
		}
	}
	_, _, err := f.sdk.Deployments.CreateProjectDeployment(f.project, &gitlab.CreateProjectDeploymentOptions{
		Environment: &d.Environment,
		Ref:         gitlab.Ptr(cmp.Or(f.branch, d.Commit)),
		SHA:         &d.Commit,
		Tag:         gitlab.Ptr(false),
		Status:      &state,
	}, gitlab.WithContext(ctx))
	return err
}

// last returns our last deployment to an environment, nil if there is none.
func (f *Forge) last(ctx context.Context, me int64, environment string) (*gitlab.Deployment, error) {
	list, _, err := f.sdk.Deployments.ListProjectDeployments(f.project, &gitlab.ListProjectDeploymentsOptions{
		ListOptions: gitlab.ListOptions{PerPage: perPage},
		OrderBy:     gitlab.Ptr("id"),
		Sort:        gitlab.Ptr("desc"),
		Environment: &environment,
	}, gitlab.WithContext(ctx))
	if err != nil {
		return nil, err
	}
	for _, d := range some(list) {
		// A deployment of a CI job is not ours to change, and the API refuses it.
		if d.User != nil && d.User.ID == me && d.Deployable.ID == 0 {
			return d, nil
		}
	}
	return nil, nil //nolint:nilnil // there is no such deployment
}

func (f *Forge) update(ctx context.Context, id int64, state gitlab.DeploymentStatusValue) error {
	_, _, err := f.sdk.Deployments.UpdateProjectDeployment(f.project, id,
		&gitlab.UpdateProjectDeploymentOptions{Status: &state}, gitlab.WithContext(ctx))
	return err
}
