// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"testing"

	"syncer.dev/syncer/internal/config"
)

// TestOf reads what each service says in its environment.
func TestOf(t *testing.T) {
	for name, tt := range map[string]struct {
		env  map[string]string
		want Step
	}{
		"github": {
			map[string]string{"GITHUB_ACTIONS": "true", "GITHUB_SERVER_URL": "https://github.com",
				"GITHUB_REPOSITORY": "team/models", "GITHUB_REF": "refs/pull/7/merge"},
			Step{config.GitHub, "https://github.com", "team/models", 7, "GITHUB_TOKEN"},
		},
		"gitea": {
			map[string]string{"GITHUB_ACTIONS": "true", "GITEA_ACTIONS": "true", "GITHUB_SERVER_URL": "https://git.example.com",
				"GITHUB_REPOSITORY": "team/models", "GITHUB_REF": "refs/pull/7/head"},
			Step{config.Gitea, "https://git.example.com", "team/models", 7, "GITHUB_TOKEN"},
		},
		"forgejo": {
			map[string]string{"FORGEJO_ACTIONS": "true", "GITHUB_REF": "refs/pull/-7/head"},
			Step{config.Gitea, "", "", 0, "GITHUB_TOKEN"},
		},
		"azure": {
			map[string]string{"TF_BUILD": "True", "SYSTEM_COLLECTIONURI": "https://dev.azure.com/org/",
				"SYSTEM_TEAMPROJECT": "models", "BUILD_REPOSITORY_NAME": "serving", "SYSTEM_PULLREQUEST_PULLREQUESTID": "7"},
			Step{config.AzureDevOps, "https://dev.azure.com", "org/models/serving", 7, "SYSTEM_ACCESSTOKEN"},
		},
		"azure, the old address": {
			map[string]string{"TF_BUILD": "True", "SYSTEM_COLLECTIONURI": "https://org.visualstudio.com/",
				"SYSTEM_TEAMPROJECT": "models", "BUILD_REPOSITORY_NAME": "serving"},
			Step{config.AzureDevOps, "https://dev.azure.com", "org/models/serving", 0, "SYSTEM_ACCESSTOKEN"},
		},
		"gitlab": {
			map[string]string{"GITLAB_CI": "true", "CI_SERVER_URL": "https://gitlab.com",
				"CI_MERGE_REQUEST_PROJECT_PATH": "a/b/c", "CI_PROJECT_PATH": "x/c", "CI_MERGE_REQUEST_IID": "7"},
			Step{config.GitLab, "https://gitlab.com", "a/b/c", 7, "GITLAB_TOKEN"},
		},
		"none": {map[string]string{"CI": "true"}, Step{}},
	} {
		t.Run(name, func(t *testing.T) {
			got := Of(func(k string) (string, bool) { v, ok := tt.env[k]; return v, ok })
			if got != tt.want {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
		})
	}
	r := config.Review{Forge: config.GitLab, URL: "https://gitlab.example.com"}
	github := Step{config.GitHub, "https://github.com", "a/b", 7, "T"}
	if _, err := github.Complete(&r, 0); err == nil {
		t.Error("the number of a pull request on GitHub counts on GitLab")
	}
	number, err := github.Complete(&r, 8)
	if err != nil || number != 8 || r != (config.Review{Forge: config.GitLab, URL: "https://gitlab.example.com"}) {
		t.Errorf("what a pipeline of GitHub says counts for GitLab: %d, %+v, error %v", number, r, err)
	}
	r = config.Review{TokenFile: "token"}
	number, err = github.Complete(&r, 0)
	want := config.Review{
		Forge: config.GitHub, URL: "https://github.com", Repository: "a/b", TokenFile: "token",
	}
	if err != nil || number != 7 || r != want {
		t.Errorf("%d, %+v, error %v", number, r, err)
	}
}
