// SPDX-License-Identifier: Apache-2.0

// Package pipeline reads what the environment of a pipeline's step says about its pull request.
package pipeline

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"syncer.dev/syncer/internal/config"
)

// Step is what the environment says. Fields that it does not say are zero.
type Step struct {
	Forge      string // see config.Review
	URL        string
	Repository string
	Number     int
	TokenEnv   string // the variable in which such a step has its token
}

// Of reads the variables of GitHub Actions, Gitea and Forgejo Actions, Azure Pipelines and GitLab CI:
//
//   - docs.github.com/actions/reference/workflows-and-actions/variables
//   - docs.gitea.com/usage/actions/comparison, forgejo.org/docs/latest/user/actions: those of GitHub, and a mark
//   - learn.microsoft.com/azure/devops/pipelines/build/variables
//   - docs.gitlab.com/ci/variables/predefined_variables
func Of(lookup func(string) (string, bool)) Step {
	env := func(name string) string {
		v, _ := lookup(name)
		return strings.TrimSpace(v)
	}
	switch {
	case env("GITHUB_ACTIONS") == "true", env("GITEA_ACTIONS") == "true", env("FORGEJO_ACTIONS") == "true":
		p := Step{
			Forge:      config.GitHub,
			URL:        env("GITHUB_SERVER_URL"),
			Repository: env("GITHUB_REPOSITORY"),
			TokenEnv:   "GITHUB_TOKEN",
		}
		if env("GITEA_ACTIONS") == "true" || env("FORGEJO_ACTIONS") == "true" {
			p.Forge = config.Gitea
		}
		if rest, ok := strings.CutPrefix(env("GITHUB_REF"), "refs/pull/"); ok {
			number, _, _ := strings.Cut(rest, "/")
			p.Number = positive(number)
		}
		return p
	case env("TF_BUILD") != "": // "True"
		return azurePipeline(env)
	case env("GITLAB_CI") == "true":
		return Step{
			Forge:      config.GitLab,
			URL:        env("CI_SERVER_URL"),
			Repository: cmp.Or(env("CI_MERGE_REQUEST_PROJECT_PATH"), env("CI_PROJECT_PATH")),
			Number:     positive(env("CI_MERGE_REQUEST_IID")),
			TokenEnv:   "GITLAB_TOKEN", // CI_JOB_TOKEN may not comment
		}
	}
	return Step{}
}

// azurePipeline reads the variables of Azure Pipelines. The address of the collection is https://dev.azure.com/ORG/, or
// https://ORG.visualstudio.com/.
func azurePipeline(env func(string) string) Step {
	p := Step{
		Forge:    config.AzureDevOps,
		Number:   positive(env("SYSTEM_PULLREQUEST_PULLREQUESTID")),
		TokenEnv: "SYSTEM_ACCESSTOKEN",
	}
	u, err := url.Parse(env("SYSTEM_COLLECTIONURI"))
	if err != nil || u.Host == "" {
		return p
	}
	organization := strings.Trim(u.Path, "/")
	if name, ok := strings.CutSuffix(u.Hostname(), ".visualstudio.com"); ok {
		u.Host, organization = "dev.azure.com", name
	}
	p.URL = u.Scheme + "://" + u.Host
	if project, name := env("SYSTEM_TEAMPROJECT"), env("BUILD_REPOSITORY_NAME"); project != "" && name != "" {
		p.Repository = organization + "/" + project + "/" + name
	}
	return p
}

// positive returns a number that a variable holds, or 0.
func positive(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		return 0
	}
	return n
}

// Complete sets what the configuration leaves open, and returns the number of the pull request: the given one, unless
// it is 0. What a pipeline says of another forge does not count. The error is a *Error.
func (s Step) Complete(r *config.Review, number int) (int, error) {
	if r.Forge = cmp.Or(r.Forge, s.Forge); r.Forge == "" {
		return 0, &Error{"the forge is not known", "give --forge: this is no pipeline that syncer knows; " +
			"without a pull request, syncer plan --base BRANCH -o markdown prints the same comment"}
	}
	known := []string{config.GitHub, config.AzureDevOps, config.GitLab, config.Gitea}
	if !slices.Contains(known, r.Forge) {
		return 0, &Error{
			fmt.Sprintf("the forge %q is not one of %s", r.Forge, strings.Join(known, ", ")), "give one of them by --forge",
		}
	}
	if r.Forge == s.Forge {
		r.URL = cmp.Or(r.URL, s.URL)
		r.Repository = cmp.Or(r.Repository, s.Repository)
		if r.TokenFile == "" && r.TokenEnv == "" && r.GitHubApp == (config.GitHubApp{}) {
			r.TokenEnv = s.TokenEnv
		}
		number = cmp.Or(number, s.Number)
	}
	if number <= 0 {
		return 0, &Error{"the pull request is not known", "give --pull-request, or run this step on pull requests only"}
	}
	return number, nil
}

// Error says what neither the configuration nor the environment says.
type Error struct{ text, hint string }

// Error says what is missing.
func (e *Error) Error() string { return e.text }

// Hint returns what to do.
func (e *Error) Hint() string { return e.hint }
