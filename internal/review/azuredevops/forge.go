// SPDX-License-Identifier: Apache-2.0

package azuredevops

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/google/uuid"
	lru "github.com/hashicorp/golang-lru/v2"
	"github.com/microsoft/azure-devops-go-api/azuredevops/v7"
	"github.com/microsoft/azure-devops-go-api/azuredevops/v7/git"
	"github.com/microsoft/azure-devops-go-api/azuredevops/v7/location"

	"syncer.dev/syncer/internal/review"
	"syncer.dev/syncer/internal/review/forgehttp"
)

const (
	// maxComment bounds a comment. The service takes 150,000 characters, which .NET counts in UTF-16. A text has no more
	// of these than it has bytes.
	maxComment = 150000
	// maxDescription bounds the description of a status, in characters. The service documents no limit; the page of a pull
	// request has room for about this much.
	maxDescription = 140
	// remembered bounds how many comments and statuses are kept in memory. What is forgotten is read again.
	remembered = 4096
)

// Options are the inputs of New.
type Options struct {
	// URL is https://dev.azure.com, the old https://ORGANIZATION.visualstudio.com, or that of an Azure DevOps Server up to
	// its collections, such as https://devops.example.com/tfs.
	URL        string
	Repository string // ORGANIZATION/PROJECT/NAME; on a server COLLECTION/PROJECT/NAME
	// Token returns a personal access token, or a token of Entra ID or of a pipeline (System.AccessToken). It is asked
	// before each request.
	Token     func(ctx context.Context) (string, error)
	HTTP      *http.Client // its transport is used; nil is a new one of package outbound
	UserAgent string
}

// Forge is one repository of an organization.
type Forge struct {
	client        *forgehttp.Client
	token         func(context.Context) (string, error)
	git           git.Client
	location      location.Client
	base          string // of the organization
	project, name string
	turn          forgehttp.Turn // to write

	mu       sync.Mutex
	lists    map[string][]review.PullRequest // last list, by target
	me       uuid.UUID                       // user of the token
	meToken  string
	heads    *lru.Cache[string, []int] // open pull requests by their last commit
	comments *lru.Cache[commentKey, thread]
	written  *lru.Cache[commentKey, forgehttp.Written]
	statuses *lru.Cache[statusKey, review.CommitStatus]
}

// New returns the Forge of a repository. It contacts no server.
func New(o Options) (*Forge, error) {
	parts := strings.Split(strings.Trim(o.Repository, "/"), "/")
	if len(parts) != 3 || slices.Contains(parts, "") {
		return nil, fmt.Errorf("%q is not the ORGANIZATION/PROJECT/NAME of a repository", o.Repository)
	}
	base, err := forgehttp.ParseBase(o.URL)
	if err != nil {
		return nil, err
	}
	if !strings.HasSuffix(strings.ToLower(base.Hostname()), ".visualstudio.com") {
		base = base.JoinPath(url.PathEscape(parts[0]))
	}
	client := forgehttp.New(forgehttp.Options{Base: base, Token: o.Token, Authorization: authorization, HTTP: o.HTTP})
	// The SDK would find the address of each area itself, and send the token there. Areas of an organization are at its
	// own address.
	sdk := azuredevops.NewClientWithOptions(
		&azuredevops.Connection{BaseUrl: base.String(), UserAgent: o.UserAgent, SuppressFedAuthRedirect: true},
		base.String(),
		azuredevops.WithHTTPClient(&http.Client{Transport: answers{client}, Timeout: client.HTTP().Timeout}),
	)
	return &Forge{
		client: client, token: o.Token,
		git: &git.ClientImpl{Client: *sdk}, location: &location.ClientImpl{Client: *sdk},
		base: base.String(), project: parts[1], name: parts[2],
		turn:     forgehttp.NewTurn(),
		lists:    map[string][]review.PullRequest{},
		heads:    forgehttp.Cache[string, []int](remembered),
		comments: forgehttp.Cache[commentKey, thread](remembered),
		written:  forgehttp.Cache[commentKey, forgehttp.Written](remembered),
		statuses: forgehttp.Cache[statusKey, review.CommitStatus](remembered),
	}, nil
}

// authorization returns the header for a token. Tokens of Entra ID and of pipelines are JSON Web Tokens, which have two
// dots, and travel as bearer tokens. A personal access token has none, and is the password of any user.
func authorization(token string) string {
	if strings.Count(token, ".") == 2 {
		return "Bearer " + token
	}
	return azuredevops.CreateBasicAuthHeaderValue("", token)
}

// Limits implements review.Forge.
func (f *Forge) Limits() review.Limits {
	return review.Limits{Comment: maxComment, Description: maxDescription}
}

// page returns the address of a pull request for people.
func (f *Forge) page(number int) string {
	return fmt.Sprintf("%s/%s/_git/%s/pullrequest/%d", f.base, url.PathEscape(f.project), url.PathEscape(f.name), number)
}

// value returns what a pointer of the SDK points to: any field of an answer may be missing.
func value[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}
