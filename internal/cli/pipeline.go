// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"cmp"
	"net/url"
	"strconv"
	"strings"

	"syncer.dev/syncer/internal/config"
)

// pipeline is what the environment of a pipeline's step says about its pull request. Fields that it does not say are
// zero.
type pipeline struct {
	forge      string // see config.Review
	url        string
	repository string
	number     int
	tokenEnv   string // the variable in which such a step has its token
}

// pipelineOf reads the variables of GitHub Actions, Gitea and Forgejo Actions, Azure Pipelines and GitLab CI:
//
//   - docs.github.com/actions/reference/workflows-and-actions/variables
//   - docs.gitea.com/usage/actions/comparison, forgejo.org/docs/latest/user/actions: those of GitHub, and a mark
//   - learn.microsoft.com/azure/devops/pipelines/build/variables
//   - docs.gitlab.com/ci/variables/predefined_variables
func pipelineOf(lookup func(string) (string, bool)) pipeline {
	env := func(name string) string {
		v, _ := lookup(name)
		return strings.TrimSpace(v)
	}
	switch {
	case env("GITHUB_ACTIONS") == "true", env("GITEA_ACTIONS") == "true", env("FORGEJO_ACTIONS") == "true":
		p := pipeline{
			forge:      config.GitHub,
			url:        env("GITHUB_SERVER_URL"),
			repository: env("GITHUB_REPOSITORY"),
			tokenEnv:   "GITHUB_TOKEN",
		}
		if env("GITEA_ACTIONS") == "true" || env("FORGEJO_ACTIONS") == "true" {
			p.forge = config.Gitea
		}
		if rest, ok := strings.CutPrefix(env("GITHUB_REF"), "refs/pull/"); ok {
			number, _, _ := strings.Cut(rest, "/")
			p.number = positive(number)
		}
		return p
	case env("TF_BUILD") != "": // "True"
		return azurePipeline(env)
	case env("GITLAB_CI") == "true":
		return pipeline{
			forge:      config.GitLab,
			url:        env("CI_SERVER_URL"),
			repository: cmp.Or(env("CI_MERGE_REQUEST_PROJECT_PATH"), env("CI_PROJECT_PATH")),
			number:     positive(env("CI_MERGE_REQUEST_IID")),
			tokenEnv:   "GITLAB_TOKEN", // CI_JOB_TOKEN may not comment
		}
	}
	return pipeline{}
}

// azurePipeline reads the variables of Azure Pipelines. The address of the collection is https://dev.azure.com/ORG/, or
// https://ORG.visualstudio.com/.
func azurePipeline(env func(string) string) pipeline {
	p := pipeline{
		forge:    config.AzureDevOps,
		number:   positive(env("SYSTEM_PULLREQUEST_PULLREQUESTID")),
		tokenEnv: "SYSTEM_ACCESSTOKEN",
	}
	u, err := url.Parse(env("SYSTEM_COLLECTIONURI"))
	if err != nil || u.Host == "" {
		return p
	}
	organization := strings.Trim(u.Path, "/")
	if name, ok := strings.CutSuffix(u.Hostname(), ".visualstudio.com"); ok {
		u.Host, organization = "dev.azure.com", name
	}
	p.url = u.Scheme + "://" + u.Host
	if project, name := env("SYSTEM_TEAMPROJECT"), env("BUILD_REPOSITORY_NAME"); project != "" && name != "" {
		p.repository = organization + "/" + project + "/" + name
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

// complete sets what the configuration leaves open, and the pipeline says. What the pipeline says of another forge does
// not count.
func (p pipeline) complete(r *config.Review) {
	if r.Forge = cmp.Or(r.Forge, p.forge); r.Forge != p.forge {
		return
	}
	r.URL = cmp.Or(r.URL, p.url)
	r.Repository = cmp.Or(r.Repository, p.repository)
	if r.TokenFile == "" && r.TokenEnv == "" && r.GitHubApp == (config.GitHubApp{}) {
		r.TokenEnv = p.tokenEnv
	}
}
