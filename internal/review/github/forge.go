// SPDX-License-Identifier: Apache-2.0

package github

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/google/go-github/v84/github"
	lru "github.com/hashicorp/golang-lru/v2"

	"syncer.dev/syncer/internal/review"
	"syncer.dev/syncer/internal/review/forgehttp"
)

const (
	// maxComment and maxDescription are GitHub's limits, in characters. A text of at most as many bytes fits in any case.
	// The first is the text of its error ("body is too long (maximum is 65536 characters)"), the second is that of the
	// descriptions of deployment statuses (GitHub Docs, "REST API endpoints for deployment statuses"), which commit
	// statuses share.
	maxComment     = 65536
	maxDescription = 140

	perPage = 100 // GitHub's largest page
	// maxPages bounds the pages of a list of comments or statuses.
	maxPages = 50
	// remembered bounds what is kept of comments, statuses and environments. More than that costs requests, not truth.
	remembered = 4096
)

// Options configure a Forge.
type Options struct {
	// URL is the address of the server or of its API; https://github.com if empty.
	URL        string
	Repository string // OWNER/NAME
	// Token returns a token, before each request: a personal access token, the token of a GitHub Actions job, or that of
	// an installation of a GitHub App.
	Token func(ctx context.Context) (string, error)
	// Refused is called with a token that GitHub does not accept; nil if there is no other one.
	Refused   func(ctx context.Context, token string)
	HTTP      *http.Client // its transport and timeout are used; see forgehttp.Options
	UserAgent string
	Now       func() time.Time // time.Now if nil
}

// Forge is one repository on GitHub. It implements review.Forge and review.Deployer.
type Forge struct {
	client      *forgehttp.Client
	sdk         *github.Client
	graphql     string
	owner, name string
	turn        forgehttp.Turn

	listing sync.Mutex
	lists   *lru.Cache[string, *forgehttp.List]

	identity sync.Mutex
	me       *account

	comments    *lru.Cache[commentKey, comment]
	statuses    *lru.Cache[statusKey, review.CommitStatus]
	deployments *lru.Cache[string, review.Deployment]
}

var (
	_ review.Forge    = (*Forge)(nil)
	_ review.Deployer = (*Forge)(nil)
)

// New returns a Forge. It sends no request.
func New(o Options) (*Forge, error) {
	base, graphql, err := endpoints(o.URL)
	if err != nil {
		return nil, err
	}
	owner, name, ok := strings.Cut(strings.Trim(o.Repository, "/"), "/")
	if !ok || owner == "" || name == "" || strings.ContainsAny(o.Repository, "?#% ") || strings.Contains(name, "/") {
		return nil, fmt.Errorf("%.200q is not a repository such as OWNER/NAME", o.Repository)
	}
	if o.Token == nil {
		return nil, errors.New("there is no token for GitHub")
	}
	client := forgehttp.New(forgehttp.Options{Base: base, Token: o.Token, Refused: o.Refused, HTTP: o.HTTP, Now: o.Now})
	f := &Forge{
		client:      client,
		sdk:         github.NewClient(client.HTTP()),
		graphql:     graphql,
		owner:       owner,
		name:        name,
		turn:        forgehttp.NewTurn(),
		lists:       forgehttp.Cache[string, *forgehttp.List](8),
		comments:    forgehttp.Cache[commentKey, comment](remembered),
		statuses:    forgehttp.Cache[statusKey, review.CommitStatus](remembered),
		deployments: forgehttp.Cache[string, review.Deployment](remembered),
	}
	f.sdk.BaseURL = base
	f.sdk.UserAgent = cmp.Or(o.UserAgent, "syncer")
	f.sdk.DisableRateLimitCheck = true // forgehttp knows more: secondary limits, and their end
	return f, nil
}

// endpoints returns the addresses of the two APIs of a server (GitHub Docs: "Getting started with the REST API",
// "Forming calls with GraphQL"; for GHE.com, "Getting started with data residency"). The first ends in a slash.
func endpoints(address string) (rest *url.URL, graphql string, err error) {
	u, err := forgehttp.ParseBase(cmp.Or(address, "https://github.com"))
	if err != nil {
		return nil, "", err
	}
	host := strings.ToLower(u.Hostname())
	cloud := host == "github.com" || host == "www.github.com" || host == "api.github.com"
	tenant := strings.HasSuffix(host, ".ghe.com")
	switch {
	case cloud:
		return &url.URL{Scheme: u.Scheme, Host: "api.github.com", Path: "/"}, "/graphql", nil
	case tenant:
		name := strings.TrimPrefix(host, "api.")
		return &url.URL{Scheme: u.Scheme, Host: "api." + name, Path: "/"}, "/graphql", nil
	}
	root := strings.TrimSuffix(strings.TrimSuffix(u.Path, "/api/v3"), "/")
	return &url.URL{Scheme: u.Scheme, Host: u.Host, Path: root + "/api/v3/"}, root + "/api/graphql", nil
}

// Limits implements review.Forge.
func (f *Forge) Limits() review.Limits {
	return review.Limits{Comment: maxComment, Description: maxDescription}
}

// fault gives an error of the SDK its status, and takes secrets out of it.
func (f *Forge) fault(err error, format string, args ...any) error {
	if err == nil {
		return nil
	}
	var refused *github.ErrorResponse
	if errors.As(err, &refused) && refused.Response != nil {
		text := refused.Message
		for _, e := range refused.Errors {
			text += "; " + strings.TrimSpace(e.Resource+" "+e.Field+" "+cmp.Or(e.Message, e.Code))
		}
		err = &forgehttp.StatusError{
			Code: refused.Response.StatusCode,
			Err:  fmt.Errorf("the server answered %d: %s", refused.Response.StatusCode, text),
		}
	}
	return f.client.Error(fmt.Sprintf(format, args...), err)
}
