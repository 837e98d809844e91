// SPDX-License-Identifier: Apache-2.0

package app_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"syncer.dev/syncer/internal/app"
	"syncer.dev/syncer/internal/config"
	"syncer.dev/syncer/internal/git"
	"syncer.dev/syncer/internal/git/gittest"
	"syncer.dev/syncer/internal/reconcile"
	"syncer.dev/syncer/internal/status"
)

// recordOn records a state of a cluster that reports a commit of the source.
func recordOn(t *testing.T, c config.Config, log *slog.Logger, states ...string) {
	t.Helper()
	opened, err := app.OpenRepository(c, c.Source.URL)
	if err != nil {
		t.Fatal(err)
	}
	recorder := app.Recorder{Branch: opened.Branch(c.Status.Branch), Config: c, Log: log}
	for _, state := range states {
		source, _, _ := strings.Cut(state, " ")
		message := status.Message(status.Commit{Cluster: c.Cluster, Source: source, Version: "v1"}, nil, nil)
		what := reconcile.Recording{
			Files: map[string][]byte{"x": []byte(state)}, Message: message, When: time.Now(),
		}
		if _, err := recorder.Record(t.Context(), what); err != nil {
			t.Fatal(err)
		}
	}
}

// TestRewrittenTag moves a tag: forwards as a branch, and back to an older commit, which is refused by this process and
// by the next. The history of status is shortened in between, so far that only the rule keeps what the next one reads.
func TestRewrittenTag(t *testing.T) {
	repo := newRepository(t)
	c := configFor(t, repo.Dir)
	c.Source.Branch, c.Source.Tag, c.Source.Rewritten = "", "live", config.Refuse
	c.Status.Keep = 10
	first := repo.Head(gittest.Main)
	second := repo.Commit(map[string]string{"workspaces/more.yaml": "a: b\n"}, "second")
	third := repo.Commit(map[string]string{"workspaces/more.yaml": "c: d\n"}, "third")
	move := func(to string) { repo.Git("tag", "--force", "live", to) }
	fetch := func(a *app.Accepted, c config.Config) (string, error) {
		t.Helper()
		opened, err := app.OpenRepository(c, c.Source.URL)
		if err != nil {
			t.Fatal(err)
		}
		r, err := app.RevisionSource{Repository: opened, Config: c, Accepted: a}.Fetch(t.Context())
		return r.Commit, err
	}
	var accepted app.Accepted
	for _, to := range []string{first, second} {
		move(to)
		if got, err := fetch(&accepted, c); err != nil || got != to {
			t.Errorf("%s, %v; want %s", got, err, to)
		}
	}
	var log bytes.Buffer
	recordOn(t, c, nil, second)
	busy := c
	busy.Cluster = "busy"
	var states []string
	for i := range 40 {
		states = append(states, fmt.Sprint(first, " ", i))
	}
	recordOn(t, busy, slog.New(slog.NewTextHandler(&log, nil)), states...)
	if n := len(repo.Log(c.Status.Branch)); n > 35 || !strings.Contains(log.String(), "is shorter") {
		t.Errorf("%d status commits, and the log says %q", n, log.String())
	}

	move(first)
	for name, a := range map[string]*app.Accepted{"the same process": &accepted, "the next": {}} {
		var rewritten *git.RewrittenError
		if _, err := fetch(a, c); !errors.As(err, &rewritten) || string(rewritten.Lost) != second {
			t.Errorf("%s: %v", name, err)
		}
	}
	named := c
	named.Source.Tag, named.Source.Commit = "", first
	repo.Git("config", "uploadpack.allowReachableSHA1InWant", "true")
	if got, err := fetch(&app.Accepted{}, named); err != nil || got != first {
		t.Errorf("a commit that the configuration names: %s, %v", got, err)
	}
	move(third)
	if got, err := fetch(&app.Accepted{}, c); err != nil || got != third {
		t.Errorf("%s, %v; want %s", got, err, third)
	}
}

// TestKeepIsRefused: a server that takes no such push costs a warning with a cure, and no status.
func TestKeepIsRefused(t *testing.T) {
	repo := newRepository(t)
	repo.Git("config", "receive.denyNonFastForwards", "true")
	c := configFor(t, repo.Dir)
	c.Status.Keep = 10
	source := repo.Head(gittest.Main)
	recordOn(t, c, nil, source+" 0")
	for range 25 {
		repo.CommitTo(c.Status.Branch, map[string]string{"other": "x"}, "other")
	}
	var log bytes.Buffer
	recordOn(t, c, slog.New(slog.NewTextHandler(&log, nil)), source+" 1", source+" 2")
	if n := strings.Count(log.String(), "stays as long as it is"); n != 1 || !strings.Contains(log.String(), "rejected") {
		t.Errorf("%d warnings: %s", n, log.String())
	}
	if n := len(repo.Log(c.Status.Branch)); n != 28 {
		t.Errorf("%d status commits, want 28", n)
	}
}
