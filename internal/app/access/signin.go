// SPDX-License-Identifier: Apache-2.0

package access

import (
	"fmt"
	"os"
	"path/filepath"

	"syncer.dev/syncer/internal/config"
	"syncer.dev/syncer/internal/git"
	"syncer.dev/syncer/internal/git/entra"
	"syncer.dev/syncer/internal/git/remote"
	"syncer.dev/syncer/internal/git/signin"
	"syncer.dev/syncer/internal/version"
)

// AsPerson opens a repository for a command that a person runs. Where no credentials are configured, those of the
// person serve: the keys of the SSH agent, and what git's credential helper knows.
func AsPerson(c config.Config, url string) (*git.Repository, error) {
	o, err := repositoryOptions(c, url)
	if err != nil {
		return nil, err
	}
	if remote.IsSSH(url) {
		withAgent(&o.Auth)
	} else {
		o.Auth.Ask = &signin.Helper{URL: url}
	}
	return git.Open(o)
}

// AsDaemon opens the repository with the credentials of the configuration alone.
func AsDaemon(c config.Config) (*git.Repository, error) {
	o, err := repositoryOptions(c, c.Source.URL)
	if err != nil {
		return nil, err
	}
	return git.Open(o)
}

// withAgent adds the SSH agent and the hosts that ssh knows.
func withAgent(a *git.Auth) {
	if socket := os.Getenv("SSH_AUTH_SOCK"); socket != "" && a.SSHKey == "" {
		a.Agent = &signin.Agent{Socket: socket}
	}
	if home, err := os.UserHomeDir(); err == nil && a.KnownHosts == "" && a.Agent != nil {
		a.KnownHosts = filepath.Join(home, ".ssh", "known_hosts")
	}
}

func repositoryOptions(c config.Config, url string) (git.Options, error) {
	pack, file, total := c.Source.Limits.Bytes()
	o := git.Options{
		URL: url, Branch: c.Source.Branch, Tag: c.Source.Tag, Commit: c.Source.Commit, Timeout: c.Source.Timeout,
		Limits: git.Limits{PackBytes: pack, FileBytes: file, Bytes: total, Files: c.Source.Limits.Files},
	}
	if _, local := remote.LocalPath(url); local && url != c.Source.URL {
		return o, nil // a clone on this machine, for which the credentials of source.url are not
	}
	auth := c.Source.Auth
	o.CAFile, o.CertFile, o.KeyFile = auth.CAFile, auth.CertFile, auth.KeyFile
	o.Auth = git.Auth{
		Password:      git.Secret{File: auth.PasswordFile, Env: auth.PasswordEnv},
		Bearer:        git.Secret{File: auth.BearerFile},
		SSHKey:        auth.SSHKeyFile,
		SSHPassphrase: git.Secret{File: auth.PassphraseFile, Env: auth.PassphraseEnv},
		KnownHosts:    auth.KnownHostsFile,
	}
	if o.Auth.Password != (git.Secret{}) {
		o.Auth.Username = auth.Username
	}
	var err error
	o.Auth.Token, err = tokenSource(auth)
	return o, err
}

// tokenSource returns what makes tokens, or nil.
func tokenSource(auth config.Auth) (git.TokenSource, error) {
	switch {
	case auth.GitHubApp != (config.GitHubApp{}):
		app, err := signin.NewGitHubApp(signin.GitHubAppOptions{
			AppID:          int64(auth.GitHubApp.AppID),
			InstallationID: int64(auth.GitHubApp.InstallationID),
			PrivateKeyFile: auth.GitHubApp.PrivateKeyFile,
			BaseURL:        auth.GitHubApp.BaseURL,
			CAFile:         auth.CAFile,
			UserAgent:      version.UserAgent(),
		})
		if err != nil {
			return nil, fmt.Errorf("source.auth.githubApp: %w", err)
		}
		return app, nil
	case auth.Entra != (config.Entra{}):
		identity, err := entra.New(entra.Options{
			Auth: auth.Entra.Auth, ClientID: auth.Entra.ClientID, TenantID: auth.Entra.TenantID,
		})
		if err != nil {
			return nil, fmt.Errorf("source.auth.entra: %w", err)
		}
		return identity, nil
	}
	return nil, nil
}
