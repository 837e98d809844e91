// SPDX-License-Identifier: Apache-2.0

package gitea

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"

	"code.gitea.io/sdk/gitea"
	lru "github.com/hashicorp/golang-lru/v2"

	"syncer.dev/syncer/internal/review"
	"syncer.dev/syncer/internal/review/forgehttp"
)

const (
	// pageSize is Gitea's default for the largest page (MAX_RESPONSE_ITEMS in modules/setting/api.go). A server may have
	// less, so that the end of a list is where the server says it is.
	pageSize = 50
	// maxPages bounds a list: 1,000 open pull requests, or statuses of a commit.
	maxPages = 20
	// maxComment bounds a comment, in bytes. Gitea has no limit: the column is LONGTEXT (models/issues/comment.go). This
	// is GitHub's, within which a page stays quick.
	maxComment = 65536
	// maxDescription bounds a description, in characters. Gitea has no limit but that of the column TEXT, 65,535 bytes
	// (models/git/commit_status.go); more than a line is cut off on its pages.
	maxDescription = 255
	// remembered bounds how many comments and statuses are kept in memory. What is forgotten is read again.
	remembered = 4096
)

// Options are the inputs of New.
type Options struct {
	URL        string // of the server, such as https://git.example.com; a sub-path is kept
	Repository string // OWNER/NAME
	// Token returns an access token with the scopes read:user, write:repository and write:issue. It is asked before each
	// request.
	Token     func(ctx context.Context) (string, error)
	HTTP      *http.Client // its transport is used; nil is a new one of package outbound
	UserAgent string
}

// Forge is one repository on a server.
type Forge struct {
	client      *forgehttp.Client
	token       func(context.Context) (string, error)
	url         string
	owner, name string
	userAgent   string
	turn        forgehttp.Turn // to write

	mu       sync.Mutex
	lists    map[string][]review.PullRequest // last list, by target
	me       int64                           // user of the token
	meToken  string
	comments *lru.Cache[commentKey, int64]
	statuses *lru.Cache[statusKey, review.CommitStatus]
}

type commentKey struct {
	number int
	marker string
}

type statusKey struct{ commit, context string }

// New returns the Forge of a repository. It contacts no server.
func New(o Options) (*Forge, error) {
	owner, name, ok := strings.Cut(strings.Trim(o.Repository, "/"), "/")
	if !ok || owner == "" || name == "" || strings.Contains(name, "/") {
		return nil, fmt.Errorf("%q is not the OWNER/NAME of a repository", o.Repository)
	}
	base, err := forgehttp.ParseBase(o.URL)
	if err != nil {
		return nil, err
	}
	f := &Forge{
		client: forgehttp.New(forgehttp.Options{Base: base, Token: o.Token, HTTP: o.HTTP}),
		url:    base.String(), owner: owner, name: strings.TrimSuffix(name, ".git"), userAgent: o.UserAgent, token: o.Token,
		turn:  forgehttp.NewTurn(),
		lists: map[string][]review.PullRequest{},
	}
	f.comments, _ = lru.New[commentKey, int64](remembered)              // fails only for a size of 0
	f.statuses, _ = lru.New[statusKey, review.CommitStatus](remembered) // the same
	return f, nil
}

// Limits implements review.Forge.
func (f *Forge) Limits() review.Limits {
	return review.Limits{Comment: maxComment, Description: maxDescription}
}

// api returns the SDK for one call: the SDK keeps the context in its client. An empty version keeps the SDK from asking
// for the server's, which Forgejo numbers differently.
func (f *Forge) api(ctx context.Context) (*gitea.Client, error) {
	return gitea.NewClient(f.url, gitea.SetContext(ctx), gitea.SetHTTPClient(f.client.HTTP()),
		gitea.SetGiteaVersion(""), gitea.SetUserAgent(f.userAgent))
}

// OpenPullRequests implements review.Forge. changed is false if the list equals the one before. The SDK cannot ask for
// the pull requests into one branch, so that it lists all.
func (f *Forge) OpenPullRequests(ctx context.Context, target string) ([]review.PullRequest, bool, error) {
	api, err := f.api(ctx)
	if err != nil {
		return nil, false, err
	}
	list := []review.PullRequest{}
	option := gitea.ListPullRequestsOptions{State: gitea.StateOpen, Sort: "oldest"}
	err = pages(&option.ListOptions, func() (*gitea.Response, error) {
		page, answer, err := api.ListRepoPullRequests(f.owner, f.name, option)
		for _, p := range page {
			if pr, err := pullRequest(p); err == nil && pr.Target == target {
				list = append(list, pr)
			}
		}
		return answer, err
	})
	if err != nil {
		return nil, false, f.client.Error("list the open pull requests of "+f.owner+"/"+f.name, err)
	}
	slices.SortFunc(list, func(a, b review.PullRequest) int { return a.Number - b.Number })
	list = slices.CompactFunc(list, func(a, b review.PullRequest) bool { return a.Number == b.Number })
	f.mu.Lock()
	defer f.mu.Unlock()
	if old, known := f.lists[target]; known && slices.Equal(old, list) {
		return nil, false, nil
	}
	f.lists[target] = list
	return slices.Clone(list), true, nil
}

// pages calls get for each page of a list.
func pages(o *gitea.ListOptions, get func() (*gitea.Response, error)) error {
	o.PageSize = pageSize
	for o.Page = 1; o.Page <= maxPages; o.Page++ {
		answer, err := get()
		if err != nil {
			return refused(answer, err)
		}
		if answer.NextPage == 0 {
			return nil
		}
	}
	return fmt.Errorf("there are %d of them or more", maxPages*pageSize)
}

// refused gives an error of the SDK the status of the answer.
func refused(answer *gitea.Response, err error) error {
	if err == nil || answer == nil || answer.Response == nil || answer.StatusCode < 300 {
		return err
	}
	return &forgehttp.StatusError{Code: answer.StatusCode, Err: err}
}

// PullRequest implements review.Forge.
func (f *Forge) PullRequest(ctx context.Context, number int) (pr review.PullRequest, err error) {
	api, err := f.api(ctx)
	if err != nil {
		return pr, err
	}
	p, answer, err := api.GetPullRequest(f.owner, f.name, int64(number))
	if err = refused(answer, err); err == nil {
		pr, err = pullRequest(p)
	}
	return pr, f.client.Error(fmt.Sprintf("read pull request %d of %s/%s", number, f.owner, f.name), err)
}

// pullRequest translates a pull request. It fails if the last commit is unknown: a moment after a push the server has
// not read it yet.
func pullRequest(p *gitea.PullRequest) (review.PullRequest, error) {
	if p == nil || p.Base == nil || p.Head == nil || p.Head.Sha == "" {
		return review.PullRequest{}, errors.New("the server does not show its last commit yet")
	}
	pr := review.PullRequest{
		Number: int(p.Index),
		Title:  p.Title,
		URL:    p.HTMLURL,
		Head:   p.Head.Sha,
		// Gitea keeps the last commit of each pull request there, of forks too (models/issues/pull.go).
		HeadRef: fmt.Sprintf("refs/pull/%d/head", p.Index),
		Target:  p.Base.Ref,
		Fork:    p.Head.RepoID != p.Base.RepoID, // -1 once the fork has been deleted
		Draft:   p.Draft,
		Open:    p.State == gitea.StateOpen && !p.HasMerged,
	}
	if p.HasMerged && p.MergedCommitID != nil {
		pr.Merged = *p.MergedCommitID
	}
	return forgehttp.Checked(pr)
}
