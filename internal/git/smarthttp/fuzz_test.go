// SPDX-License-Identifier: Apache-2.0

package smarthttp

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// FuzzAnswer: for any answer of a server, a pause is bounded and in the future, the error of a web page is short,
// and what is taken for Git is handed on byte by byte.
func FuzzAnswer(f *testing.F) {
	const list = "application/x-git-upload-pack-advertisement"
	for _, body := range []string{
		"", "<!DOCTYPE html><title>Sign in</title>", "<html><title>\n\n</title>", "\ufeff <h1>",
		"001e# service=git-upload-pack\n0000",
		"<title>" + strings.Repeat("a very long title ", 400) + "</title>", "<title>&#0;&lt;script&gt;\x1b[2J</title>",
		"<title>\xff\xfe</title>",
	} {
		f.Add(429, "90", list, "/r.git/info/refs", body)
		f.Add(503, "Fri, 31 Dec 9999 23:59:59 GMT", "text/html; charset=utf-8", "/r.git/git-upload-pack", body)
		f.Add(200, "-1", "", "/r.git/info/refs", body)
	}
	f.Add(429, "2147483647", list, "/", "")
	f.Add(429, "99999999999999999999", list, "/", "")
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	f.Fuzz(func(t *testing.T, status int, after, kind, path, body string) {
		res := &http.Response{
			StatusCode: status,
			Header: http.Header{
				"Retry-After": {after}, "Content-Type": {kind}, "X-Ratelimit-Remaining": {"0"},
				"X-Ratelimit-Reset": {after},
			},
			Body: io.NopCloser(strings.NewReader(body)),
		}
		var p Pause
		if noted := p.Note(res, now); noted != p.until.After(now) || p.until.After(now.Add(maxPause)) {
			t.Fatalf("%d, %q: a pause until %s, noted %t", status, after, p.until, noted)
		}
		if err := p.Check(now.Add(maxPause)); err != nil {
			t.Fatalf("%q: %v after the longest pause", after, err)
		}
		r, err := checkGit(&http.Request{URL: &url.URL{Path: path}}, res, strings.NewReader(body))
		var notGit *NotGitError
		if errors.As(err, &notGit) && strings.HasPrefix(notGit.what, "a web page") &&
			(utf8.RuneCountInString(notGit.what) > maxTitle+len("a web page ()") || !utf8.ValidString(notGit.what)) {
			t.Fatalf("%q: %q", body, notGit.what)
		}
		if strings.HasPrefix(body, "<") && notGit == nil {
			t.Fatalf("%q is taken for Git: %v", body, err)
		}
		if err == nil {
			if left, err := io.ReadAll(r); string(left) != body || err != nil {
				t.Fatalf("%q became %q, %v", body, left, err)
			}
		}
	})
}
