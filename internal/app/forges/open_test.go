// SPDX-License-Identifier: Apache-2.0

package forges

import (
	"strings"
	"testing"

	"syncer.dev/syncer/internal/config"
)

func TestAddress(t *testing.T) {
	for url, want := range map[string]string{
		"https://github.com/team/models.git":               "github.com team/models",
		"git@github.com:team/models.git":                   "github.com team/models",
		"ssh://git@git.example.com:2222/team/models":       "git.example.com team/models",
		"https://git.example.com:8443/team/models/":        "git.example.com:8443 team/models",
		"https://gitlab.com/a/b/c.git":                     "gitlab.com a/b/c",
		"https://dev.azure.com/org/project/_git/models":    "dev.azure.com org/project/models",
		"https://org@dev.azure.com/org/_git/models":        "dev.azure.com org/models/models",
		"https://org.visualstudio.com/project/_git/models": "dev.azure.com org/project/models",
		"git@ssh.dev.azure.com:v3/org/project/models":      "dev.azure.com org/project/models",
		"/srv/git/models.git":                              " ",
		"file:///srv/git/models.git":                       " ",
		"../models":                                        " ",
	} {
		if host, path := address(url); host+" "+path != want {
			t.Errorf("%s: %q, %q, want %q", url, host, path, want)
		}
	}
}

// TestOpen says what a configuration lacks, and where to set it.
func TestOpen(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(*config.Config)
		want   string
	}{
		"no forge":      {func(c *config.Config) { c.Review.Forge = "" }, "names no forge"},
		"no token":      {func(c *config.Config) { c.Review.TokenEnv = "" }, "no token"},
		"no repository": {func(c *config.Config) { c.Source.URL = "/srv/git/models" }, "the repository on the forge"},
		"plain http":    {func(c *config.Config) { c.Review.URL = "http://git.example.com" }, "http"},
	} {
		t.Run(name, func(t *testing.T) {
			c := config.Default()
			c.Source.URL = "https://git.example.com/team/models"
			c.Review.Forge, c.Review.TokenEnv = config.Gitea, "TOKEN"
			if _, err := Open(c, "syncer/test", nil); err != nil {
				t.Fatal(err)
			}
			tt.change(&c)
			_, err := Open(c, "syncer/test", nil)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want %q", err, tt.want)
			}
		})
	}
}
