// SPDX-License-Identifier: Apache-2.0

package azuredevops

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/microsoft/azure-devops-go-api/azuredevops/v7/git"

	"syncer.dev/syncer/internal/review"
	"syncer.dev/syncer/internal/review/forgehttp"
)

type statusKey struct{ commit, context string }

// states are the service's words.
var states = map[review.State]git.GitStatusState{
	review.Pending: git.GitStatusStateValues.Pending,
	review.Success: git.GitStatusStateValues.Succeeded,
	review.Failure: git.GitStatusStateValues.Failed,
	review.Trouble: git.GitStatusStateValues.Error,
}

// SetStatus implements review.Forge. The context "syncer/CLUSTER/plan" has the genre "syncer/CLUSTER" and the name
// "plan": a branch policy is set up with both.
func (f *Forge) SetStatus(ctx context.Context, commit string, s review.CommitStatus) error {
	s.Description = forgehttp.Line(s.Description, maxDescription)
	err := f.setStatus(ctx, commit, s)
	return f.client.Error(fmt.Sprintf("set status %s of commit %.12s", s.Context, commit), cause(err))
}

func (f *Forge) setStatus(ctx context.Context, commit string, s review.CommitStatus) error {
	if err := forgehttp.Commit(commit); err != nil {
		return err
	}
	key := statusKey{commit, s.Context}
	if last, ok := f.statuses.Get(key); ok && last == s {
		return nil
	}
	numbers, err := f.headOf(ctx, commit)
	if err != nil {
		return err
	}
	f.statuses.Remove(key) // unknown, should an answer get lost
	if len(numbers) == 0 {
		err = f.setCommit(ctx, commit, s)
	}
	for _, number := range numbers {
		err = errors.Join(err, f.setIteration(ctx, number, commit, s))
	}
	if err == nil {
		f.statuses.Add(key, s)
	}
	return err
}

// headOf returns the open pull requests whose last commit is commit.
func (f *Forge) headOf(ctx context.Context, commit string) ([]int, error) {
	if numbers, ok := f.heads.Get(commit); ok {
		return numbers, nil
	}
	if _, err := f.open(ctx, nil); err != nil {
		return nil, err
	}
	numbers, _ := f.heads.Get(commit)
	f.heads.Add(commit, numbers) // also that there is none
	return numbers, nil
}

// status returns what is sent.
func status(s review.CommitStatus) git.GitStatus {
	genre, name := "", s.Context
	if i := strings.LastIndexByte(s.Context, '/'); i >= 0 {
		genre, name = s.Context[:i], s.Context[i+1:]
	}
	state := states[s.State]
	out := git.GitStatus{State: &state, Description: &s.Description, Context: &git.GitStatusContext{Name: &name}}
	if genre != "" {
		out.Context.Genre = &genre
	}
	if s.URL != "" {
		out.TargetUrl = &s.URL
	}
	return out
}

// same reports whether a status of the service is ours, and whether it says the same.
func same(s git.GitStatus, want review.CommitStatus) (context, all bool) {
	w := status(want)
	c := value(s.Context)
	context = strings.EqualFold(value(c.Genre), value(w.Context.Genre)) &&
		strings.EqualFold(value(c.Name), value(w.Context.Name))
	return context, context && value(s.State) == value(w.State) && value(s.TargetUrl) == value(w.TargetUrl) &&
		value(s.Description) == value(w.Description)
}

func (f *Forge) setCommit(ctx context.Context, commit string, s review.CommitStatus) error {
	latest := true
	top := 1000 // far more contexts than a commit has
	list, err := f.git.GetStatuses(ctx, git.GetStatusesArgs{
		RepositoryId: &f.name, Project: &f.project, CommitId: &commit, LatestOnly: &latest, Top: &top,
	})
	if err != nil {
		return err
	}
	for _, o := range value(list) {
		if _, equal := same(o, s); equal {
			return nil
		}
	}
	send := status(s)
	_, err = f.git.CreateCommitStatus(ctx, git.CreateCommitStatusArgs{
		RepositoryId: &f.name, Project: &f.project, CommitId: &commit, GitCommitStatusToCreate: &send,
	})
	return err
}

func (f *Forge) setIteration(ctx context.Context, number int, commit string, s review.CommitStatus) error {
	iteration, err := f.iteration(ctx, number, commit)
	if err != nil {
		return err
	}
	list, err := f.git.GetPullRequestIterationStatuses(ctx, git.GetPullRequestIterationStatusesArgs{
		RepositoryId: &f.name, Project: &f.project, PullRequestId: &number, IterationId: &iteration,
	})
	if err != nil {
		return err
	}
	newest, equal := 0, false
	for _, o := range value(list) {
		asStatus := git.GitStatus{Context: o.Context, Description: o.Description, State: o.State, TargetUrl: o.TargetUrl}
		if own, all := same(asStatus, s); own && value(o.Id) > newest {
			newest, equal = value(o.Id), all
		}
	}
	if equal {
		return nil
	}
	send := status(s)
	_, err = f.git.CreatePullRequestIterationStatus(ctx, git.CreatePullRequestIterationStatusArgs{
		RepositoryId: &f.name, Project: &f.project, PullRequestId: &number, IterationId: &iteration,
		Status: &git.GitPullRequestStatus{
			Context: send.Context, Description: send.Description, State: send.State, TargetUrl: send.TargetUrl,
		},
	})
	return err
}

// iteration returns the number of the push to a pull request that made commit its last one.
func (f *Forge) iteration(ctx context.Context, number int, commit string) (int, error) {
	list, err := f.git.GetPullRequestIterations(ctx, git.GetPullRequestIterationsArgs{
		RepositoryId: &f.name, Project: &f.project, PullRequestId: &number,
	})
	if err != nil {
		return 0, err
	}
	newest := 0
	for _, i := range value(list) {
		source := value(i.SourceRefCommit)
		if value(source.CommitId) == commit {
			newest = max(newest, value(i.Id))
		}
	}
	if newest == 0 {
		return 0, fmt.Errorf("pull request %d has no iteration with this commit yet", number)
	}
	return newest, nil
}
