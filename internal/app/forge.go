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
)

// forgeOptions are what every adapter of a forge gets.
type forgeOptions struct {
	url        string
	repository string
	token      func(context.Context) (string, error)
	http       *http.Client
}

// forges are the adapters by the value of review.forge.
var forges = map[string]func(forgeOptions) (review.Forge, error){}

// OpenForge returns the repository of the configuration on its forge. It sends no request.
func OpenForge(c config.Config) (review.Forge, error) {
	r := c.Review
	open := forges[r.Forge]
	if open == nil {
		return nil, &ForgeError{"review.forge names no forge", "set review.forge to github, azuredevops, gitlab or gitea"}
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
		repository: strings.Trim(cmp.Or(r.Repository, path), "/"),
	}
	if o.url == "" && host != "" {
		o.url = "https://" + host
	}
	if o.repository == "" {
		return o, &ForgeError{
			"the repository on the forge is not known", "set review.repository, or source.url to an address on the forge",
		}
	}
	var err error
	if o.token, err = forgeToken(c); err != nil {
		return o, err
	}
	transport, err := smarthttp.NewTransport(smarthttp.Options{CAFile: r.CAFile})
	if err != nil {
		return o, fmt.Errorf("review.caFile: %w", err)
	}
	o.http = &http.Client{Transport: transport}
	return o, nil
}

// forgeToken returns what gets the token: from a file or a variable, at each use, or from a GitHub App.
func forgeToken(c config.Config) (func(context.Context) (string, error), error) {
	r := c.Review
	if r.GitHubApp != (config.GitHubApp{}) {
		app, err := signin.NewGitHubApp(signin.GitHubAppOptions{
			AppID:          int64(r.GitHubApp.AppID),
			InstallationID: int64(r.GitHubApp.InstallationID),
			PrivateKeyFile: r.GitHubApp.PrivateKeyFile,
			BaseURL:        r.GitHubApp.BaseURL,
			CAFile:         r.CAFile,
			UserAgent:      "syncer/" + Version(),
		})
		if err != nil {
			return nil, fmt.Errorf("review.githubApp: %w", err)
		}
		return func(ctx context.Context) (string, error) {
			credential, err := app.Token(ctx)
			return credential.Secret, err
		}, nil
	}
	secret := signin.Secret{File: r.TokenFile, Env: r.TokenEnv}
	if secret == (signin.Secret{}) {
		return nil, &ForgeError{
			"there is no token for the forge", "name a file in review.tokenFile, or a variable in review.tokenEnv",
		}
	}
	return func(context.Context) (string, error) {
		token, err := secret.Read()
		if err != nil {
			return "", fmt.Errorf("token for the forge (configuration: review): %w", err)
		}
		return token, nil
	}, nil
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
	} else if before, after, ok := strings.Cut(address, ":"); ok && !strings.Contains(before, "/") {
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

// ForgeError says what the configuration of the forge lacks.
type ForgeError struct{ text, remedy string }

// Error says what is wrong.
func (e *ForgeError) Error() string { return e.text }

// Hint names the setting.
func (e *ForgeError) Hint() string { return e.remedy }
