// SPDX-License-Identifier: Apache-2.0

package github

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/google/go-github/v84/github"
)

// account is the user of the token.
type account struct {
	id  int64  // of a person or a machine user
	bot string // name of an app, without "[bot]"
}

// is reports whether the account is the author. Names of apps are unique, and people cannot be bots; people can take
// the name of an account that was renamed, so that they are compared by number.
func (a account) is(u *github.User) bool {
	if a.bot != "" {
		return u.GetType() == "Bot" && strings.EqualFold(slug(u.GetLogin()), a.bot)
	}
	return u.GetID() == a.id && a.id != 0
}

func slug(login string) string { return strings.TrimSuffix(login, "[bot]") }

// viewer is the query for the name of the account of any token.
const viewer = `query{viewer{login}}`

// self returns the account of the token. It asks once.
func (f *Forge) self(ctx context.Context) (account, error) {
	f.identity.Lock()
	defer f.identity.Unlock()
	if f.me != nil {
		return *f.me, nil
	}
	me, err := f.ask(ctx)
	if err != nil {
		return account{}, f.fault(err, "ask GitHub for the user of the token")
	}
	f.me = &me
	return me, nil
}

func (f *Forge) ask(ctx context.Context) (account, error) {
	user, _, err := f.sdk.Users.Get(ctx, "")
	if err == nil && user.GetID() > 0 {
		return account{id: user.GetID()}, nil
	}
	var refused *github.ErrorResponse
	if !errors.As(err, &refused) || refused.Response.StatusCode != http.StatusForbidden {
		return account{}, errors.Join(err, errors.New("the answer names no user"))
	}
	// "Resource not accessible by integration": the token is that of an app.
	req, err := f.sdk.NewRequest(http.MethodPost, f.graphql, map[string]string{"query": viewer})
	if err != nil {
		return account{}, err
	}
	var answer struct {
		Data struct {
			Viewer struct {
				Login string `json:"login"`
			} `json:"viewer"`
		} `json:"data"`
		Errors []struct {
			Message string `json:"message"`
		} `json:"errors"`
	}
	if _, err := f.sdk.Do(ctx, req, &answer); err != nil {
		return account{}, err
	}
	if len(answer.Errors) > 0 {
		return account{}, errors.New(answer.Errors[0].Message)
	}
	if answer.Data.Viewer.Login == "" {
		return account{}, errors.New("the answer names no user")
	}
	return account{bot: slug(answer.Data.Viewer.Login)}, nil
}
