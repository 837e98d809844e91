// SPDX-License-Identifier: Apache-2.0

package access_test

import (
	"context"
	"errors"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"syncer.dev/syncer/internal/page/access"
)

// authority knows tokens by what their users may list: "*" is all namespaces.
type authority struct {
	mu      sync.Mutex
	may     map[string][]string
	down    error
	reviews int
}

func (a *authority) Identify(_ context.Context, token string) (access.Identity, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.reviews++
	if a.down != nil {
		return access.Identity{}, a.down
	}
	if _, known := a.may[token]; !known {
		return access.Identity{}, access.ErrUnknownToken
	}
	return access.Identity{User: token}, nil
}

func (a *authority) MayList(_ context.Context, who access.Identity, namespace string) (bool, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, n := range a.may[who.User] {
		if n == "*" || n == namespace {
			return true, nil
		}
	}
	return false, nil
}

var now = time.Date(2026, 6, 18, 9, 0, 0, 0, time.UTC)

func TestScope(t *testing.T) {
	tokens := access.NewTokens(&authority{may: map[string][]string{
		"admin": {"*"}, "team": {"a", "elsewhere"}, "nothing": nil,
	}})
	for _, c := range []struct {
		token string
		want  access.Scope
		err   error
	}{
		{"admin", access.Scope{User: "admin", All: true}, nil},
		{"team", access.Scope{User: "team", Namespaces: map[string]bool{"a": true}}, nil},
		{"nothing", access.Scope{User: "nothing", Namespaces: map[string]bool{}}, nil},
		{"wrong", access.Scope{}, access.ErrUnknownToken},
		{"", access.Scope{}, access.ErrUnknownToken},
		{"two\nlines", access.Scope{}, access.ErrUnknownToken},
		{strings.Repeat("a", 20<<10), access.Scope{}, access.ErrUnknownToken},
	} {
		got, err := tokens.Scope(t.Context(), c.token, []string{"a", "b"}, now)
		if d := cmp.Diff(c.want, got); d != "" || !errors.Is(err, c.err) {
			t.Errorf("%.20q: %v\n%s", c.token, err, d)
		}
	}
	scope, _ := tokens.Scope(t.Context(), "team", []string{"a", "b"}, now)
	if !scope.Sees("a") || scope.Sees("b") || scope.Empty() || !(access.Scope{}).Empty() {
		t.Errorf("%+v", scope)
	}
}

// TestAnswersEnd: a permission that is taken away ends within a minute, and one that is given counts soon.
func TestAnswersEnd(t *testing.T) {
	a := &authority{may: map[string][]string{"team": {"a"}}}
	tokens := access.NewTokens(a)
	scope := func(token string, at time.Duration) error {
		_, err := tokens.Scope(t.Context(), token, []string{"a"}, now.Add(at))
		return err
	}
	if err := errors.Join(scope("team", 0), scope("team", 59*time.Second)); err != nil || a.reviews != 1 {
		t.Errorf("%v after %d reviews", err, a.reviews)
	}
	if err := scope("new", 59*time.Second); !errors.Is(err, access.ErrUnknownToken) {
		t.Errorf("an unknown token: %v", err)
	}
	a.may = map[string][]string{"new": {"a"}}
	if err := scope("team", 60*time.Second); !errors.Is(err, access.ErrUnknownToken) {
		t.Errorf("a revoked token: %v", err)
	}
	if err := scope("new", 65*time.Second); err != nil {
		t.Errorf("a new token: %v", err)
	}
}

// TestScopeFailsClosed: while the API server does not answer, nothing may be seen, and the next request asks again.
func TestScopeFailsClosed(t *testing.T) {
	a := &authority{may: map[string][]string{"team": {"a"}}, down: errors.New("connection refused")}
	tokens := access.NewTokens(a)
	scope, err := tokens.Scope(t.Context(), "team", []string{"a"}, now)
	if err == nil || !scope.Empty() || errors.Is(err, access.ErrUnknownToken) {
		t.Errorf("%+v, %v", scope, err)
	}
	a.down = nil
	if _, err := tokens.Scope(t.Context(), "team", []string{"a"}, now); err != nil {
		t.Errorf("after it came back: %v", err)
	}
}

// TestGuessing: a client that guesses tokens does not make the API server work, and one with a known token goes on.
func TestGuessing(t *testing.T) {
	a := &authority{may: map[string][]string{"team": {"a"}}}
	tokens := access.NewTokens(a)
	ask := func(token string) error {
		_, err := tokens.Try(t.Context(), token, []string{"a"}, now)
		return err
	}
	if err := ask("team"); err != nil {
		t.Fatal(err)
	}
	refused := 0
	for i := range 1000 {
		if errors.Is(ask(strings.Repeat("x", i+1)), access.ErrTooMany) {
			refused++
		}
	}
	if a.reviews > 50 || refused < 900 {
		t.Errorf("%d reviews, %d refused", a.reviews, refused)
	}
	if err := ask("team"); err != nil {
		t.Errorf("a known token: %v", err)
	}
	if _, err := tokens.Scope(t.Context(), "team", []string{"a"}, now.Add(keep)); err != nil {
		t.Errorf("a session: %v", err)
	}
}

// keep is longer than any answer counts.
const keep = time.Hour

func TestLoopback(t *testing.T) {
	for _, c := range []struct {
		remote, host, header string
		ok                   bool
	}{
		{"127.0.0.1:4711", "localhost:8080", "", true},
		{"[::1]:4711", "[::1]:8080", "", true},
		{"127.0.0.1:4711", "127.0.0.1", "", true},
		{"[::ffff:127.0.0.1]:4711", "syncer.localhost", "", true},
		{"10.0.0.7:4711", "localhost:8080", "", false},
		{"127.0.0.1:4711", "evil.example.com:8080", "", false},
		{"127.0.0.1:4711", "localhost.example.com", "", false},
		{"127.0.0.1:4711", "localhost", "X-Forwarded-For", false},
		{"127.0.0.1:4711", "localhost", "Forwarded", false},
		{"@", "localhost", "", false},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr, r.Host = c.remote, c.host
		if c.header != "" {
			r.Header.Set(c.header, "10.0.0.7")
		}
		if got := access.Loopback(r); (got == "") != c.ok {
			t.Errorf("%s asks for %s: %q", c.remote, c.host, got)
		}
	}
}
