// SPDX-License-Identifier: Apache-2.0

package github

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"github.com/google/go-github/v84/github"

	"syncer.dev/syncer/internal/review"
	"syncer.dev/syncer/internal/review/forgehttp"
)

// OpenPullRequests implements review.Forge. GitHub does not count a request that it answers with "not modified".
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
	return list, changed, f.fault(err, "list pull requests")
}

func (f *Forge) page(ctx context.Context, target string, number int, etag string) (forgehttp.Page, bool, error) {
	query := url.Values{
		"state":     {"open"},
		"base":      {target},
		"sort":      {"created"},
		"direction": {"asc"},
		"per_page":  {strconv.Itoa(perPage)},
		"page":      {strconv.Itoa(number)},
	}
	req, err := f.sdk.NewRequest(http.MethodGet, fmt.Sprintf("repos/%s/%s/pulls?%s", f.owner, f.name, query.Encode()), nil)
	if err != nil {
		return forgehttp.Page{}, false, err
	}
	if etag != "" {
		req.Header.Set("If-None-Match", etag)
	}
	var list []*github.PullRequest
	resp, err := f.sdk.Do(ctx, req, &list)
	switch {
	case resp != nil && resp.StatusCode == http.StatusNotModified && etag != "":
		return forgehttp.Page{}, false, nil
	case err != nil:
		return forgehttp.Page{}, false, err
	}
	page := forgehttp.Page{ETag: resp.Header.Get("ETag"), More: resp.NextPage != 0}
	for _, p := range list {
		pr, err := pullRequest(p)
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
	p, _, err := f.sdk.PullRequests.Get(ctx, f.owner, f.name, number)
	if err != nil {
		return review.PullRequest{}, f.fault(err, "read pull request %d", number)
	}
	pr, err := pullRequest(p)
	if err == nil && pr.Number != number {
		err = fmt.Errorf("the answer is about %d", pr.Number)
	}
	return pr, f.fault(err, "read pull request %d", number)
}

// pullRequest converts GitHub's answer. The merge commit of an open pull request is a trial that GitHub makes; of a
// merged one it is the commit on the target after a merge, a squash or a rebase (GitHub Docs, "Get a pull request").
func pullRequest(p *github.PullRequest) (review.PullRequest, error) {
	out := review.PullRequest{
		Number:  p.GetNumber(),
		Title:   p.GetTitle(),
		URL:     p.GetHTMLURL(),
		Head:    p.GetHead().GetSHA(),
		HeadRef: fmt.Sprintf("refs/pull/%d/head", p.GetNumber()),
		Target:  p.GetBase().GetRef(),
		// A fork that was deleted is null.
		Fork:  p.GetHead().GetRepo().GetID() != p.GetBase().GetRepo().GetID() || p.GetHead().GetRepo() == nil,
		Draft: p.GetDraft(),
		Open:  p.GetState() == "open",
	}
	if !out.Open && (p.GetMerged() || !p.GetMergedAt().IsZero()) {
		out.Merged = p.GetMergeCommitSHA()
	}
	return forgehttp.Checked(out)
}
