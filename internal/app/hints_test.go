// SPDX-License-Identifier: Apache-2.0

package app_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"syncer.dev/syncer/internal/app/apptest"
	"syncer.dev/syncer/internal/config"
)

// find returns what the group of an expression matches in the log.
func (l *logged) find(expression string) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if m := regexp.MustCompile(expression).FindStringSubmatch(l.text.String()); m != nil {
		return m[1]
	}
	return ""
}

// TestWebhookHints: a webhook makes the daemon list the pull requests at once. Each one reads the file of the secret.
func TestWebhookHints(t *testing.T) {
	var lists atomic.Int32
	forge := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/repos/team/models/pulls") {
			lists.Add(1)
		}
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, "[]")
	}))
	defer forge.Close()
	secret := filepath.Join(t.TempDir(), "secret")
	write := func(s string) {
		t.Helper()
		if err := os.WriteFile(secret, []byte(s+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("first")
	t.Setenv("FORGE_TOKEN", "0123456789")
	c := apptest.Config(t, apptest.Repository(t).Dir)
	c.Review.Forge, c.Review.URL, c.Review.Repository = "gitea", forge.URL, "team/models"
	c.Review.TokenEnv, c.Review.Interval = "FORGE_TOKEN", time.Hour
	c.Review.Webhook = config.Webhook{Listen: "127.0.0.1:0", SecretFile: secret}
	log := &logged{}
	d := newDaemon(t, c, log)
	start(t, d)
	var address string
	eventually(t, "the daemon hears webhooks", func() bool {
		address = log.find(`serving /webhook".* address=(\S+)`)
		return address != ""
	})
	eventually(t, "the first list", func() bool { return lists.Load() > 0 })
	first := lists.Load()
	post := func(token string) int {
		t.Helper()
		// Real webhooks have some ten thousand bytes.
		body := `{"commits":"` + strings.Repeat("x", 100<<10) + `"}`
		r, err := http.NewRequest(http.MethodPost, "http://"+address+"/webhook", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("X-Gitlab-Token", token)
		r.Header.Set("X-Gitlab-Event", "Merge Request Hook")
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		return answer.StatusCode
	}
	if code := post("guess"); code != http.StatusUnauthorized {
		t.Errorf("with another secret: %d", code)
	}
	write("second")
	if code := post("first"); code != http.StatusUnauthorized {
		t.Errorf("with the old secret: %d", code)
	}
	if n := lists.Load(); n != first {
		t.Errorf("%d lists without a webhook that knows the secret", n-first)
	}
	if code := post("second"); code != http.StatusAccepted {
		t.Errorf("with the secret: %d", code)
	}
	eventually(t, "the next list", func() bool { return lists.Load() > first })
}
