// SPDX-License-Identifier: Apache-2.0

package git

import (
	"strings"
	"testing"

	"syncer.dev/syncer/internal/git/signin"
)

func TestURLs(t *testing.T) {
	dir := t.TempDir()
	password := Auth{Username: "bot", Password: Secret{Env: "GIT_TEST_PASSWORD"}}
	ssh := Auth{SSHKey: "id", KnownHosts: "known_hosts"}
	for _, test := range []struct {
		url  string
		auth Auth
		want string // part of the error, or "" if it is accepted
	}{
		{url: "https://example.com/team/models.git"},
		{url: "https://example.com/team/models.git", auth: password},
		{url: "http://example.com/team/models.git"},
		{url: "http://localhost:8080/x", auth: password},
		{url: "http://127.0.0.1:8080/x", auth: password},
		{url: "http://[::1]:8080/x", auth: password},
		{url: "ssh://git@example.com/team/models.git", auth: ssh},
		{url: "git@example.com:team/models.git", auth: ssh},
		{url: dir},
		{url: "file://" + dir},
		{url: "relative/path"},

		{url: "", want: "no repository URL"},
		{url: "https://bot:s3cret@example.com/x", want: "it holds credentials"},
		{url: "https://s3cret@example.com/x", want: "it holds credentials"},
		{url: "https://bot:s3cret%zz@example.com/x", want: "not a valid URL"},
		{url: "https://bot:s3cret@exa mple.com/x", want: "not a valid URL"},
		{url: "ssh://git:s3cret@example.com/x", auth: ssh, want: "it holds a password"},
		{url: "https://example.com/x?token=s3cret", want: "query"},
		{url: "https://example.com/x#s3cret", want: "fragment"},
		{url: "http://example.com/x", auth: password, want: "in the clear"},
		{url: "http://localhost.example.com/x", auth: password, want: "in the clear"},
		{url: "git://example.com/x", want: `scheme "git"`},
		{url: "ext::sh -c id", want: "ssh needs"},
		{url: "ftp://example.com/x", want: `scheme "ftp"`},
		{url: "https:///x", want: "no host"},
		{url: "file://other-machine/x", want: "on this machine"},
		{url: "https://example.com/\nx", want: "control characters"},
		{url: "ssh://git@example.com/x", want: "ssh needs an SSH key"},
		{url: "ssh://git@example.com/x", auth: Auth{SSHKey: "id"}, want: "known hosts"},
		{url: "ssh://git@example.com/x", auth: password, want: "does not work over ssh"},
		{url: "https://example.com/x", auth: ssh, want: "only for ssh"},
		{url: "https://example.com/x", auth: Auth{Password: Secret{Env: "A"}, Bearer: Secret{Env: "B"}}, want: "not several"},
		{url: "https://example.com/x", auth: Auth{Password: Secret{Env: "A", File: "b"}}, want: "named twice"},
		{url: "https://example.com/x", auth: Auth{Password: Secret{Env: "A"}, Token: &signin.Helper{}}, want: "not several"},
	} {
		_, err := Open(Options{URL: test.url, Branch: "main", Auth: test.auth})
		switch {
		case test.want == "" && err != nil:
			t.Errorf("%q: %v", test.url, err)
		case test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)):
			t.Errorf("%q: %v, want %q", test.url, err, test.want)
		case err != nil && strings.Contains(err.Error(), "s3cret"):
			t.Errorf("%q: the error repeats the secret: %v", test.url, err)
		}
	}
	for _, branch := range []string{"a..b", "-x", "a b", "a.lock", "refs/../x", "a\nb"} {
		if _, err := Open(Options{URL: dir, Branch: branch}); err == nil {
			t.Errorf("branch %q accepted", branch)
		}
	}
}

func TestLocalNeedsGit(t *testing.T) {
	t.Setenv("PATH", "")
	if _, err := Open(Options{URL: t.TempDir()}); err == nil || !strings.Contains(err.Error(), "git command") {
		t.Errorf("without git on PATH: %v", err)
	}
}
