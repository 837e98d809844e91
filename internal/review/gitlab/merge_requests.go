// SPDX-License-Identifier: Apache-2.0

package gitlab

import (
	"cmp"
	"context"
	"fmt"
	"net/http"

	gitlab "gitlab.com/gitlab-org/api/client-go"

	"syncer.dev/syncer/internal/review"
	"syncer.dev/syncer/internal/review/forgehttp"
)

// OpenPullRequests implements review.Forge. GitLab makes entity tags from the content of its answers.
func (f *Forge) OpenPullRequests(ctx context.Context, target string) ([]review.PullRequest, bool, error) {
	f.listing.Lock()
	defer f.listing.Unlock()
	l, ok := f.lists.Get(target)
	if !ok {
		l = &forgehttp.List{}
		f.lists.Add(target, l)
	}
	list, changed, err := l.Fetch(func(page int, etag string) (forgehttp.Page, bool, error) {
		return f.page(ctx, target, page, etag)
	})
	return list, changed, f.fault(err, "list merge requests")
}

func (f *Forge) page(ctx context.Context, target string, number int, etag string) (forgehttp.Page, bool, error) {
	options := []gitlab.RequestOptionFunc{gitlab.WithContext(ctx)}
	if etag != "" {
		options = append(options, gitlab.WithHeader("If-None-Match", etag))
	}
	// ListProjectMergeRequests of the SDK ends the process where an entry is null.
	path := "projects/" + gitlab.PathEscape(f.project) + "/merge_requests"
	req, err := f.sdk.NewRequest(http.MethodGet, path, &gitlab.ListProjectMergeRequestsOptions{
		ListOptions:  gitlab.ListOptions{Page: int64(number), PerPage: perPage},
		State:        gitlab.Ptr("opened"),
		TargetBranch: &target,
		OrderBy:      gitlab.Ptr("created_at"),
		Sort:         gitlab.Ptr("asc"),
	}, options)
	if err != nil {
		return forgehttp.Page{}, false, err
	}
	var list []*gitlab.BasicMergeRequest
	resp, err := f.sdk.Do(req, &list)
	switch {
	case resp != nil && resp.StatusCode == http.StatusNotModified && etag != "":
		return forgehttp.Page{}, false, nil // the SDK fails to decode nothing
	case err != nil:
		return forgehttp.Page{}, false, err
	}
	page := forgehttp.Page{ETag: resp.Header.Get("ETag"), More: resp.NextPage != 0}
	for _, m := range some(list) {
		if m.SHA == "" {
			continue // no commit was pushed yet
		}
		pr, err := f.pullRequest(m)
		if err != nil {
			return forgehttp.Page{}, false, err
		}
		if pr.Open && pr.Target == target {
			page.Items = append(page.Items, pr)
		}
	}
	return page, true, nil
}

// PullRequest implements review.Forge.
func (f *Forge) PullRequest(ctx context.Context, number int) (review.PullRequest, error) {
	m, _, err := f.sdk.MergeRequests.GetMergeRequest(f.project, int64(number), nil, gitlab.WithContext(ctx))
	if err == nil && m == nil {
		err = errNull
	}
	if err != nil {
		return review.PullRequest{}, f.fault(err, "read merge request %d", number)
	}
	pr, err := f.pullRequest(&m.BasicMergeRequest)
	if err == nil && pr.Number != number {
		err = fmt.Errorf("the answer is about %d", pr.Number)
	}
	return pr, f.fault(err, "read merge request %d", number)
}

// pullRequest converts GitLab's answer. The commit on the target is the merge commit; without one, by the method
// "fast-forward", it is the squashed commit or the head itself (GitLab Docs, "Merge methods").
func (f *Forge) pullRequest(m *gitlab.BasicMergeRequest) (review.PullRequest, error) {
	out := review.PullRequest{
		Number:  int(m.IID),
		Title:   m.Title,
		URL:     m.WebURL,
		Head:    m.SHA,
		HeadRef: fmt.Sprintf("refs/merge-requests/%d/head", m.IID),
		Target:  m.TargetBranch,
		Fork:    m.SourceProjectID != m.TargetProjectID, // 0 if the fork was deleted
		Draft:   m.Draft,
		Open:    m.State == "opened" || m.State == "locked", // locked: being merged
	}
	if m.State == "merged" {
		out.Merged = cmp.Or(m.MergeCommitSHA, m.SquashCommitSHA, m.SHA)
	}
	out, err := forgehttp.Checked(out)
	if err != nil {
		return out, err
	}
	// A commit status belongs to a ref. Of a commit that no branch of the project has, GitLab cannot tell which.
	ref := m.SourceBranch
	if out.Fork {
		ref = out.HeadRef
	}
	f.refs.Add(out.Head, ref)
	if out.Merged != "" {
		f.refs.Add(out.Merged, out.Target)
	}
	return out, nil
}
