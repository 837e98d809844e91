// SPDX-License-Identifier: Apache-2.0

package forgehttp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"syncer.dev/syncer/internal/git/smarthttp"
	"syncer.dev/syncer/internal/review"
)

const secret = "opensesame-0123456789"

var start = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// client returns a client of a server that answers by a function, and a clock to move.
func client(t *testing.T, answer http.HandlerFunc) (*Client, *time.Time) {
	t.Helper()
	server := httptest.NewServer(answer)
	t.Cleanup(server.Close)
	base, err := ParseBase(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	now := start
	return New(Options{
		Base:  base,
		Token: func(context.Context) (string, error) { return secret, nil },
		Now:   func() time.Time { return now },
	}), &now
}

func get(t *testing.T, c *Client, path string) (string, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, c.base.JoinPath(path).String(), nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer of-the-sdk")
	resp, err := c.HTTP().Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	return string(data), err
}

// TestLimits: what a server asks for becomes a LimitError, and no request follows before the time.
func TestLimits(t *testing.T) {
	at := func(d time.Duration) string { return strconv.FormatInt(start.Add(d).Unix(), 10) }
	left := func(prefix, remaining string, d time.Duration) map[string]string {
		return map[string]string{prefix + "RateLimit-Remaining": remaining, prefix + "RateLimit-Reset": at(d)}
	}
	after := func(value string) map[string]string { return map[string]string{"Retry-After": value} }
	both := left("", "0", time.Hour)
	both["Retry-After"] = "5"
	for name, test := range map[string]struct {
		status int
		header map[string]string
		body   string
		want   time.Duration // 0: no limit
	}{
		"secondary limit":           {403, after("30"), "", 30 * time.Second},
		"too many":                  {429, both, "", 5 * time.Second},
		"a date":                    {429, after(start.Add(time.Minute).Format(http.TimeFormat)), "", time.Minute},
		"GitHub's primary limit":    {403, left("X-", "0", 40*time.Minute), "", 40 * time.Minute},
		"GitLab's limit":            {429, left("", "0", time.Minute), "", time.Minute},
		"no time":                   {429, nil, "", time.Minute},
		"only words":                {403, nil, `{"message":"You have exceeded a secondary rate limit."}`, time.Minute},
		"a window that has ended":   {429, left("", "0", -time.Minute), "", time.Minute},
		"for ever":                  {429, after("2147483647"), "", maxPause},
		"no permission":             {403, left("X-", "4999", time.Hour), "Resource not accessible", 0},
		"unavailable until":         {503, after("30"), "", 30 * time.Second},
		"unavailable":               {503, nil, "", 0},
		"a broken gateway":          {502, nil, "", 0},
		"a window with requests":    {200, left("X-", "1", time.Hour), "", 0},
		"a negative number":         {403, after("-5"), "", 0},
		"a reset without remaining": {403, left("X-", "", time.Hour), "", 0},
	} {
		t.Run(name, func(t *testing.T) {
			asked := 0
			c, now := client(t, func(w http.ResponseWriter, _ *http.Request) {
				asked++
				for k, v := range test.header {
					w.Header().Set(k, v)
				}
				w.WriteHeader(test.status)
				_, _ = io.WriteString(w, test.body)
			})
			for range 3 {
				body, err := get(t, c, "x")
				var limit *review.LimitError
				switch {
				case test.want == 0 && (err != nil || body != test.body):
					t.Fatalf("body %q, error %v", body, err)
				case test.want > 0 && (!errors.As(err, &limit) || !limit.Until.Equal(start.Add(test.want))):
					t.Fatalf("error %v, want a limit until %s", err, start.Add(test.want))
				}
			}
			if test.want == 0 {
				return
			}
			if asked != 1 {
				t.Errorf("asked %d times before the time", asked)
			}
			*now = start.Add(test.want)
			if _, _ = get(t, c, "x"); asked != 2 {
				t.Errorf("asked %d times, the last at the time", asked)
			}
		})
	}
}

// TestSpent: an answer that says that it is the last one is good; the next request waits.
func TestSpent(t *testing.T) {
	c, now := client(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-RateLimit-Remaining", "0")
		w.Header().Set("X-RateLimit-Reset", strconv.FormatInt(start.Add(time.Minute).Unix(), 10))
		_, _ = io.WriteString(w, "good")
	})
	if body, err := get(t, c, "x"); body != "good" || err != nil {
		t.Fatalf("%q, %v", body, err)
	}
	var limit *review.LimitError
	if _, err := get(t, c, "x"); !errors.As(err, &limit) {
		t.Errorf("error %v, want a limit", err)
	}
	*now = start.Add(time.Minute)
	if _, err := get(t, c, "x"); err != nil {
		t.Error(err)
	}
}

// TestToken: the token goes to the server only, in place of what the SDK has set, and is asked for each time.
func TestToken(t *testing.T) {
	foreign := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("a request to another server, Authorization %q", r.Header.Get("Authorization"))
	}))
	defer foreign.Close()
	c, _ := client(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/away":
			http.Redirect(w, r, foreign.URL+"/x", http.StatusFound)
		case "/renamed":
			http.Redirect(w, r, "/new", http.StatusMovedPermanently)
		case "/loop":
			http.Redirect(w, r, "/loop", http.StatusFound)
		default:
			_, _ = io.WriteString(w, r.Header.Get("Authorization"))
		}
	})
	for _, path := range []string{"x", "renamed"} {
		if got, err := get(t, c, path); got != "Bearer "+secret || err != nil {
			t.Errorf("%s: %q, %v", path, got, err)
		}
	}
	for path, want := range map[string]string{"away": "the server leads to another one", "loop": "too many redirects"} {
		if _, err := get(t, c, path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v", path, err)
		}
	}
	rotated := 0
	c.token = func(context.Context) (string, error) { rotated++; return fmt.Sprint("token-", rotated), nil }
	for n := range 3 {
		if got, _ := get(t, c, "x"); got != fmt.Sprint("Bearer token-", n+1) {
			t.Errorf("request %d has %q", n, got)
		}
	}
	c.token = func(context.Context) (string, error) {
		return "", fmt.Errorf("app: %w", &smarthttp.BusyError{Until: start.Add(time.Minute)})
	}
	var limit *review.LimitError
	if _, err := get(t, c, "x"); !errors.As(err, &limit) || !limit.Until.Equal(start.Add(time.Minute)) {
		t.Errorf("the source of tokens is busy: error %v", err)
	}
	c.token = func(context.Context) (string, error) { return "", errors.New("no such file") }
	if _, err := get(t, c, "x"); err == nil || !strings.Contains(err.Error(), "get the token: no such file") {
		t.Errorf("error %v", err)
	}
}

// TestRefused: a token that the server does not accept goes back to its source.
func TestRefused(t *testing.T) {
	c, _ := client(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") == "Bearer old" {
			w.WriteHeader(http.StatusUnauthorized)
		}
	})
	token := "old"
	c.token = func(context.Context) (string, error) { return token, nil }
	c.drop = func(_ context.Context, refused string) {
		if refused != "old" {
			t.Errorf("%q is refused", refused)
		}
		token = "new"
	}
	for range 3 {
		if _, err := get(t, c, "x"); err != nil {
			t.Fatal(err)
		}
	}
	if token != "new" {
		t.Error("the old token is still in use")
	}
}

// endless is a body without an end.
type endless struct{}

// Read implements io.Reader.
func (endless) Read(p []byte) (int, error) { return len(p), nil }

// TestBounded: an answer of the largest size is read, a longer one is not.
func TestBounded(t *testing.T) {
	for _, size := range []int64{maxBody, maxBody + 1, 10 * maxBody} {
		b := &boundedBody{ReadCloser: io.NopCloser(io.LimitReader(endless{}, size)), left: maxBody}
		n, err := io.Copy(io.Discard, b)
		if fits := size <= maxBody; fits != (err == nil) || n > maxBody || fits && n != size {
			t.Errorf("%d of %d bytes, error %v", n, size, err)
		}
	}
}

// TestError: errors hold no secret, are one line, and keep what callers match.
func TestError(t *testing.T) {
	c, _ := client(t, func(http.ResponseWriter, *http.Request) {})
	_, _ = get(t, c, "x") // learns the token
	basic := &url.Error{Op: "Get", URL: "https://bot:pw-1234@host/x?private_token=" + secret, Err: io.ErrUnexpectedEOF}
	long := fmt.Errorf("the server says\n::error::%s\x1b[31m %s", secret, strings.Repeat("x", 5000))
	for _, err := range []error{basic, long} {
		s := c.Error("list pull requests", err).Error()
		shown := strings.Contains(s, secret) || strings.Contains(s, "pw-1234")
		if shown || strings.ContainsAny(s, "\n\x1b") || len(s) > maxText+10 || !strings.HasPrefix(s, "list pull requests: ") {
			t.Errorf("%q", s)
		}
	}
	if !errors.Is(c.Error("x", basic), io.ErrUnexpectedEOF) {
		t.Error("the cause is lost")
	}
	limit := &review.LimitError{Until: start, Err: errors.New("429")}
	if got := c.Error("x", fmt.Errorf("wrapped: %w", limit)); !errors.As(got, &limit) {
		t.Errorf("%v", got)
	}
	missing := c.Error("x", &StatusError{Code: http.StatusNotFound, Err: errors.New("404")})
	if !errors.Is(missing, review.ErrNotFound) {
		t.Errorf("%v", missing)
	}
	for code, want := range map[int]string{401: "expired", 403: "docs/forges.md", 500: ""} {
		var h interface{ Hint() string }
		if err := c.Error("x", &StatusError{Code: code, Err: errors.New("no")}); !errors.As(err, &h) ||
			!strings.Contains(h.Hint(), want) || (h.Hint() == "") != (want == "") {
			t.Errorf("%d: %v", code, err)
		}
	}
	if c.Error("x", nil) != nil {
		t.Error("no error became one")
	}
}

func TestParseBase(t *testing.T) {
	for address, ok := range map[string]bool{
		"https://git.example.com":        true,
		"https://git.example.com/gitlab": true,
		"http://127.0.0.1:3000":          true,
		"http://localhost:3000":          true,
		"http://git.example.com":         false,
		"ftp://git.example.com":          false,
		"https://bot:pw@git.example.com": false,
		"https://git.example.com/?x=1":   false,
		"git.example.com":                false,
		"https://":                       false,
		"":                               false,
	} {
		if _, err := ParseBase(address); (err == nil) != ok {
			t.Errorf("%q: %v", address, err)
		}
	}
}

// FuzzLimit: for any headers and words of a refusal, a pause is within bounds and never in the past.
func FuzzLimit(f *testing.F) {
	f.Add(429, "30", "0", "1767323100", "rate limit")
	f.Add(403, "Fri, 02 Jan 2026 04:04:05 GMT", "", "", "")
	f.Add(403, "-1", "0", "99999999999999999999", "")
	f.Add(200, "", "0", "9223372036854775807", "")
	f.Fuzz(func(t *testing.T, status int, after, remaining, reset, body string) {
		h := http.Header{
			"Retry-After": {after}, "X-Ratelimit-Remaining": {remaining}, "X-Ratelimit-Reset": {reset},
			"Ratelimit-Remaining": {remaining}, "Ratelimit-Reset": {reset},
		}
		var p pause
		p.spent(h, start)
		err := p.check(start)
		var limit *review.LimitError
		if err == nil {
			err = p.note(status, h, []byte(body), start)
		}
		if err != nil && (!errors.As(err, &limit) || limit.Until.Before(start) || limit.Until.After(start.Add(maxPause))) {
			t.Fatalf("a pause until %v", err)
		}
	})
}
