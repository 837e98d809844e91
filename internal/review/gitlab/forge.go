// SPDX-License-Identifier: Apache-2.0

package gitlab

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	gitlab "gitlab.com/gitlab-org/api/client-go"

	"syncer.dev/syncer/internal/review"
	"syncer.dev/syncer/internal/review/forgehttp"
)

const (
	// maxComment is GitLab's limit of a note, in characters (GitLab Docs, "Application limits", "Size of comments and
	// descriptions of issues, merge requests, and epics").
	maxComment = 1_000_000
	// maxText is the length of the columns for descriptions, target URLs and external URLs, in characters
	// (app/models/commit_status.rb, generic_commit_status.rb and environment.rb of GitLab).
	maxText = 255

	perPage = 100 // GitLab's largest page
	// notesPerPage is smaller, because a note may have a megabyte.
	notesPerPage = 20
	// maxNotePages and maxPages bound the pages of a list of notes, and of other lists.
	maxNotePages = 250
	maxPages     = 50
	// remembered bounds what is kept of notes, statuses and environments. More than that costs requests, not truth.
	remembered = 4096
)

// Options configure a Forge.
type Options struct {
	URL        string // of the server or of its API; https://gitlab.com if empty
	Repository string // GROUP/NAME, or GROUP/SUBGROUP/NAME
	// Branch is what deployments name as their ref: the branch that is followed. GitLab requires one.
	Branch string
	// Token returns a personal, project or group access token, or an OAuth token, before each request.
	Token     func(ctx context.Context) (string, error)
	HTTP      *http.Client // its transport and timeout are used; see forgehttp.Options
	UserAgent string
	Now       func() time.Time // time.Now if nil
}

// Forge is one project on GitLab. It implements review.Forge and review.Deployer.
type Forge struct {
	client  *forgehttp.Client
	sdk     *gitlab.Client
	web     string // address of the project for people
	project string
	branch  string
	turn    forgehttp.Turn

	listing sync.Mutex
	lists   *lru.Cache[string, *forgehttp.List]

	identity sync.Mutex
	me       int64 // 0 if not known yet

	refs        *lru.Cache[string, string] // by commit: what GitLab takes as its ref
	notes       *lru.Cache[noteKey, note]
	statuses    *lru.Cache[statusKey, review.CommitStatus]
	deployments *lru.Cache[string, review.Deployment]
}

var (
	_ review.Forge    = (*Forge)(nil)
	_ review.Deployer = (*Forge)(nil)
)

// New returns a Forge. It sends no request.
func New(o Options) (*Forge, error) {
	base, err := forgehttp.ParseBase(cmp.Or(o.URL, "https://gitlab.com"))
	if err != nil {
		return nil, err
	}
	base.Path = strings.TrimSuffix(strings.TrimSuffix(base.Path, "/api/v4"), "/")
	project := strings.Trim(o.Repository, "/")
	if !strings.Contains(project, "/") || strings.ContainsAny(project, "?#% ") || strings.Contains(project, "//") {
		return nil, fmt.Errorf("%.200q is not a project such as GROUP/NAME", o.Repository)
	}
	if o.Token == nil {
		return nil, errors.New("there is no token for GitLab")
	}
	client := forgehttp.New(forgehttp.Options{Base: base, Token: o.Token, HTTP: o.HTTP, Now: o.Now})
	// The transport signs in, pauses and logs nothing; the SDK would sleep, repeat writes, and limit its own requests.
	sdk, err := gitlab.NewAuthSourceClient(
		gitlab.Unauthenticated{},
		gitlab.WithBaseURL(base.String()),
		gitlab.WithHTTPClient(client.HTTP()),
		gitlab.WithoutRetries(),
		gitlab.WithCustomRetryMax(0),
		gitlab.WithCustomLimiter(unlimited{}),
		gitlab.WithUserAgent(cmp.Or(o.UserAgent, "syncer")),
		gitlab.WithURLWarningLogger(slog.New(slog.DiscardHandler)),
	)
	if err != nil {
		return nil, err
	}
	return &Forge{
		client:      client,
		sdk:         sdk,
		web:         base.JoinPath(project).String(),
		project:     project,
		branch:      o.Branch,
		turn:        forgehttp.NewTurn(),
		lists:       forgehttp.Cache[string, *forgehttp.List](8),
		refs:        forgehttp.Cache[string, string](remembered),
		notes:       forgehttp.Cache[noteKey, note](remembered),
		statuses:    forgehttp.Cache[statusKey, review.CommitStatus](remembered),
		deployments: forgehttp.Cache[string, review.Deployment](remembered),
	}, nil
}

// unlimited is no limit: forgehttp honours what the server asks for.
type unlimited struct{}

// Wait returns at once.
func (unlimited) Wait(ctx context.Context) error { return ctx.Err() }

// Limits implements review.Forge.
func (f *Forge) Limits() review.Limits {
	return review.Limits{Comment: maxComment, Description: maxText}
}

// self returns the number of the user of the token. It asks once.
func (f *Forge) self(ctx context.Context) (int64, error) {
	f.identity.Lock()
	defer f.identity.Unlock()
	if f.me != 0 {
		return f.me, nil
	}
	user, _, err := f.sdk.Users.CurrentUser(gitlab.WithContext(ctx))
	if err == nil && (user == nil || user.ID <= 0) {
		err = errors.New("the answer names no user")
	}
	if err != nil {
		return 0, f.fault(err, "ask GitLab for the user of the token")
	}
	f.me = user.ID
	return f.me, nil
}

// some returns the entries of a list that are not null.
func some[T any](list []*T) []*T {
	return slices.DeleteFunc(list, func(v *T) bool { return v == nil })
}

// errNull is an answer of null.
var errNull = errors.New("the answer is empty")

// fault gives an error of the SDK its status, and takes secrets out of it.
func (f *Forge) fault(err error, format string, args ...any) error {
	if err == nil {
		return nil
	}
	var refused *gitlab.ErrorResponse
	switch {
	case errors.Is(err, gitlab.ErrNotFound):
		err = &forgehttp.StatusError{Code: http.StatusNotFound, Err: errors.New("the server answered 404")}
	case errors.As(err, &refused) && refused.Response != nil:
		code := refused.Response.StatusCode
		text := fmt.Errorf("the server answered %d: %s", code, refused.Message)
		err = &forgehttp.StatusError{Code: code, Err: text}
	}
	return f.client.Error(fmt.Sprintf(format, args...), err)
}
