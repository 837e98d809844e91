// SPDX-License-Identifier: Apache-2.0

package access_test

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"syncer.dev/syncer/internal/app/access"
	"syncer.dev/syncer/internal/app/adapters"
	"syncer.dev/syncer/internal/app/apptest"
	"syncer.dev/syncer/internal/config"
	"syncer.dev/syncer/internal/git/gittest"
)

// TestOnlyPeopleHaveHelpers: a command asks the person's credential helper, and a daemon does not.
func TestOnlyPeopleHaveHelpers(t *testing.T) {
	dir := t.TempDir()
	script := filepath.Join(dir, "helper")
	text := "#!/bin/sh\n[ $1 = get ] && echo username=ada && echo password=pass\nexit 0\n"
	if err := os.WriteFile(script, []byte(text), 0o700); err != nil {
		t.Fatal(err)
	}
	global := filepath.Join(dir, "config")
	if err := os.WriteFile(global, []byte("[credential]\n\thelper = "+script+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("GIT_CONFIG_GLOBAL", global)
	repo := apptest.Repository(t)
	repo.SetFaults(gittest.Faults{Username: "ada", Password: "pass"})
	c, _ := apptest.OnAKS(t, apptest.Config(t, repo.URL()))
	asPerson, err := access.AsPerson(c, c.Source.URL)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := asPerson.Fetch(t.Context()); err != nil {
		t.Errorf("as a person: %v", err)
	}
	parts, err := adapters.Connect(c, access.AsDaemon)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parts.Repository.Fetch(t.Context()); err == nil {
		t.Error("a daemon signed in as the person who started it")
	}
	t.Setenv("SSH_AUTH_SOCK", filepath.Join(dir, "agent"))
	c.Source.URL = "git@127.0.0.1:o/r.git"
	if _, err := access.AsPerson(c, c.Source.URL); err != nil {
		t.Errorf("as a person with an agent: %v", err)
	}
	if _, err := adapters.Connect(c, access.AsDaemon); err == nil ||
		!strings.Contains(err.Error(), "source.auth.sshKeyFile") {
		t.Errorf("a daemon over ssh without a key: %v", err)
	}
}

// TestUserNameIsSentAsConfigured: "git" unless it is set, which may be to nothing.
func TestUserNameIsSentAsConfigured(t *testing.T) {
	repo := apptest.Repository(t)
	t.Setenv("GIT_TEST_PASSWORD", "pass")
	for text, user := range map[string]string{"": "git", "username: bot, ": "bot", `username: "", `: ""} {
		file := fmt.Sprintf("apiVersion: syncer.dev/v1alpha1\nkind: Config\nsource:\n  url: %s\n"+
			"  auth: {%spasswordEnv: GIT_TEST_PASSWORD}\n", repo.URL(), text)
		c, err := config.Load("syncer.yaml", []byte(file), func(string) (string, bool) { return "", false }, nil)
		if err != nil {
			t.Fatal(err)
		}
		repo.SetFaults(gittest.Faults{Username: user, Password: "pass"})
		r, err := access.AsPerson(c, c.Source.URL)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := r.Fetch(t.Context()); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// TestTokenSourcesAreWired: the configuration of each is checked when the repository is opened.
func TestTokenSourcesAreWired(t *testing.T) {
	for _, name := range []string{"AZURE_FEDERATED_TOKEN_FILE", "AZURE_CLIENT_ID", "AZURE_TENANT_ID"} {
		t.Setenv(name, "")
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	listener.Close()
	c := config.Default()
	c.Source.URL = "https://" + listener.Addr().String() + "/r.git"
	c.Source.Auth.Entra = config.Entra{Auth: "workloadIdentity"}
	if _, err := access.AsPerson(c, c.Source.URL); err == nil || !strings.Contains(err.Error(), "source.auth.entra") {
		t.Errorf("Entra ID without an environment: %v", err)
	}
	c.Source.Auth.Entra = config.Entra{}
	c.Source.Auth.GitHubApp = config.GitHubApp{
		AppID: 1, InstallationID: 2, PrivateKeyFile: "missing.pem", BaseURL: "http://ghe.example.com",
	}
	if _, err := access.AsPerson(c, c.Source.URL); err == nil ||
		!strings.Contains(err.Error(), "source.auth.githubApp") {
		t.Errorf("a GitHub App over http: %v", err)
	}
	c.Source.Auth.GitHubApp.BaseURL = ""
	r, err := access.AsPerson(c, c.Source.URL)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Fetch(t.Context()); err == nil || !strings.Contains(err.Error(), "missing.pem") {
		t.Errorf("a GitHub App without its key: %v", err)
	}
}
