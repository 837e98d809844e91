// SPDX-License-Identifier: Apache-2.0

package smarthttp

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func TestRetryAfterIsBoundedAndEnds(t *testing.T) {
	start := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for name, test := range map[string]struct {
		status int
		header string
		want   time.Duration
	}{
		"seconds":         {429, "90", 90 * time.Second},
		"date":            {503, start.Add(time.Minute).Format(http.TimeFormat), time.Minute},
		"a year":          {503, "31536000", maxPause},
		"date far off":    {429, start.AddDate(9, 0, 0).Format(http.TimeFormat), maxPause},
		"date gone by":    {429, start.Add(-time.Hour).Format(http.TimeFormat), 0},
		"zero":            {429, "0", 0},
		"none":            {503, "", 0},
		"negative":        {503, "-5", 0},
		"words":           {429, "soon", 0},
		"another error":   {500, "90", 0},
		"limit of GitHub": {403, "60", time.Minute},
		"no permission":   {403, "", 0},
		"too long":        {429, strings.Repeat("9", 100), 0},
	} {
		t.Run(name, func(t *testing.T) {
			asked, now := 0, start
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				asked++
				w.Header().Set("Retry-After", test.header)
				w.WriteHeader(test.status)
			}))
			defer server.Close()
			client, err := NewClient(Options{MaxBody: 1 << 20, Now: func() time.Time { return now }})
			if err != nil {
				t.Fatal(err)
			}
			get := func() error {
				res, err := client.Get(server.URL + "/r.git/info/refs")
				if err == nil {
					_ = res.Body.Close()
				}
				return err
			}
			var busy *BusyError
			if err := get(); errors.As(err, &busy) != (test.want > 0) {
				t.Fatalf("%v, want a pause of %s", err, test.want)
			}
			if test.want == 0 {
				return
			}
			if !busy.Until.Equal(start.Add(test.want)) {
				t.Errorf("until %s, want %s", busy.Until, start.Add(test.want))
			}
			now = busy.Until.Add(-time.Millisecond)
			if err := get(); err == nil || asked != 1 {
				t.Errorf("asked %d times before the time had come", asked)
			}
			now = busy.Until
			_ = get()
			if asked != 2 {
				t.Errorf("asked %d times when the time had come", asked)
			}
		})
	}
}

func TestAnswersThatAreNotGit(t *testing.T) {
	for name, test := range map[string]struct {
		kind, body string
		path       string
		want       string // "" for an answer of Git
	}{
		"list":            {"application/x-git-upload-pack-advertisement", "0000", "/info/refs", ""},
		"pack, no type":   {"", "0008NAK\n", "/git-upload-pack", ""},
		"page":            {"text/html; charset=utf-8", "<title> A &amp; B </title>", "/info/refs", "(A & B) instead"},
		"page for a pack": {"text/html", "hello", "/git-upload-pack", "a web page instead"},
		"disguised":       {"application/x-git-x-advertisement", "\ufeff \n<html>", "/info/refs", "a web page instead"},
		"no type":         {"", "", "/info/refs", "data of no type instead"},
		"JSON":            {"application/json", "{}", "/info/refs", "application/json instead"},
		"endless":         {"text/html", strings.Repeat("<p>", 1<<20), "/info/refs", "a web page instead"},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header()["Content-Type"] = nil
				if test.kind != "" {
					w.Header().Set("Content-Type", test.kind)
				}
				_, _ = io.WriteString(w, test.body)
			}))
			defer server.Close()
			client, err := NewClient(Options{MaxBody: 1 << 20})
			if err != nil {
				t.Fatal(err)
			}
			res, err := client.Get(server.URL + "/r.git" + test.path)
			if test.want == "" {
				if err != nil {
					t.Fatal(err)
				}
				defer res.Body.Close()
				if b, err := io.ReadAll(res.Body); string(b) != test.body || err != nil {
					t.Errorf("read %q, %v", b, err)
				}
				return
			}
			var not *NotGitError
			if !errors.As(err, &not) || !strings.Contains(err.Error(), test.want) || not.Hint() == "" {
				t.Errorf("%v, want %q", err, test.want)
			}
		})
	}
}

func TestBodiesAreBounded(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if req.URL.Path == "/error" {
			w.WriteHeader(http.StatusForbidden)
		}
		_, _ = io.WriteString(w, strings.Repeat("x", 1<<20))
	}))
	defer server.Close()
	client, err := NewClient(Options{MaxBody: 1000})
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]int{"/error": maxErrorBody, "/pack": 1000} {
		res, err := client.Get(server.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		if b, _ := io.ReadAll(res.Body); len(b) != want {
			t.Errorf("%s: %d bytes, want %d", path, len(b), want)
		}
		_ = res.Body.Close()
	}
}
