// SPDX-License-Identifier: Apache-2.0

package azuredevops

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/microsoft/azure-devops-go-api/azuredevops/v7/git"

	"syncer.dev/syncer/internal/review"
	"syncer.dev/syncer/internal/review/forgehttp"
)

const (
	// pageSize is how many pull requests are asked for at once; the service's default is 101.
	pageSize = 100
	// maxPages bounds a list.
	maxPages = 20
)

// OpenPullRequests implements review.Forge. changed is false if the list equals the one before.
func (f *Forge) OpenPullRequests(ctx context.Context, target string) ([]review.PullRequest, bool, error) {
	ref := "refs/heads/" + target
	list, err := f.open(ctx, &ref)
	if err != nil {
		return nil, false, f.client.Error("list the open pull requests of "+f.project+"/"+f.name, err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if old, known := f.lists[target]; known && slices.Equal(old, list) {
		return nil, false, nil
	}
	f.lists[target] = list
	return slices.Clone(list), true, nil
}

// open lists the open pull requests into a branch, or into any if ref is nil.
func (f *Forge) open(ctx context.Context, ref *string) ([]review.PullRequest, error) {
	list := []review.PullRequest{}
	for page := range maxPages {
		skip, top := page*pageSize, pageSize
		found, err := f.git.GetPullRequests(ctx, git.GetPullRequestsArgs{
			RepositoryId: &f.name, Project: &f.project, Skip: &skip, Top: &top,
			SearchCriteria: &git.GitPullRequestSearchCriteria{
				Status: &git.PullRequestStatusValues.Active, TargetRefName: ref,
			},
		})
		if err != nil {
			return nil, err
		}
		for _, p := range value(found) {
			// One without a known commit appears once the service has looked at it.
			if pr, err := f.pullRequest(&p); err == nil && pr.Open {
				list = append(list, pr)
			}
		}
		if len(value(found)) < pageSize {
			slices.SortFunc(list, func(a, b review.PullRequest) int { return a.Number - b.Number })
			list = slices.CompactFunc(list, func(a, b review.PullRequest) bool { return a.Number == b.Number })
			f.remember(list)
			return list, nil
		}
	}
	return nil, fmt.Errorf("there are %d of them or more", maxPages*pageSize)
}

// remember notes the last commits of open pull requests.
func (f *Forge) remember(list []review.PullRequest) {
	for _, pr := range list {
		f.mu.Lock()
		numbers, _ := f.heads.Get(pr.Head)
		if !slices.Contains(numbers, pr.Number) {
			f.heads.Add(pr.Head, append(slices.Clone(numbers), pr.Number))
		}
		f.mu.Unlock()
	}
}

// PullRequest implements review.Forge.
func (f *Forge) PullRequest(ctx context.Context, number int) (pr review.PullRequest, err error) {
	p, err := f.git.GetPullRequest(ctx, git.GetPullRequestArgs{
		RepositoryId: &f.name, Project: &f.project, PullRequestId: &number,
	})
	if err == nil {
		pr, err = f.pullRequest(p)
	}
	if err != nil {
		return review.PullRequest{}, f.client.Error(
			fmt.Sprintf("read pull request %d of %s/%s", number, f.project, f.name), cause(err))
	}
	if pr.Open {
		f.remember([]review.PullRequest{pr})
	} else {
		f.forget(pr)
	}
	return pr, nil
}

// forget notes that a pull request is no longer open: its last commit may be one of the target now.
func (f *Forge) forget(pr review.PullRequest) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if numbers, ok := f.heads.Get(pr.Head); ok {
		closed := func(n int) bool { return n == pr.Number }
		f.heads.Add(pr.Head, slices.DeleteFunc(slices.Clone(numbers), closed))
	}
}

// cause returns the refusal in an error, whose text says all: the SDK and http.Client put the address before it.
func cause(err error) error {
	if s := new(forgehttp.StatusError); errors.As(err, &s) {
		return s
	}
	return err
}

// pullRequest translates a pull request. It fails if the last commit is unknown: the service looks at a new pull
// request a moment later.
func (f *Forge) pullRequest(p *git.GitPullRequest) (review.PullRequest, error) {
	source, target := value(p.LastMergeSourceCommit), value(p.TargetRefName)
	if value(source.CommitId) == "" {
		return review.PullRequest{}, errors.New("the service does not show its last commit yet")
	}
	branch, ok := strings.CutPrefix(target, "refs/heads/")
	if !ok {
		return review.PullRequest{}, fmt.Errorf("its target %.80q is no branch", target)
	}
	number := value(p.PullRequestId)
	pr := review.PullRequest{
		Number:  number,
		Title:   value(p.Title),
		URL:     f.page(number),
		Head:    value(source.CommitId),
		HeadRef: value(p.SourceRefName),
		Target:  branch,
		Fork:    p.ForkSource != nil,
		Draft:   value(p.IsDraft),
		Open:    value(p.Status) == git.PullRequestStatusValues.Active,
	}
	if pr.Fork || !strings.HasPrefix(pr.HeadRef, "refs/heads/") {
		// The service has no name for the last commit of a fork. The merge that it tries has it as a parent, and is the only
		// name under which this repository has it. There is none while the merge conflicts.
		pr.HeadRef = fmt.Sprintf("refs/pull/%d/merge", number)
	}
	if value(p.Status) == git.PullRequestStatusValues.Completed {
		merge := value(p.LastMergeCommit)
		pr.Merged = value(merge.CommitId)
	}
	return forgehttp.Checked(pr)
}
