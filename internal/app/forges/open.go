// SPDX-License-Identifier: Apache-2.0

package forges

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"strings"

	"syncer.dev/syncer/internal/config"
	"syncer.dev/syncer/internal/fence"
	"syncer.dev/syncer/internal/git/signin"
	"syncer.dev/syncer/internal/git/smarthttp"
	"syncer.dev/syncer/internal/review"
	"syncer.dev/syncer/internal/review/azuredevops"
	"syncer.dev/syncer/internal/review/gitea"
	"syncer.dev/syncer/internal/review/github"
	"syncer.dev/syncer/internal/review/gitlab"
)

// options are what every adapter of a forge gets.
type options struct {
	url        string
	repository string
	branch     string // that is followed
	token      func(context.Context) (string, error)
	refused    func(context.Context, string) // nil if there is no other token
	http       *http.Client
	userAgent  string
}

// adapters are those of each value of review.forge.
var adapters = map[string]func(options) (review.Forge, error){
	config.GitHub: func(o options) (review.Forge, error) {
		return github.New(github.Options{
			URL:        o.url,
			Repository: o.repository,
			Token:      o.token,
			Refused:    o.refused,
			HTTP:       o.http,
			UserAgent:  o.userAgent,
		})
	},
	config.GitLab: func(o options) (review.Forge, error) {
		return gitlab.New(gitlab.Options{
			Branch: o.branch, URL: o.url, Repository: o.repository, Token: o.token, HTTP: o.http, UserAgent: o.userAgent,
		})
	},
	config.AzureDevOps: func(o options) (review.Forge, error) {
		return azuredevops.New(azuredevops.Options{
			URL: o.url, Repository: o.repository, Token: o.token, HTTP: o.http, UserAgent: o.userAgent,
		})
	},
	config.Gitea: func(o options) (review.Forge, error) {
		return gitea.New(gitea.Options{
			URL: o.url, Repository: o.repository, Token: o.token, HTTP: o.http, UserAgent: o.userAgent,
		})
	},
}

// Open returns the repository of the configuration on its forge. It sends no request. mayWrite is asked right before
// each request that writes, and refuses it by an error; nil permits all.
func Open(c config.Config, userAgent string, mayWrite func() error) (review.Forge, error) {
	r := c.Review
	open := adapters[r.Forge]
	if open == nil {
		return nil, &setupError{"review.forge names no forge", "set review.forge to github, azuredevops, gitlab or gitea"}
	}
	o, err := optionsOf(c, userAgent)
	if err != nil {
		return nil, err
	}
	o.http.Transport = fence.Wrap(mayWrite)(o.http.Transport)
	forge, err := open(o)
	if err != nil {
		return nil, fmt.Errorf("review: %w", err)
	}
	return forge, nil
}

func optionsOf(c config.Config, userAgent string) (options, error) {
	r := c.Review
	host, path := address(c.Source.URL)
	o := options{
		userAgent:  userAgent,
		url:        r.URL,
		branch:     c.Source.Branch,
		repository: strings.Trim(cmp.Or(r.Repository, path), "/"),
	}
	if o.url == "" && host != "" {
		o.url = "https://" + host
	}
	if o.repository == "" {
		return o, &setupError{
			"the repository on the forge is not known", "set review.repository, or source.url to an address on the forge",
		}
	}
	var err error
	if o.token, o.refused, err = tokenOf(c, userAgent); err != nil {
		return o, err
	}
	transport, err := smarthttp.NewTransport(smarthttp.Options{CAFile: r.CAFile})
	if err != nil {
		return o, fmt.Errorf("review.caFile: %w", err)
	}
	o.http = &http.Client{Transport: transport}
	return o, nil
}

// tokenOf returns what gets the token: from a file or a variable, at each use, or from a GitHub App. The app has to
// know of a token that was refused.
func tokenOf(c config.Config, userAgent string) (
	token func(context.Context) (string, error), refused func(context.Context, string), err error,
) {
	r := c.Review
	if r.GitHubApp != (config.GitHubApp{}) {
		app, err := signin.NewGitHubApp(signin.GitHubAppOptions{
			AppID:          int64(r.GitHubApp.AppID),
			InstallationID: int64(r.GitHubApp.InstallationID),
			PrivateKeyFile: r.GitHubApp.PrivateKeyFile,
			BaseURL:        r.GitHubApp.BaseURL,
			CAFile:         r.CAFile,
			UserAgent:      userAgent,
		})
		if err != nil {
			return nil, nil, fmt.Errorf("review.githubApp: %w", err)
		}
		token = func(ctx context.Context) (string, error) {
			credential, err := app.Token(ctx)
			return credential.Secret, err
		}
		return token, func(ctx context.Context, refused string) {
			app.Refused(ctx, signin.Credential{Secret: refused})
		}, nil
	}
	secret := signin.Secret{File: r.TokenFile, Env: r.TokenEnv}
	if secret == (signin.Secret{}) {
		return nil, nil, &setupError{
			"there is no token for the forge", "name a file in review.tokenFile, or a variable in review.tokenEnv",
		}
	}
	token = func(context.Context) (string, error) {
		token, err := secret.Read()
		if err != nil {
			return "", fmt.Errorf("token for the forge (configuration: review): %w", err)
		}
		return token, nil
	}
	return token, nil, nil
}

// setupError says what the configuration of the forge lacks.
type setupError struct{ text, remedy string }

// Error says what is wrong.
func (e *setupError) Error() string { return e.text }

// Hint names the setting.
func (e *setupError) Hint() string { return e.remedy }
