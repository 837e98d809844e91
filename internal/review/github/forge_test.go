// SPDX-License-Identifier: Apache-2.0

package github

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"syncer.dev/syncer/internal/review"
	"syncer.dev/syncer/internal/review/github/githubtest"
	"syncer.dev/syncer/internal/review/reviewtest"
	"syncer.dev/syncer/internal/review/reviewtest/emulator"
)

func token(context.Context) (string, error) { return emulator.Token, nil }

// harness is the emulator and the adapter.
type harness struct{ *githubtest.Server }

// Forge implements reviewtest.Harness.
func (h harness) Forge() review.Forge { return forge(h.T, h.Server, Options{}) }

func forge(t testing.TB, s *githubtest.Server, o Options) *Forge {
	t.Helper()
	if o.URL == "" {
		o.URL = s.URL
	}
	o.Repository, o.Token = githubtest.Repository, token
	f, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestConform(t *testing.T) {
	reviewtest.Conform(t, func(t *testing.T) reviewtest.Harness { return harness{githubtest.New(t)} })
}

// TestConformApp: the token of an app names no user, as that of a GitHub Actions job.
func TestConformApp(t *testing.T) {
	reviewtest.Conform(t, func(t *testing.T) reviewtest.Harness {
		h := harness{githubtest.New(t)}
		h.User = emulator.App
		return h
	})
}

// TestQuiet: 1,000 looks without a change write nothing, and each costs one request that GitHub does not count.
func TestQuiet(t *testing.T) {
	s := githubtest.New(t)
	number := s.Open("main")
	head, f := s.Push(number), forge(t, s, Options{})
	status := review.CommitStatus{Context: "syncer/demo/plan", State: review.Success, Description: "no change"}
	deployment := review.Deployment{Environment: "demo/default/phi-4", Commit: s.Commit(), State: review.Succeeded}
	round := func() {
		if _, _, err := f.OpenPullRequests(t.Context(), "main"); err != nil {
			t.Fatal(err)
		}
		if _, err := f.Comment(t.Context(), number, "<!-- m -->", "<!-- m -->\nplan"); err != nil {
			t.Fatal(err)
		}
		if err := f.SetStatus(t.Context(), head, status); err != nil {
			t.Fatal(err)
		}
		if err := f.Deploy(t.Context(), deployment); err != nil {
			t.Fatal(err)
		}
	}
	round()
	round() // the list has changed by our own comment
	writes := s.Writes()
	_, unchanged := s.Reads()
	for range 1000 {
		round()
	}
	if n := s.Writes() - writes; n != 0 {
		t.Errorf("%d writes", n)
	}
	if _, now := s.Reads(); now-unchanged != 1000 {
		t.Errorf("%d of 1000 lists were answered as unchanged", now-unchanged)
	}
}

// TestPages: lists are read to their end.
func TestPages(t *testing.T) {
	s := githubtest.New(t)
	for range 120 {
		s.Open("main")
	}
	f := forge(t, s, Options{})
	list, changed, err := f.OpenPullRequests(t.Context(), "main")
	if err != nil || !changed || len(list) != 120 || list[119].Number != 120 {
		t.Fatalf("%d pull requests, changed %v, %v", len(list), changed, err)
	}
	if _, changed, err = f.OpenPullRequests(t.Context(), "main"); changed || err != nil {
		t.Errorf("changed %v, %v", changed, err)
	}
	for _, number := range []int{1, 120} { // one on each page
		head := s.Push(number)
		list, changed, err = f.OpenPullRequests(t.Context(), "main")
		if err != nil || !changed || len(list) != 120 || list[number-1].Head != head {
			t.Errorf("%d: %d pull requests, changed %v, %v", number, len(list), changed, err)
		}
	}
	for i := range 300 {
		if s.CommentAs(5, "remark"); i == 250 {
			s.CommentBy(5, s.User, "<!-- m -->\nplan")
		}
	}
	if _, err := f.Comment(t.Context(), 5, "<!-- m -->", "<!-- m -->\nplan"); err != nil || s.Writes() != 0 {
		t.Errorf("%d writes, %v", s.Writes(), err)
	}
}

// TestWithoutTags: a proxy that removes entity tags costs requests, but nothing changes by itself.
func TestWithoutTags(t *testing.T) {
	s := githubtest.New(t)
	s.WithoutTags()
	s.Open("main")
	f := forge(t, s, Options{})
	for i, want := range []bool{true, false, false} {
		if _, changed, err := f.OpenPullRequests(t.Context(), "main"); changed != want || err != nil {
			t.Errorf("look %d: changed %v, %v", i, changed, err)
		}
	}
}

// TestErrors: what is no limit stays an error of the server, with a hint and without the token.
func TestErrors(t *testing.T) {
	s := githubtest.New(t)
	s.Open("main")
	for _, test := range []struct {
		status     int
		body, want string
		hint       string
	}{
		{500, `{"message":"Server Error"}`, "the server answered 500: Server Error", ""},
		{502, "<html><h1>Bad gateway " + emulator.Token + "</h1></html>", "the server answered 502", ""},
		{401, `{"message":"Bad credentials"}`, "Bad credentials", "expired"},
		{403, `{"message":"Resource not accessible by personal access token"}`, "not accessible", "docs/forges.md"},
		{
			422, `{"message":"Validation Failed","errors":[{"resource":"Issue","field":"body","code":"invalid"}]}`,
			"Validation Failed; Issue body invalid", "",
		},
		{200, `not JSON`, "invalid character", ""},
		{200, `[{"number":1,"head":{"sha":"--upload-pack=x"}}]`, "is not the hash of a commit", ""},
		{200, `[null]`, "has the number 0", ""},
	} {
		s.Refuse(func() (int, map[string]string, string) { return test.status, nil, test.body })
		_, _, err := forge(t, s, Options{}).OpenPullRequests(t.Context(), "main")
		var limit *review.LimitError
		if err == nil || errors.As(err, &limit) || !strings.Contains(err.Error(), test.want) ||
			strings.Contains(err.Error(), emulator.Token) || !strings.HasPrefix(err.Error(), "list pull requests: ") {
			t.Errorf("%d %s: error %v", test.status, test.body, err)
		}
		var h interface{ Hint() string }
		if !errors.As(err, &h) || !strings.Contains(h.Hint(), test.hint) || (test.hint == "") != (h.Hint() == "") {
			t.Errorf("%d: error %v has another hint", test.status, err)
		}
	}
}

// TestRefusedIdentity: without knowing whose token it is, nothing is written.
func TestRefusedIdentity(t *testing.T) {
	s := githubtest.New(t)
	number := s.Open("main")
	for _, status := range []int{401, 403, 500} {
		s.Refuse(func() (int, map[string]string, string) { return status, nil, `{"message":"no"}` })
		if _, err := forge(t, s, Options{}).Comment(t.Context(), number, "m", "m"); err == nil {
			t.Errorf("%d: no error", status)
		}
	}
	s.Refuse(nil)
	if s.Writes() != 0 {
		t.Errorf("%d writes", s.Writes())
	}
}

// TestOtherBots: the comment of another app is not ours, nor is that of a person with the name of our app.
func TestOtherBots(t *testing.T) {
	s := githubtest.New(t)
	s.User = emulator.App
	number := s.Open("main")
	const body = "<!-- m -->\nall is well"
	s.CommentBy(number, emulator.User{ID: 20, Login: "other[bot]", Bot: true}, body)
	s.CommentBy(number, emulator.User{ID: 21, Login: "syncer-app"}, body)
	for range 2 {
		if _, err := forge(t, s, Options{}).Comment(t.Context(), number, "<!-- m -->", body); err != nil {
			t.Fatal(err)
		}
	}
	if got := s.Comments(number); len(got) != 3 || !got[2].Own || s.Writes() != 1 {
		t.Errorf("%+v, %d writes", got, s.Writes())
	}
}

// TestQuoted: a person whose token this is answers with a quotation of the comment. That stays as it is.
func TestQuoted(t *testing.T) {
	s := githubtest.New(t)
	number, f := s.Open("main"), forge(t, s, Options{})
	for _, text := range []string{"one", "two"} {
		if _, err := f.Comment(t.Context(), number, "<!-- m -->", "<!-- m -->\n"+text); err != nil {
			t.Fatal(err)
		}
		s.CommentBy(number, s.User, "> <!-- m -->\n> "+text+"\n\nWhy?")
		f = forge(t, s, Options{})
	}
	if got := s.Comments(number); len(got) != 3 || got[0].Body != "<!-- m -->\ntwo" {
		t.Errorf("%+v", got)
	}
}

// TestMerged: the commit on the target, by each method of merging; never the trial merge of an open pull request.
func TestMerged(t *testing.T) {
	s := githubtest.New(t)
	f := forge(t, s, Options{})
	for _, how := range []string{"merge", "squash", "rebase"} {
		number := s.Open("main")
		if pr, err := f.PullRequest(t.Context(), number); err != nil || pr.Merged != "" || !pr.Open {
			t.Errorf("%s, open: %+v, %v", how, pr, err)
		}
		commit := s.MergeBy(number, how)
		if pr, err := f.PullRequest(t.Context(), number); err != nil || pr.Merged != commit || pr.Open {
			t.Errorf("%s: %+v, %v; want %s", how, pr, err, commit)
		}
	}
	closed := s.Open("main")
	s.Close(closed)
	if pr, err := f.PullRequest(t.Context(), closed); err != nil || pr.Merged != "" || pr.Open {
		t.Errorf("closed: %+v, %v", pr, err)
	}
}

// TestHostile: titles and forks that were deleted.
func TestHostile(t *testing.T) {
	s := githubtest.New(t)
	title := "/close\n::error::\x1b[31m@team <img src=x> `" + strings.Repeat("模", 5000)
	s.Propose(emulator.Pull{Target: "main", Title: title, Draft: true})
	s.Propose(emulator.Pull{Target: "main", Fork: true, Gone: true})
	list, _, err := forge(t, s, Options{}).OpenPullRequests(t.Context(), "main")
	if err != nil || len(list) != 2 {
		t.Fatalf("%+v, %v", list, err)
	}
	if pr := list[0]; !pr.Draft || pr.Fork || strings.ContainsAny(pr.Title, "\n\x1b") || len([]rune(pr.Title)) > 300 {
		t.Errorf("%+v", pr)
	}
	if pr := list[1]; !pr.Fork || pr.HeadRef != "refs/pull/2/head" {
		t.Errorf("%+v", pr)
	}
}

// TestEndpoints: each kind of server has its APIs elsewhere.
func TestEndpoints(t *testing.T) {
	for address, want := range map[string]string{
		"":                                  "https://api.github.com/ /graphql",
		"https://github.com":                "https://api.github.com/ /graphql",
		"https://api.github.com/":           "https://api.github.com/ /graphql",
		"https://octo.ghe.com":              "https://api.octo.ghe.com/ /graphql",
		"https://api.octo.ghe.com":          "https://api.octo.ghe.com/ /graphql",
		"https://git.example.com":           "https://git.example.com/api/v3/ /api/graphql",
		"https://git.example.com/api/v3/":   "https://git.example.com/api/v3/ /api/graphql",
		"https://git.example.com:8443/x/":   "https://git.example.com:8443/x/api/v3/ /x/api/graphql",
		"https://github.com.evil.example":   "https://github.com.evil.example/api/v3/ /api/graphql",
		"https://evil.example/?github.com/": "the address of the forge is not a URL such as https://git.example.com",
	} {
		rest, graphql, err := endpoints(address)
		got := fmt.Sprint(rest, " ", graphql)
		if err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%q: %s, want %s", address, got, want)
		}
	}
	for _, name := range []string{"", "models", "a/b/c", "a/", "/b", "a/b?x", "a/b#x", "a/%2e%2e"} {
		if _, err := New(Options{Repository: name, Token: token}); err == nil {
			t.Errorf("repository %q is accepted", name)
		}
	}
	if _, err := New(Options{Repository: "a/b"}); err == nil {
		t.Error("no token, no error")
	}
}

// toServer sends the requests for github.com to the emulator.
type toServer struct{ address string }

// RoundTrip implements http.RoundTripper.
func (s toServer) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Scheme != "https" || r.URL.Host != "api.github.com" {
		return nil, fmt.Errorf("a request to %s", r.URL)
	}
	r = r.Clone(r.Context())
	r.URL.Scheme, r.URL.Host = "http", s.address
	return http.DefaultTransport.RoundTrip(r)
}

// TestDotCom: github.com has the API on a host of its own.
func TestDotCom(t *testing.T) {
	reviewtest.Conform(t, func(t *testing.T) reviewtest.Harness {
		h := dotCom{harness{githubtest.New(t)}}
		h.User = emulator.App
		return h
	})
}

type dotCom struct{ harness }

// Forge implements reviewtest.Harness.
func (d dotCom) Forge() review.Forge {
	return forge(d.T, d.Server, Options{URL: "https://github.com", HTTP: &http.Client{Transport: toServer{d.Address}}})
}
