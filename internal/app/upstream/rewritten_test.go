// SPDX-License-Identifier: Apache-2.0

package upstream_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"syncer.dev/syncer/internal/app/access"
	"syncer.dev/syncer/internal/app/apptest"
	"syncer.dev/syncer/internal/app/statusbranch"
	"syncer.dev/syncer/internal/app/upstream"
	"syncer.dev/syncer/internal/config"
	"syncer.dev/syncer/internal/git"
	"syncer.dev/syncer/internal/git/gittest"
	"syncer.dev/syncer/internal/reconcile"
	"syncer.dev/syncer/internal/status/message"
)

// tip fetches with what was accepted so far, in a repository that is opened again, and returns the commit.
func tip(t *testing.T, a *upstream.Accepted, c config.Config) (string, error) {
	t.Helper()
	opened, err := access.AsPerson(c, c.Source.URL)
	if err != nil {
		t.Fatal(err)
	}
	r, err := upstream.Source{Repository: opened, Config: c, Accepted: a}.Fetch(t.Context())
	return r.Commit, err
}

// TestRewrittenBranch moves the branch back to an older commit that is signed: it is refused, by this process and by
// the next, until the branch has the commit again or the configuration accepts the new history.
func TestRewrittenBranch(t *testing.T) {
	repo := apptest.Repository(t)
	c := apptest.Config(t, repo.Dir)
	c.Source.Rewritten = config.Refuse
	first := repo.Head(gittest.Main)
	second := repo.Commit(map[string]string{"workspaces/more.yaml": "a: b\n"}, "second")

	var accepted upstream.Accepted
	refused := func(name string, a *upstream.Accepted) {
		t.Helper()
		_, err := tip(t, a, c)
		var rewritten *git.RewrittenError
		if !errors.As(err, &rewritten) || string(rewritten.Lost) != second ||
			!strings.Contains(rewritten.Hint(), "source.rewritten") {
			t.Errorf("%s: %v", name, err)
		}
	}
	taken := func(name string, a *upstream.Accepted, c config.Config, want string) {
		t.Helper()
		if got, err := tip(t, a, c); err != nil || got != want {
			t.Errorf("%s: %s, %v; want %s", name, got, err, want)
		}
	}
	taken("the first tip", &accepted, c, second)
	repo.Reset(gittest.Main, first)
	refused("the same process", &accepted)
	taken("a process that finds no status", &upstream.Accepted{}, c, first)
	other := repo.Commit(map[string]string{"workspaces/more.yaml": "c: d\n"}, "another history")
	refused("another history", &accepted)

	opened, err := access.AsPerson(c, c.Source.URL)
	if err != nil {
		t.Fatal(err)
	}
	for _, cluster := range []string{c.Cluster, "elsewhere"} {
		own := c
		own.Cluster = cluster
		recorder := statusbranch.Recorder{Branch: opened.Branch(c.Status.Branch), Config: own}
		source := map[bool]string{true: second, false: other}[cluster == c.Cluster]
		message := message.Of(message.Commit{Cluster: cluster, Source: source, Version: "v1"}, nil, nil)
		if _, err := recorder.Record(t.Context(), reconcile.Recording{
			All: func() map[string][]byte { return map[string][]byte{"x": []byte(cluster)} }, Message: message, When: time.Now(),
		}); err != nil {
			t.Fatal(err)
		}
	}
	refused("the next process", &upstream.Accepted{})
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

// TestRewrittenTag moves a tag: forwards as a branch, and back to an older commit, which is refused by this process and
// by the next. The history of status is shortened in between, so far that only the rule keeps what the next one reads.
func TestRewrittenTag(t *testing.T) {
	repo := apptest.Repository(t)
	c := apptest.Config(t, repo.Dir)
	c.Source.Branch, c.Source.Tag, c.Source.Rewritten = "", "live", config.Refuse
	c.Status.Keep = 10
	first := repo.Head(gittest.Main)
	second := repo.Commit(map[string]string{"workspaces/more.yaml": "a: b\n"}, "second")
	third := repo.Commit(map[string]string{"workspaces/more.yaml": "c: d\n"}, "third")
	move := func(to string) { repo.Git("tag", "--force", "live", to) }
	var accepted upstream.Accepted
	for _, to := range []string{first, second} {
		move(to)
		if got, err := tip(t, &accepted, c); err != nil || got != to {
			t.Errorf("%s, %v; want %s", got, err, to)
		}
	}
	var log bytes.Buffer
	apptest.Record(t, c, nil, second)
	busy := c
	busy.Cluster = "busy"
	var states []string
	for i := range 40 {
		states = append(states, fmt.Sprint(first, " ", i))
	}
	apptest.Record(t, busy, slog.New(slog.NewTextHandler(&log, nil)), states...)
	if n := len(repo.Log(c.Status.Branch)); n > 35 || !strings.Contains(log.String(), "is shorter") {
		t.Errorf("%d status commits, and the log says %q", n, log.String())
	}

	move(first)
	for name, a := range map[string]*upstream.Accepted{"the same process": &accepted, "the next": {}} {
		var rewritten *git.RewrittenError
		if _, err := tip(t, a, c); !errors.As(err, &rewritten) || string(rewritten.Lost) != second {
			t.Errorf("%s: %v", name, err)
		}
	}
	named := c
	named.Source.Tag, named.Source.Commit = "", first
	repo.Git("config", "uploadpack.allowReachableSHA1InWant", "true")
	if got, err := tip(t, &upstream.Accepted{}, named); err != nil || got != first {
		t.Errorf("a commit that the configuration names: %s, %v", got, err)
	}
	move(third)
	if got, err := tip(t, &upstream.Accepted{}, c); err != nil || got != third {
		t.Errorf("%s, %v; want %s", got, err, third)
	}
}
