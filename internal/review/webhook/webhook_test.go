// SPDX-License-Identifier: Apache-2.0

package webhook_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"hash"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"syncer.dev/syncer/internal/review/webhook"
)

const secret = "0123456789abcdef-webhook"

func sign(h func() hash.Hash, body string) string {
	m := hmac.New(h, []byte(secret))
	m.Write([]byte(body))
	return hex.EncodeToString(m.Sum(nil))
}

func post(body string, header ...string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json; charset=utf-8")
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return r
}

// serve answers requests one after the other, each ten seconds later.
func serve(t *testing.T, known string, requests ...*http.Request) (codes []int, events []webhook.Event) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		hint := func(e webhook.Event) { events = append(events, e) }
		h := webhook.Handler(func() (string, error) { return known, nil }, hint)
		for _, r := range requests {
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			codes = append(codes, w.Code)
			time.Sleep(10 * time.Second)
		}
	})
	return codes, events
}

// basic returns a request as Azure DevOps sends it.
func basic(user, password, body string) *http.Request {
	r := post(body)
	r.SetBasicAuth(user, password)
	return r
}

func TestEachForgeHintsAtAPoll(t *testing.T) {
	push, pull := []webhook.Event{webhook.Push}, []webhook.Event{webhook.PullRequest}
	mac := sign(sha256.New, "{}")
	for name, c := range map[string]struct {
		request *http.Request
		want    []webhook.Event
	}{
		"github push":     {post("{}", "X-Hub-Signature-256", "sha256="+mac, "X-GitHub-Event", "push"), push},
		"github pull":     {post("{}", "X-Hub-Signature-256", "sha256="+mac, "X-GitHub-Event", "pull_request"), pull},
		"github ping":     {post("{}", "X-Hub-Signature-256", "sha256="+mac, "X-GitHub-Event", "ping"), nil},
		"github comment":  {post("{}", "X-Hub-Signature-256", "sha256="+mac, "X-GitHub-Event", "issue_comment"), nil},
		"gitlab push":     {post("{}", "X-Gitlab-Token", secret, "X-Gitlab-Event", "Push Hook"), push},
		"gitlab merge":    {post("{}", "X-Gitlab-Token", secret, "X-Gitlab-Event", "Merge Request Hook"), pull},
		"gitlab system":   {post("{}", "X-Gitlab-Token", secret, "X-Gitlab-Event", "System Hook"), append(push, pull...)},
		"gitea push":      {post("{}", "X-Gitea-Signature", mac, "X-Gitea-Event", "push"), push},
		"gitea pull":      {post("{}", "X-Gitea-Signature", mac, "X-Gitea-Event", "pull_request"), pull},
		"forgejo sync":    {post("{}", "X-Forgejo-Signature", mac, "X-Forgejo-Event", "pull_request_sync"), pull},
		"generic sha256":  {post("{}", "X-Signature", "sha256="+mac), append(push, pull...)},
		"generic sha512":  {post("{}", "X-Signature", "sha512="+sign(sha512.New, "{}")), append(push, pull...)},
		"azure push":      {basic("any", secret, `{"eventType":"git.push"}`), push},
		"azure opened":    {basic("", secret, `{"eventType":"git.pullrequest.created"}`), pull},
		"azure merged":    {post(`{"eventType":"git.pullrequest.merged"}`, "X-Syncer-Token", secret), pull},
		"azure work item": {basic("any", secret, `{"eventType":"workitem.created"}`), nil},
		"azure no JSON":   {basic("any", secret, `git.push`), nil},
	} {
		codes, events := serve(t, secret, c.request)
		if codes[0] != http.StatusAccepted || !slices.Equal(events, c.want) {
			t.Errorf("%s: %d and hints %v, want 202 and %v", name, codes[0], events, c.want)
		}
	}
}

func TestARequestWithoutTheSecretIsRefused(t *testing.T) {
	mac := sign(sha256.New, "{}")
	large := strings.Repeat(" ", 1<<20) + "{}"
	unsized := post(large, "X-Gitlab-Token", secret, "X-Gitlab-Event", "Push Hook")
	unsized.ContentLength = -1
	const form = "application/x-www-form-urlencoded"
	get := post("{}", "X-Gitlab-Token", secret)
	get.Method = http.MethodGet
	for name, c := range map[string]struct {
		request *http.Request
		want    int
	}{
		"nothing":             {post("{}", "X-GitHub-Event", "push"), 401},
		"other body":          {post("{ }", "X-Hub-Signature-256", "sha256="+mac, "X-GitHub-Event", "push"), 401},
		"cut signature":       {post("{}", "X-Hub-Signature-256", "sha256="+mac[:62], "X-GitHub-Event", "push"), 401},
		"empty signature":     {post("{}", "X-Hub-Signature-256", "sha256=", "X-GitHub-Event", "push"), 401},
		"no hexadecimal":      {post("{}", "X-Gitea-Signature", "zz"+mac[2:], "X-Gitea-Event", "push"), 401},
		"weak algorithm":      {post("{}", "X-Signature", "sha1="+mac), 401},
		"another token":       {post("{}", "X-Gitlab-Token", secret+"x", "X-Gitlab-Event", "Push Hook"), 401},
		"another password":    {basic(secret, "x", `{"eventType":"git.push"}`), 401},
		"no password":         {basic(secret, "", `{"eventType":"git.push"}`), 401},
		"first of two proofs": {post("{}", "X-Gitea-Signature", "00", "X-Hub-Signature-256", "sha256="+mac), 401},
		"GET":                 {get, 405},
		"form":                {post("{}", "X-Gitlab-Token", secret, "Content-Type", form), 415},
		"no content type":     {post("{}", "X-Gitlab-Token", secret, "Content-Type", ""), 415},
		"large":               {post(large, "X-Gitlab-Token", secret, "X-Gitlab-Event", "Push Hook"), 413},
		"large, unsized":      {unsized, 413},
	} {
		codes, events := serve(t, secret, c.request)
		if codes[0] != c.want || len(events) != 0 {
			t.Errorf("%s: %d and hints %v, want %d and none", name, codes[0], events, c.want)
		}
	}
	for _, known := range []string{"", " \n"} {
		codes, events := serve(t, known, post("{}", "X-Gitlab-Token", known+" ", "X-Gitlab-Event", "Push Hook"))
		if codes[0] != http.StatusServiceUnavailable || len(events) != 0 {
			t.Errorf("with the empty secret %q: %d and hints %v, want 503 and none", known, codes[0], events)
		}
	}
}

func TestTheSecretIsReadAgain(t *testing.T) {
	known, failure := "old", error(nil)
	h := webhook.Handler(func() (string, error) { return known, failure }, func(webhook.Event) {})
	code := func(token string) int {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, post("{}", "X-Gitlab-Token", token))
		return w.Code
	}
	before := []int{code("old"), code("new")}
	known = "new"
	after := []int{code("old"), code("new")}
	failure = errors.New("no such file: /etc/secret")
	if want := []int{202, 401}; !slices.Equal(before, want) {
		t.Errorf("before the change: %v, want %v", before, want)
	}
	if want := []int{401, 202}; !slices.Equal(after, want) {
		t.Errorf("after the change: %v, want %v", after, want)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, post("{}", "X-Gitlab-Token", "new"))
	if w.Code != http.StatusServiceUnavailable || strings.Contains(w.Body.String(), "/etc") {
		t.Errorf("with an unreadable secret: %d %q", w.Code, w.Body)
	}
}

// A flood of replayed webhooks causes one hint a second, and the last one is not lost.
func TestHintsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var times []time.Duration
		start := time.Now()
		h := webhook.Handler(
			func() (string, error) { return secret, nil },
			func(webhook.Event) { times = append(times, time.Since(start)) },
		)
		codes := map[int]int{}
		for range 1000 {
			w := httptest.NewRecorder()
			h.ServeHTTP(w, post("{}", "X-Gitlab-Token", secret, "X-Gitlab-Event", "Push Hook"))
			codes[w.Code]++
			if w.Code == http.StatusTooManyRequests && w.Header().Get("Retry-After") == "" {
				t.Error("429 without Retry-After")
			}
			time.Sleep(2500 * time.Microsecond)
		}
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if want := []time.Duration{0, time.Second, 2 * time.Second, 3 * time.Second}; !slices.Equal(times, want) {
			t.Errorf("hints at %v, want %v", times, want)
		}
		if codes[http.StatusAccepted] > 160 || codes[http.StatusAccepted]+codes[http.StatusTooManyRequests] != 1000 {
			t.Errorf("answers %v, want at most 160 with 202, others with 429", codes)
		}
	})
}
