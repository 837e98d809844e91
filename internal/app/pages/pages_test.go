// SPDX-License-Identifier: Apache-2.0

package pages_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"syncer.dev/syncer/internal/app/pages"
	"syncer.dev/syncer/internal/components"
	"syncer.dev/syncer/internal/config"
	"syncer.dev/syncer/internal/page"
	"syncer.dev/syncer/internal/page/pagetest"
	"syncer.dev/syncer/internal/page/session"
	"syncer.dev/syncer/internal/reconcile"
	"syncer.dev/syncer/internal/status/events"
)

func configured(access string) config.Config {
	c := config.Default()
	c.Cluster, c.Source.URL, c.Page.Access = pagetest.Cluster, "https://github.com/team/models.git", access
	return c
}

// outcome is that of a pass over the fleet of pagetest.
func outcome() reconcile.Outcome {
	f := pagetest.Fleet()
	return reconcile.Outcome{Commit: f.Commit, Reports: f.Reports, Plan: f.Plan, Seen: reconcile.Seen{
		State: f.State, Pools: f.Pools, Quota: f.Quota, Unavailable: f.Unavailable,
	}}
}

// TestPassed: the page shows the last pass. One without a plan keeps what was seen before, and says what does not
// answer.
func TestPassed(t *testing.T) {
	log := slog.New(slog.DiscardHandler)
	c := configured(config.AccessLoopback)
	p := page.New(log)
	p.Use(pages.Options(c, []pages.Cluster{{Config: c}}, log))
	server := httptest.NewServer(p)
	defer server.Close()
	defer p.Close()
	look := func(path string) string {
		t.Helper()
		resp, err := http.Get(server.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return string(body)
	}
	const capacity = "/clusters/" + pagetest.Cluster + "/capacity"
	publisher := pages.NewPublisher(c, p, components.NewHealth())
	publisher.Passed(outcome(), "leader", time.Now())
	for _, want := range []string{"wllama70b", "412", "This replica: leader", "/team/models/commit/" + pagetest.Commit} {
		if body := look(capacity); !strings.Contains(body, want) {
			t.Errorf("after a pass: no %q in %s", want, body)
		}
	}
	before := look(capacity)
	publisher.Passed(reconcile.Outcome{Unchanged: true, Plan: outcome().Plan}, "leader", time.Now())
	version := func(body string) string {
		_, rest, _ := strings.Cut(body, `data-version="`)
		return rest[:strings.Index(rest, `"`)]
	}
	if version(look(capacity)) != version(before) {
		t.Error("a pass that found nothing new is a new version")
	}
	publisher = pages.NewPublisher(c, p, components.NewHealth(components.Git))
	publisher.Passed(outcome(), "", time.Now())
	publisher.Passed(reconcile.Outcome{Reports: outcome().Reports}, "", time.Now())
	if body := look(capacity); !strings.Contains(body, "git does not answer") || !strings.Contains(body, "wllama70b") {
		t.Errorf("after a pass without a plan: %s", body)
	}
	pages.NewPublisher(c, nil, nil).Passed(outcome(), "", time.Now()) // a daemon without a page
}

// TestKey: the key is read again at each use, and a file without a usable one is an error.
func TestKey(t *testing.T) {
	file := filepath.Join(t.TempDir(), "key")
	c := configured(config.AccessToken)
	c.Page.KeyFile = file
	o := pages.Options(c, nil, slog.New(slog.DiscardHandler))
	if _, err := o.Sealer(); err == nil {
		t.Error("a file that does not exist is no error")
	}
	if err := os.WriteFile(file, []byte("short"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := o.Sealer(); err == nil || !strings.Contains(err.Error(), "page.keyFile") ||
		strings.Contains(err.Error(), "short") {
		t.Errorf("a short key: %v", err)
	}
	if err := os.WriteFile(file, []byte(session.Random()+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	one, err := o.Sealer()
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := one.Seal(session.Session{Token: "a", Since: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(session.Random()), 0o600); err != nil {
		t.Fatal(err)
	}
	other, err := o.Sealer()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := other.Open(sealed, time.Now()); !errors.Is(err, session.ErrInvalid) {
		t.Errorf("with another key: %v", err)
	}
}

// TestHistoryIsRead: many clients cost one read of the branch in a while, and an error is not kept.
func TestHistoryIsRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		reads, fails := 0, error(nil)
		c := configured(config.AccessLoopback)
		o := pages.Options(c, []pages.Cluster{{Config: c, History: func(context.Context) ([]events.Commit, error) {
			reads++
			return []events.Commit{{Message: "s\n\ndefault/phi-4: Ready\n\nSyncer-Cluster: demo\n"}}, fails
		}}}, slog.New(slog.DiscardHandler))
		history := o.Clusters[0].History
		for range 5 {
			if all, err := history(t.Context()); err != nil || len(all) != 1 {
				t.Errorf("%v, %v", all, err)
			}
		}
		time.Sleep(time.Minute)
		fails = errors.New("unreachable")
		if _, err := history(t.Context()); err == nil || reads != 2 {
			t.Errorf("%v after %d reads", err, reads)
		}
		fails = nil
		if _, err := history(t.Context()); err != nil || reads != 3 {
			t.Errorf("%v after %d reads", err, reads)
		}
	})
}
