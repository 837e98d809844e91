// SPDX-License-Identifier: Apache-2.0

package page_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"syncer.dev/syncer/internal/page"
	"syncer.dev/syncer/internal/page/access"
)

// teams knows the tokens "team", whose user may list Workspaces of chat, and "no-team", whose user may list none.
type teams struct{}

func (teams) Identify(_ context.Context, token string) (access.Identity, error) {
	switch token {
	case "team", "no-team":
		return access.Identity{User: token}, nil
	case "away":
		return access.Identity{}, errors.New("connection refused")
	}
	return access.Identity{}, access.ErrUnknownToken
}

func (teams) MayList(_ context.Context, who access.Identity, namespace string) (bool, error) {
	return who.User == "team" && namespace == "chat", nil
}

// TestGuard: a client of this machine may ask for a pass, and one from elsewhere needs a token that the cluster
// accepts and that may see something, where page.access is token.
func TestGuard(t *testing.T) {
	withToken := page.Options{Clusters: []page.Cluster{cluster(teams{})}, Access: page.Token}
	for name, c := range map[string]struct {
		options             page.Options
		remote, host, token string
		header, value       string
		want                int
	}{
		"from this machine": {onLoopback(), "127.0.0.1:9", "localhost:8080", "", "", "", 202},
		"without a page":    {page.Options{}, "127.0.0.1:9", "127.0.0.1:8080", "", "", "", 202},
		"port-forward":      {withToken, "[::1]:9", "localhost", "", "", "", 202},
		"from elsewhere":    {onLoopback(), "10.0.0.7:9", "10.0.0.1:8080", "", "", "", 403},
		"without a page, from elsewhere": {
			page.Options{}, "10.0.0.7:9", "10.0.0.1:8080", "team", "", "", 403,
		},
		"claims this machine": {onLoopback(), "10.0.0.7:9", "localhost", "", "", "", 403},
		"rebinding":           {onLoopback(), "127.0.0.1:9", "evil.example.com", "", "", "", 403},
		"proxy":               {onLoopback(), "127.0.0.1:9", "localhost", "", "X-Forwarded-For", "10.0.0.7", 403},
		"another site":        {onLoopback(), "127.0.0.1:9", "localhost", "", "Sec-Fetch-Site", "cross-site", 403},
		"token":               {withToken, "10.0.0.7:9", "10.0.0.1:8080", "team", "", "", 202},
		"no token":            {withToken, "10.0.0.7:9", "10.0.0.1:8080", "", "", "", 401},
		"unknown token":       {withToken, "10.0.0.7:9", "10.0.0.1:8080", "guess", "", "", 401},
		"token of nothing":    {withToken, "10.0.0.7:9", "10.0.0.1:8080", "no-team", "", "", 403},
		"cluster is away":     {withToken, "10.0.0.7:9", "10.0.0.1:8080", "away", "", "", 503},
	} {
		p := page.New(slog.New(slog.NewTextHandler(t.Output(), nil)))
		p.Use(c.options)
		asked := 0
		h := p.Guard(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			asked++
			w.WriteHeader(http.StatusAccepted)
		}))
		r := httptest.NewRequest(http.MethodPost, "/reconcile", nil)
		r.RemoteAddr, r.Host = c.remote, c.host
		if c.token != "" {
			r.Header.Set("Authorization", "Bearer "+c.token)
		}
		if c.header != "" {
			r.Header.Set(c.header, c.value)
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != c.want || (asked == 1) != (c.want == http.StatusAccepted) {
			t.Errorf("%s: %d, want %d; %d passes; %s", name, w.Code, c.want, asked, w.Body)
		}
		p.Close()
	}
}
