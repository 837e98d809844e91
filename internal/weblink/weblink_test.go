// SPDX-License-Identifier: Apache-2.0

package weblink_test

import (
	"testing"

	"syncer.dev/syncer/internal/weblink"
)

const commit = "9be0d11aabbccddeeff00112233445566778899a"

func TestLinks(t *testing.T) {
	for _, c := range []struct {
		repository   string
		kind         weblink.Kind
		commit, file string
	}{
		{
			"git@github.com:team/models.git", "",
			"https://github.com/team/models/commit/" + commit,
			"https://github.com/team/models/blob/" + commit + "/a%20b/phi.yaml",
		},
		{
			"https://user:secret@github.com/team/models", weblink.GitLab, // the host knows better
			"https://github.com/team/models/commit/" + commit,
			"https://github.com/team/models/blob/" + commit + "/a%20b/phi.yaml",
		},
		{
			"ssh://git@gitlab.example.com:2222/group/sub/models.git", "",
			"https://gitlab.example.com/group/sub/models/-/commit/" + commit,
			"https://gitlab.example.com/group/sub/models/-/blob/" + commit + "/a%20b/phi.yaml",
		},
		{
			"http://127.0.0.1:3000/team/models.git", weblink.Gitea,
			"http://127.0.0.1:3000/team/models/commit/" + commit,
			"http://127.0.0.1:3000/team/models/src/commit/" + commit + "/a%20b/phi.yaml",
		},
		{
			"git@ssh.dev.azure.com:v3/org/project/models", "",
			"https://dev.azure.com/org/project/_git/models/commit/" + commit,
			"https://dev.azure.com/org/project/_git/models?path=%2Fa+b%2Fphi.yaml&version=GC" + commit,
		},
		{
			"https://org.visualstudio.com/project/_git/models", "",
			"https://dev.azure.com/org/project/_git/models/commit/" + commit,
			"https://dev.azure.com/org/project/_git/models?path=%2Fa+b%2Fphi.yaml&version=GC" + commit,
		},
		{"https://git.example.com/team/models.git", "", "", ""},
		{"/srv/git/models.git", weblink.GitHub, "", ""},
		{"file:///srv/git/models.git", weblink.GitHub, "", ""},
		{"", "", "", ""},
	} {
		links := weblink.Of(c.repository, c.kind)
		if got := links.Commit(commit); got != c.commit {
			t.Errorf("%s: the commit is at %q, want %q", c.repository, got, c.commit)
		}
		if got := links.File(commit, "a b/phi.yaml"); got != c.file {
			t.Errorf("%s: the file is at %q, want %q", c.repository, got, c.file)
		}
	}
}

// TestNoLinks: what is no hash, and no path in the repository, is not made a part of a link.
func TestNoLinks(t *testing.T) {
	links := weblink.Of("https://github.com/team/models", "")
	for _, commit := range []string{"", "main", "9be0d11/../../..", "9be0d11?x", "javascript:alert(1)"} {
		if links.Commit(commit) != "" || links.File(commit, "a") != "" {
			t.Errorf("%q has a page", commit)
		}
	}
	if links.File(commit, "") != "" || links.File(commit, "/etc/passwd") != "" {
		t.Error("what is no file has a page")
	}
}
