// SPDX-License-Identifier: Apache-2.0

package forges_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"syncer.dev/syncer/internal/app/forges"
	"syncer.dev/syncer/internal/config"
	"syncer.dev/syncer/internal/review/github/githubtest"
	"syncer.dev/syncer/internal/review/reviewtest/emulator"
)

// TestOpenGitHubApp: an app signs in for the API. A token that was revoked costs one call, and the next call gets
// another one.
func TestOpenGitHubApp(t *testing.T) {
	s := githubtest.New(t)
	s.User = emulator.App
	number := s.Open("main")
	behind, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	tokens := 0
	mux := http.NewServeMux()
	mux.HandleFunc("POST /api/v3/app/installations/7/access_tokens", func(w http.ResponseWriter, _ *http.Request) {
		tokens++
		token := emulator.Token
		if tokens == 1 {
			token = "revoked-0123456789"
		}
		w.WriteHeader(http.StatusCreated)
		fmt.Fprintf(w, `{"token":%q,"expires_at":%q}`, token, time.Now().Add(time.Hour).Format(time.RFC3339))
	})
	mux.Handle("/", httputil.NewSingleHostReverseProxy(behind))
	server := httptest.NewServer(mux)
	defer server.Close()

	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	block := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})
	file := filepath.Join(t.TempDir(), "app.pem")
	if err := os.WriteFile(file, block, 0o600); err != nil {
		t.Fatal(err)
	}
	c := config.Default()
	c.Review.Forge, c.Review.URL, c.Review.Repository = config.GitHub, server.URL, githubtest.Repository
	c.Review.GitHubApp = config.GitHubApp{
		AppID: 5, InstallationID: 7, PrivateKeyFile: file, BaseURL: server.URL + "/api/v3",
	}
	forge, err := forges.Open(c, "syncer/test", nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := forge.OpenPullRequests(t.Context(), "main"); err == nil {
		t.Error("a revoked token was accepted")
	}
	list, _, err := forge.OpenPullRequests(t.Context(), "main")
	if err != nil || len(list) != 1 {
		t.Fatalf("%+v, %v", list, err)
	}
	for range 2 {
		if _, err := forge.Comment(t.Context(), number, "<!-- m -->", "<!-- m -->\nplan"); err != nil {
			t.Fatal(err)
		}
	}
	if got := s.Comments(number); len(got) != 1 || !got[0].Own || tokens != 2 {
		t.Errorf("%+v with %d tokens", got, tokens)
	}
}
