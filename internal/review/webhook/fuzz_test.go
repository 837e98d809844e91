// SPDX-License-Identifier: Apache-2.0

package webhook_test

import (
	"crypto/sha256"
	"crypto/sha512"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"syncer.dev/syncer/internal/review/webhook"
)

// FuzzWebhook sends any header and body. Only a request that shows the secret is accepted, and only such a one hints.
func FuzzWebhook(f *testing.F) {
	f.Add("X-Hub-Signature-256", "sha256=00", "X-GitHub-Event", "push", "{}")
	f.Add("X-Gitea-Signature", "00", "X-Gitea-Event", "pull_request", "{}")
	f.Add("X-Gitlab-Token", "x", "X-Gitlab-Event", "Push Hook", "{}")
	f.Add("X-Gitlab-Token", secret, "X-Gitlab-Event", "Push Hook", "{}")
	f.Add("X-Signature", "sha512=00", "Content-Type", "application/json", "{}")
	f.Add("Authorization", "Basic OnBhc3N3b3Jk", "X", "", `{"eventType":"git.push"}`)
	f.Add("X-Syncer-Token", secret, "X", "", `{"eventType":"git.pullrequest.created","eventType":{}}`)
	f.Fuzz(func(t *testing.T, name, value, second, event, body string) {
		hinted := 0
		h := webhook.Handler(func() (string, error) { return secret, nil }, func(webhook.Event) { hinted++ })
		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set(name, value)
		r.Header.Set(second, event)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		_, password, _ := r.BasicAuth()
		knows := strings.Contains(value+event+password, secret) ||
			strings.Contains(strings.ToLower(value+event), sign(sha256.New, body)) ||
			strings.Contains(strings.ToLower(value+event), sign(sha512.New, body))
		switch {
		case w.Code == http.StatusAccepted && !knows:
			t.Errorf("accepted without the secret: %q", r.Header)
		case w.Code != http.StatusAccepted && hinted > 0:
			t.Errorf("%d, and %d hints", w.Code, hinted)
		case hinted > 2:
			t.Errorf("one request caused %d hints", hinted)
		}
	})
}
