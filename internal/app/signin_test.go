// SPDX-License-Identifier: Apache-2.0

package app_test

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"syncer.dev/syncer/internal/app"
	"syncer.dev/syncer/internal/config"
	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/git"
	"syncer.dev/syncer/internal/git/gittest"
	"syncer.dev/syncer/internal/reconcile"
	"syncer.dev/syncer/internal/status"
)

// TestHintsOfADaemon lets the Git server answer with a page to sign in: the log and /readyz say what it is and what to
// do.
func TestHintsOfADaemon(t *testing.T) {
	repo := newRepository(t)
	repo.SetFaults(gittest.Faults{SignIn: "/users/sign_in"})
	c, _ := onAKS(t, configFor(t, repo.URL()))
	log := &logged{}
	d, err := app.NewDaemon(app.DaemonOptions{
		Load:       func() (config.Config, error) { return c, nil },
		ConfigFile: filepath.Join(t.TempDir(), "syncer.yaml"),
		Log:        slog.New(diag.WithHints(slog.NewTextHandler(log, nil))),
	})
	if err != nil {
		t.Fatal(err)
	}
	start(t, d)
	var ready string
	eventually(t, "/readyz has the hint", func() bool {
		_, ready = get(t, d, "/readyz")
		return strings.Contains(ready, "[-]git: ") && strings.Contains(ready, "hint: check the credentials and the URL")
	})
	if !strings.Contains(ready, "a web page") || !strings.Contains(ready, "instead of Git") {
		t.Errorf("/readyz: %s", ready)
	}
	eventually(t, "the log has it", func() bool { return log.count(`hint="check the credentials and the URL`) == 1 })
}

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
	repo := newRepository(t)
	repo.SetFaults(gittest.Faults{Username: "ada", Password: "pass"})
	c, _ := onAKS(t, configFor(t, repo.URL()))
	asPerson, err := app.OpenRepository(c, c.Source.URL)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := asPerson.Fetch(t.Context()); err != nil {
		t.Errorf("as a person: %v", err)
	}
	parts, err := app.Connect(c)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parts.Repository.Fetch(t.Context()); err == nil {
		t.Error("a daemon signed in as the person who started it")
	}
	t.Setenv("SSH_AUTH_SOCK", filepath.Join(dir, "agent"))
	c.Source.URL = "git@127.0.0.1:o/r.git"
	if _, err := app.OpenRepository(c, c.Source.URL); err != nil {
		t.Errorf("as a person with an agent: %v", err)
	}
	if _, err := app.Connect(c); err == nil || !strings.Contains(err.Error(), "source.auth.sshKeyFile") {
		t.Errorf("a daemon over ssh without a key: %v", err)
	}
}

// TestUserNameIsSentAsConfigured: "git" unless it is set, which may be to nothing.
func TestUserNameIsSentAsConfigured(t *testing.T) {
	repo := newRepository(t)
	t.Setenv("GIT_TEST_PASSWORD", "pass")
	for text, user := range map[string]string{"": "git", "username: bot, ": "bot", `username: "", `: ""} {
		file := fmt.Sprintf("apiVersion: syncer.dev/v1alpha1\nkind: Config\nsource:\n  url: %s\n"+
			"  auth: {%spasswordEnv: GIT_TEST_PASSWORD}\n", repo.URL(), text)
		c, err := config.Load("syncer.yaml", []byte(file), func(string) (string, bool) { return "", false }, nil)
		if err != nil {
			t.Fatal(err)
		}
		repo.SetFaults(gittest.Faults{Username: user, Password: "pass"})
		r, err := app.OpenRepository(c, c.Source.URL)
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
	if _, err := app.OpenRepository(c, c.Source.URL); err == nil || !strings.Contains(err.Error(), "source.auth.entra") {
		t.Errorf("Entra ID without an environment: %v", err)
	}
	c.Source.Auth.Entra = config.Entra{}
	c.Source.Auth.GitHubApp = config.GitHubApp{
		AppID: 1, InstallationID: 2, PrivateKeyFile: "missing.pem", BaseURL: "http://ghe.example.com",
	}
	if _, err := app.OpenRepository(c, c.Source.URL); err == nil ||
		!strings.Contains(err.Error(), "source.auth.githubApp") {
		t.Errorf("a GitHub App over http: %v", err)
	}
	c.Source.Auth.GitHubApp.BaseURL = ""
	r, err := app.OpenRepository(c, c.Source.URL)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Fetch(t.Context()); err == nil || !strings.Contains(err.Error(), "missing.pem") {
		t.Errorf("a GitHub App without its key: %v", err)
	}
}

// TestSignaturesOfTheSource: an unsigned change is an error of Git that names the commit; the revision before stays.
func TestSignaturesOfTheSource(t *testing.T) {
	dir := t.TempDir()
	key := filepath.Join(dir, "key")
	if out, err := exec.Command("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	public, err := os.ReadFile(key + ".pub")
	if err != nil {
		t.Fatal(err)
	}
	allowed := filepath.Join(dir, "allowed")
	if err := os.WriteFile(allowed, append([]byte("ada "), public...), 0o600); err != nil {
		t.Fatal(err)
	}
	repo := newRepository(t)
	c := configFor(t, repo.Dir)
	c.Status.Branch = c.Source.Branch
	c.Status.Signing.KeyFile = key
	c.Source.Signatures.Signers = []string{".=" + allowed}
	opened, err := app.OpenRepository(c, c.Source.URL)
	if err != nil {
		t.Fatal(err)
	}
	from := app.RevisionSource{Repository: opened, Config: c}
	_, err = from.Fetch(t.Context())
	if err == nil || !strings.Contains(err.Error(), "it is not signed") || len(diag.Hints(err)) != 1 {
		t.Errorf("an unsigned commit: %v", err)
	}
	signed := repo.Git("-c", "user.name=T", "-c", "user.email=t@example.com", "-c", "gpg.format=ssh",
		"-c", "user.signingkey="+key, "commit-tree", "-S", gittest.Main+"^{tree}", "-m", "signed")
	repo.Reset(gittest.Main, signed)
	if _, err := from.Fetch(t.Context()); err != nil {
		t.Errorf("a signed commit: %v", err)
	}
	recorder := app.Recorder{Branch: opened.Branch(c.Status.Branch), Config: c}
	what := reconcile.Recording{Files: map[string][]byte{"x": []byte("y")}, Message: "status", When: time.Now()}
	tip, err := recorder.Record(t.Context(), what)
	if err != nil {
		t.Fatal(err)
	}
	repo.Git("-c", "gpg.ssh.allowedSignersFile="+allowed, "verify-commit", tip)
	if _, err := from.Fetch(t.Context()); err != nil {
		t.Errorf("after a status commit: %v", err)
	}
}

// TestRewrittenBranch moves the branch back to an older commit that is signed: it is refused, by this process and by
// the next, until the branch has the commit again or the configuration accepts the new history.
func TestRewrittenBranch(t *testing.T) {
	repo := newRepository(t)
	c := configFor(t, repo.Dir)
	c.Source.Rewritten = config.Refuse
	first := repo.Head(gittest.Main)
	second := repo.Commit(map[string]string{"workspaces/more.yaml": "a: b\n"}, "second")

	var accepted app.Accepted
	fetch := func(a *app.Accepted, c config.Config) (string, error) {
		t.Helper()
		opened, err := app.OpenRepository(c, c.Source.URL)
		if err != nil {
			t.Fatal(err)
		}
		r, err := app.RevisionSource{Repository: opened, Config: c, Accepted: a}.Fetch(t.Context())
		return r.Commit, err
	}
	refused := func(name string, a *app.Accepted) {
		t.Helper()
		_, err := fetch(a, c)
		var rewritten *git.RewrittenError
		if !errors.As(err, &rewritten) || string(rewritten.Lost) != second ||
			!strings.Contains(rewritten.Hint(), "source.rewritten") {
			t.Errorf("%s: %v", name, err)
		}
	}
	taken := func(name string, a *app.Accepted, c config.Config, want string) {
		t.Helper()
		if got, err := fetch(a, c); err != nil || got != want {
			t.Errorf("%s: %s, %v; want %s", name, got, err, want)
		}
	}
	taken("the first tip", &accepted, c, second)
	repo.Reset(gittest.Main, first)
	refused("the same process", &accepted)
	taken("a process that finds no status", &app.Accepted{}, c, first)
	other := repo.Commit(map[string]string{"workspaces/more.yaml": "c: d\n"}, "another history")
	refused("another history", &accepted)

	opened, err := app.OpenRepository(c, c.Source.URL)
	if err != nil {
		t.Fatal(err)
	}
	for _, cluster := range []string{c.Cluster, "elsewhere"} {
		own := c
		own.Cluster = cluster
		recorder := app.Recorder{Branch: opened.Branch(c.Status.Branch), Config: own}
		source := map[bool]string{true: second, false: other}[cluster == c.Cluster]
		message := status.Message(status.Commit{Cluster: cluster, Source: source, Version: "v1"}, nil, nil)
		what := reconcile.Recording{
			Files: map[string][]byte{"x": []byte(cluster)}, Message: message, When: time.Now(),
		}
		if _, err := recorder.Record(t.Context(), what); err != nil {
			t.Fatal(err)
		}
	}
	refused("the next process", &app.Accepted{})
	refused("a command", nil)
	accepts := c
	accepts.Source.Rewritten = config.Accept
	taken("a configuration that accepts", &accepted, accepts, other)
	taken("and refuses again", &accepted, c, other)

	repo.Reset(gittest.Main, second)
	taken("the branch has the commit again", nil, c, second)
	third := repo.Commit(map[string]string{"workspaces/more.yaml": "e: f\n"}, "third")
	taken("the next push", nil, c, third)

	usual := config.Default()
	if usual.Source.RefusesRewrites() {
		t.Error("without signatures a rewritten branch is refused by default")
	}
	if usual.Source.Signatures.Signers = []string{".=f"}; !usual.Source.RefusesRewrites() {
		t.Error("with signatures a rewritten branch is accepted by default")
	}
}
