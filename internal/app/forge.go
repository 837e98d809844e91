// SPDX-License-Identifier: Apache-2.0

package app

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"syncer.dev/syncer/internal/config"
	"syncer.dev/syncer/internal/git/signin"
	"syncer.dev/syncer/internal/git/smarthttp"
	"syncer.dev/syncer/internal/review"
	"syncer.dev/syncer/internal/review/azuredevops"
	"syncer.dev/syncer/internal/review/gitea"
	"syncer.dev/syncer/internal/review/github"
	"syncer.dev/syncer/internal/review/gitlab"
)

// forgeOptions are what every adapter of a forge gets.
type forgeOptions struct {
	url        string
	repository string
	branch     string // that is followed
	token      func(context.Context) (string, error)
	refused    func(context.Context, string) // nil if there is no other token
	http       *http.Client
}

// forges are the adapters by the value of review.forge.
var forges = map[string]func(forgeOptions) (review.Forge, error){
	config.GitHub: func(o forgeOptions) (review.Forge, error) {
		return github.New(github.Options{
			URL:        o.url,
			Repository: o.repository,
			Token:      o.token,
			Refused:    o.refused,
			HTTP:       o.http,
			UserAgent:  userAgent(),
		})
	},
	config.GitLab: func(o forgeOptions) (review.Forge, error) {
		return gitlab.New(gitlab.Options{
			Branch: o.branch, URL: o.url, Repository: o.repository, Token: o.token, HTTP: o.http, UserAgent: userAgent(),
		})
	},
	config.AzureDevOps: func(o forgeOptions) (review.Forge, error) {
		return azuredevops.New(azuredevops.Options{
			URL: o.url, Repository: o.repository, Token: o.token, HTTP: o.http, UserAgent: userAgent(),
		})
	},
	config.Gitea: func(o forgeOptions) (review.Forge, error) {
		return gitea.New(gitea.Options{
			URL: o.url, Repository: o.repository, Token: o.token, HTTP: o.http, UserAgent: userAgent(),
		})
	},
}

func userAgent() string { return "syncer/" + Version() }

// OpenForge returns the repository of the configuration on its forge. It sends no request.
func OpenForge(c config.Config) (review.Forge, error) {
	r := c.Review
	open := forges[r.Forge]
	if open == nil {
		return nil, &UsageError{"review.forge names no forge", "set review.forge to github, azuredevops, gitlab or gitea"}
	}
	o, err := forgeOptionsOf(c)
	if err != nil {
		return nil, err
	}
	forge, err := open(o)
	if err != nil {
		return nil, fmt.Errorf("review: %w", err)
	}
	return forge, nil
}

func forgeOptionsOf(c config.Config) (forgeOptions, error) {
	r := c.Review
	host, path := repositoryAddress(c.Source.URL)
	o := forgeOptions{
		url:        r.URL,
		branch:     c.Source.Branch,
		repository: strings.Trim(cmp.Or(r.Repository, path), "/"),
	}
	if o.url == "" && host != "" {
		o.url = "https://" + host
	}
	if o.repository == "" {
		return o, &UsageError{
			"the repository on the forge is not known", "set review.repository, or source.url to an address on the forge",
		}
	}
	var err error
	if o.token, o.refused, err = forgeToken(c); err != nil {
		return o, err
	}
	transport, err := smarthttp.NewTransport(smarthttp.Options{CAFile: r.CAFile})
	if err != nil {
		return o, fmt.Errorf("review.caFile: %w", err)
	}
	o.http = &http.Client{Transport: transport}
	return o, nil
}

// forgeToken returns what gets the token: from a file or a variable, at each use, or from a GitHub App. The app has to
// know of a token that was refused.
func forgeToken(c config.Config) (
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
			UserAgent:      userAgent(),
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
		return nil, nil, &UsageError{
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

// repositoryAddress returns the host of a repository's URL, and its path without the parts that only Git needs:
// "github.com" and "team/models" for git@github.com:team/models.git. Both are empty for a local path.
func repositoryAddress(address string) (host, path string) {
	u, err := url.Parse(address)
	if err == nil && u.Host != "" {
		host, path = u.Hostname(), u.Path
		if u.Port() != "" && u.Scheme != "ssh" {
			host += ":" + u.Port()
		}
	} else if before, after, ok := strings.Cut(address, ":"); ok && !strings.Contains(before, "/") && before != "file" {
		host, path = before[strings.LastIndexByte(before, '@')+1:], after
	}
	if host == "" {
		return "", ""
	}
	path = strings.TrimSuffix(strings.Trim(path, "/"), ".git")
	if organization, ok := strings.CutSuffix(host, ".visualstudio.com"); ok {
		host, path = azureDevOpsHost, organization+"/"+path
	}
	if host == "ssh."+azureDevOpsHost { // v3/ORG/PROJECT/NAME
		return azureDevOpsHost, strings.TrimPrefix(path, "v3/")
	}
	if project, name, ok := strings.Cut(path, "/_git/"); ok { // ORG/PROJECT/_git/NAME
		if !strings.Contains(project, "/") { // ORG/_git/NAME, where the project has the same name
			project += "/" + name
		}
		path = project + "/" + name
	}
	return host, path
}

const azureDevOpsHost = "dev.azure.com"

// UsageError says what a command lacks.
type UsageError struct {
	Text   string
	Remedy string // what to do
}

// Error says what is wrong.
func (e *UsageError) Error() string { return e.Text }

// Hint names the setting.
func (e *UsageError) Hint() string { return e.Remedy }
