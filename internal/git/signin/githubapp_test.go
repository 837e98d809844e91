// SPDX-License-Identifier: Apache-2.0

package signin

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"syncer.dev/syncer/internal/git/smarthttp"
)

// github emulates the endpoint that hands out tokens: it checks the app's token as GitHub does.
type github struct {
	t       *testing.T
	now     time.Time
	key     *rsa.PublicKey
	refuse  int // status to answer with
	message string
	header  http.Header // of an answer with refuse
	asked   int
	made    int
}

func (g *github) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	g.asked++
	if g.refuse != 0 {
		maps.Copy(w.Header(), g.header)
		w.WriteHeader(g.refuse)
		_ = json.NewEncoder(w).Encode(map[string]string{"message": g.message})
		return
	}
	text := strings.TrimPrefix(req.Header.Get("Authorization"), "Bearer ")
	claims := jwt.RegisteredClaims{}
	_, err := jwt.ParseWithClaims(text, &claims, func(*jwt.Token) (any, error) { return g.key, nil },
		jwt.WithValidMethods([]string{"RS256"}), jwt.WithIssuer("12345"), jwt.WithIssuedAt(),
		jwt.WithExpirationRequired(), jwt.WithTimeFunc(func() time.Time { return g.now }))
	switch {
	case err != nil:
		w.WriteHeader(http.StatusUnauthorized)
		_ = json.NewEncoder(w).Encode(map[string]string{"message": "A JSON web token could not be decoded"})
	case claims.ExpiresAt.Sub(g.now) > 10*time.Minute:
		w.WriteHeader(http.StatusUnauthorized)
		_ = json.NewEncoder(w).Encode(map[string]string{"message": "'exp' is too far in the future"})
	case req.Method != http.MethodPost || req.URL.Path != "/api/v3/app/installations/678/access_tokens":
		w.WriteHeader(http.StatusNotFound)
		_ = json.NewEncoder(w).Encode(map[string]string{"message": "Not Found"})
	default:
		g.made++
		w.WriteHeader(http.StatusCreated)
		_ = json.NewEncoder(w).Encode(map[string]any{
			"token": fmt.Sprintf("ghs_%d", g.made), "expires_at": g.now.Add(time.Hour).Format(time.RFC3339),
		})
	}
}

func writeKey(t *testing.T, file string) *rsa.PublicKey {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return &key.PublicKey
}

func newApp(t *testing.T) (*GitHubApp, *github, string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "key.pem")
	server := &github{t: t, now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), key: writeKey(t, file)}
	s := httptest.NewServer(server)
	t.Cleanup(s.Close)
	app, err := NewGitHubApp(GitHubAppOptions{
		AppID: 12345, InstallationID: 678, PrivateKeyFile: file, BaseURL: s.URL + "/api/v3/",
		now: func() time.Time { return server.now },
	})
	if err != nil {
		t.Fatal(err)
	}
	return app, server, file
}

func TestGitHubAppRefreshesItsToken(t *testing.T) {
	app, server, file := newApp(t)
	want := func(token string) {
		t.Helper()
		c, err := app.Token(t.Context())
		if err != nil || c != (Credential{Username: "x-access-token", Secret: token}) {
			t.Fatalf("%+v, %v; want %s", c, err, token)
		}
	}
	want("ghs_1")
	server.now = server.now.Add(54 * time.Minute)
	want("ghs_1")
	server.now = server.now.Add(2 * time.Minute) // four minutes before its end
	want("ghs_2")
	app.Refused(t.Context(), Credential{Secret: "ghs_1"}) // an old one
	want("ghs_2")
	app.Refused(t.Context(), Credential{Secret: "ghs_2"})
	want("ghs_3")
	server.key = writeKey(t, file) // rotated
	server.now = server.now.Add(time.Hour)
	want("ghs_4")
}

func TestGitHubAppThatIsRefused(t *testing.T) {
	for name, test := range map[string]struct {
		spoil      func(app *GitHubApp, server *github, file string)
		want, hint string
	}{
		"another key": {func(_ *GitHubApp, _ *github, file string) {
			writeKey(t, file)
		}, "could not be decoded", "privateKeyFile"},
		"wrong clock": {func(a *GitHubApp, s *github, _ string) {
			a.options.now = func() time.Time { return s.now.Add(time.Hour) }
		}, "401", "clock"},
		"no installation": {func(a *GitHubApp, _ *github, _ string) { a.url += "x" }, "Not Found", "installationID"},
		"suspended": {func(_ *GitHubApp, s *github, _ string) {
			s.refuse, s.message = 403, "suspended"
		}, "403: suspended", "suspended"},
		"overloaded": {func(_ *GitHubApp, s *github, _ string) { s.refuse = 502 }, "the server answered 502", ""},
		"no answer":  {func(_ *GitHubApp, s *github, _ string) { s.refuse = 201 }, "holds no token", ""},
		"redirect":   {func(_ *GitHubApp, s *github, _ string) { s.refuse = 302 }, "302", ""},
		"no key":     {func(_ *GitHubApp, _ *github, file string) { os.Remove(file) }, "read the private key", ""},
		"not a key": {func(_ *GitHubApp, _ *github, file string) {
			_ = os.WriteFile(file, []byte("s3cret"), 0o600)
		}, "not an RSA key", ""},
	} {
		t.Run(name, func(t *testing.T) {
			app, server, file := newApp(t)
			test.spoil(app, server, file)
			_, err := app.Token(t.Context())
			var hinted *AppError
			hint := ""
			if errors.As(err, &hinted) {
				hint = hinted.Hint()
			}
			if err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(hint, test.hint) {
				t.Errorf("%v (hint %q), want %q and %q", err, hint, test.want, test.hint)
			}
			if err != nil && strings.Contains(err.Error(), "s3cret") {
				t.Errorf("the error tells the key: %v", err)
			}
		})
	}
}

// TestGitHubAppWaits: a server that names a time gets no request before it.
func TestGitHubAppWaits(t *testing.T) {
	reset := time.Date(2026, 1, 1, 0, 10, 0, 0, time.UTC) // ten minutes after the start of newApp
	for name, test := range map[string]struct {
		refuse int
		header http.Header
		wait   time.Duration
	}{
		"too many requests": {429, http.Header{"Retry-After": {"90"}}, 90 * time.Second},
		"secondary limit":   {403, http.Header{"Retry-After": {"60"}}, time.Minute},
		"primary limit": {403, http.Header{
			"X-Ratelimit-Remaining": {"0"}, "X-Ratelimit-Reset": {fmt.Sprint(reset.Unix())},
		}, 10 * time.Minute},
		"maintenance":   {503, http.Header{"Retry-After": {"Thu, 01 Jan 2026 00:05:00 GMT"}}, 5 * time.Minute},
		"no time":       {429, nil, 0},
		"limit not met": {403, http.Header{"X-Ratelimit-Remaining": {"7"}, "X-Ratelimit-Reset": {"1767229200"}}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			app, server, _ := newApp(t)
			server.refuse, server.header = test.refuse, test.header
			_, err := app.Token(t.Context())
			var busy *smarthttp.BusyError
			if errors.As(err, &busy) != (test.wait > 0) || err == nil {
				t.Fatalf("%v, want a pause of %s", err, test.wait)
			}
			asked, start := server.asked, server.now
			server.now = start.Add(test.wait - time.Second)
			if _, err := app.Token(t.Context()); err == nil || (server.asked == asked) != (test.wait > 0) {
				t.Errorf("%d requests within the pause, %v", server.asked-asked, err)
			}
			server.now, server.refuse = start.Add(test.wait), 0
			if _, err := app.Token(t.Context()); err != nil {
				t.Errorf("after the pause: %v", err)
			}
		})
	}
}

func TestGitHubAppOptions(t *testing.T) {
	for base, ok := range map[string]bool{
		"": true, "https://ghe.example.com/api/v3": true, "http://127.0.0.1:1": true, "http://ghe.example.com": false,
		"ghe.example.com": false, "https://a:b@ghe.example.com": false, "https://x/?token=y": false, "::": false,
	} {
		if _, err := NewGitHubApp(GitHubAppOptions{BaseURL: base}); (err == nil) != ok {
			t.Errorf("%q: %v", base, err)
		}
	}
	app, _ := NewGitHubApp(GitHubAppOptions{InstallationID: 9})
	if want := "https://api.github.com/app/installations/9/access_tokens"; app.url != want {
		t.Errorf("%s, want %s", app.url, want)
	}
}
