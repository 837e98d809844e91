// SPDX-License-Identifier: Apache-2.0

package review

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"syncer.dev/syncer/internal/status"
)

// deployments makes the environment of each Workspace show its state.
func (f *follower) deployments(ctx context.Context, seen Observed) error {
	d, ok := f.options.Forge.(Deployer)
	if !ok || !f.options.Environments {
		return nil
	}
	if err := f.listEnvironments(ctx, d); err != nil {
		return err
	}
	want, last := map[string]Deployment{}, map[string]time.Time{}
	for _, r := range seen.Reports {
		environment := f.environment(r)
		if commit := cmp.Or(r.DesiredCommit, r.ObservedCommit); commit != "" {
			want[environment] = deploymentOf(environment, commit, r)
			last[environment] = lastTransition(r)
		}
	}
	for name, shown := range f.shown {
		if _, still := want[name]; !still && shown.State != Inactive {
			want[name] = Deployment{
				Environment: name,
				Commit:      cmp.Or(shown.Commit, seen.Commit),
				State:       Inactive,
				Description: "the Workspace was removed",
			}
		}
	}
	var errs []error
	requests := 0
	for _, name := range sorted(want, func(n string) time.Time { return last[n] }) {
		if f.shown[name] == want[name] {
			continue
		}
		if requests++; requests > maxDeployments {
			break
		}
		if err := d.Deploy(ctx, want[name]); err != nil {
			errs = append(errs, fmt.Errorf("deployment of %s: %w", oneLine(name), err))
			if stops(ctx, err) {
				break
			}
			continue
		}
		f.shown[name] = want[name]
	}
	for name, shown := range f.shown {
		if _, still := want[name]; !still && shown.State == Inactive {
			delete(f.shown, name)
		}
	}
	return errors.Join(errs...)
}

// listEnvironments asks once which environments an earlier process has left.
func (f *follower) listEnvironments(ctx context.Context, d Deployer) error {
	l, ok := d.(EnvironmentLister)
	if !ok || f.listed {
		return nil
	}
	names, err := l.Environments(ctx, f.options.Cluster+"/")
	if err != nil {
		return fmt.Errorf("list environments: %w", err)
	}
	for _, name := range names {
		if _, known := f.shown[name]; !known {
			f.shown[name] = Deployment{Environment: name} // its state is not known
		}
	}
	f.listed = true
	return nil
}

func (f *follower) environment(r *status.Report) string {
	return f.options.Cluster + "/" + r.Key.String()
}

// deploymentOf returns the state of a Workspace as a forge shows it. Success needs an endpoint that answers, or a
// finished tuning.
func deploymentOf(environment, commit string, r *status.Report) Deployment {
	out := Deployment{
		Environment: environment,
		Commit:      commit,
		State:       InProgress,
		Description: cut(oneLine(r.Headline()), 140),
	}
	switch {
	case r.Failing():
		out.State = Failed
	case suspended(r):
		out.State = Inactive
	case r.DesiredCommit != "": // what runs is not what this commit asks for
		if len(r.Pools) == 0 && r.State == status.Pending {
			out.State = Queued
		}
	case r.State == status.Ready:
		out.State, out.URL = Succeeded, r.Endpoint
	case r.State == status.Succeeded:
		out.State = Succeeded
	case r.State == status.Pending && len(r.WorkerNodes) == 0 && len(r.Pools) == 0:
		out.State = Queued
	}
	return out
}

func lastTransition(r *status.Report) (last time.Time) {
	for _, c := range r.Conditions {
		if c.LastTransitionTime.After(last) {
			last = c.LastTransitionTime
		}
	}
	return last
}
