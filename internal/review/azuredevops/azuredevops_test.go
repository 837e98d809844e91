// SPDX-License-Identifier: Apache-2.0

package azuredevops_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/review"
	"syncer.dev/syncer/internal/review/azuredevops"
	"syncer.dev/syncer/internal/review/reviewtest"
	"syncer.dev/syncer/internal/review/reviewtest/emulator"
)

func TestConform(t *testing.T) {
	reviewtest.Conform(t, func(t *testing.T) reviewtest.Harness { return start(t) })
}

const (
	marker = "<!-- syncer: demo -->"
	body   = marker + "\nplan"
)

func say(t *testing.T, f review.Forge, number int, text string) string {
	t.Helper()
	url, err := f.Comment(t.Context(), number, marker, text)
	if err != nil {
		t.Fatal(err)
	}
	return url
}

// A thread is closed from the start, and again with the next edit after a person has opened it.
func TestThreadsAreClosed(t *testing.T) {
	s := start(t)
	f, number := s.Forge(), s.Open("main")
	url := say(t, f, number, body)
	id := s.Pulls[0].Comments[0].ID
	page := s.web.URL + "/contoso/AI%20Models/_git/team%20models/pullrequest/1"
	if want := fmt.Sprintf("%s?discussionId=%d", page, id); url != want {
		t.Errorf("URL %s, want %s", url, want)
	}
	for _, step := range []struct {
		name, set, text, want string
		writes                int
	}{
		{"new", "", body, "closed", 0},
		{"opened by a person", "active", body, "active", 0},
		{"edited after that", "active", body + "2", "closed", 2},
		{"edited", "", body + "3", "closed", 1},
	} {
		if step.set != "" {
			s.threads[id] = step.set
		}
		before := s.Writes()
		say(t, f, number, step.text)
		if got := s.threads[id]; got != step.want || s.Writes()-before != step.writes {
			t.Errorf("%s: the thread is %s after %d writes, want %s after %d",
				step.name, got, s.Writes()-before, step.want, step.writes)
		}
	}
}

// The status of an open pull request belongs to the push, other commits have their own.
func TestStatusOfAPush(t *testing.T) {
	s := start(t)
	f, number, second := s.Forge(), s.Open("main"), s.Open("main")
	set := func(commit string) {
		t.Helper()
		plan := review.CommitStatus{Context: "syncer/demo/plan", State: review.Success, Description: "no change"}
		if err := f.SetStatus(t.Context(), commit, plan); err != nil {
			t.Fatal(err)
		}
	}
	old := s.Pulls[number-1].Head
	set(old)
	head := s.Push(number)
	set(head)
	s.Change(second, func(p *emulator.Pull) { p.Head = head }) // two pull requests with one commit
	set(s.Merge(number))
	want := map[string][]string{
		old:               {"pull request 1"},
		head:              {"pull request 1"},
		s.Pulls[0].Merged: {""},
	}
	got := map[string][]string{}
	for commit, list := range s.Status {
		for _, o := range list {
			got[commit] = append(got[commit], o.Ref)
			if o.Context != `{"genre":"syncer/demo","name":"plan"}` || o.State != "succeeded" {
				t.Errorf("%+v", o)
			}
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	// A merge by fast-forward has the last commit of the pull request: the status is that of the commit now.
	f = s.Forge()
	if _, _, err := f.OpenPullRequests(t.Context(), "main"); err != nil {
		t.Fatal(err)
	}
	s.MergeBy(second, "fast-forward")
	if _, err := f.PullRequest(t.Context(), second); err != nil {
		t.Fatal(err)
	}
	set(head)
	if last := s.Status[head][len(s.Status[head])-1]; last.Ref != "" {
		t.Errorf("after the merge: %+v", last)
	}
}

func TestRequests(t *testing.T) {
	s := start(t)
	f, number := s.Forge(), s.Open("main")
	head := s.Pulls[0].Head
	const pulls = "/{project}/_apis/git/repositories/{repositoryId}/pullRequests"
	const one = pulls + "/{pullRequestId}"
	list := func() {
		if _, _, err := f.OpenPullRequests(t.Context(), "main"); err != nil {
			t.Fatal(err)
		}
	}
	status := func(text string) {
		plan := review.CommitStatus{Context: "syncer/demo/plan", State: review.Pending, Description: text}
		if err := f.SetStatus(t.Context(), head, plan); err != nil {
			t.Fatal(err)
		}
	}
	for _, step := range []struct {
		name string
		call func()
		want []string
	}{
		{"list", list, []string{"GET " + pulls}},
		{"list again", list, []string{"GET " + pulls}},
		{"comment", func() { say(t, f, number, body) }, []string{
			"GET /_apis/connectionData", "GET " + one + "/threads", "POST " + one + "/threads",
		}},
		{"same comment", func() { say(t, f, number, body) }, []string{"GET " + one + "/threads/{threadId}"}},
		{"status", func() { status("a") }, []string{
			"GET " + one + "/iterations", "GET " + one + "/iterations/{iterationId}/statuses",
			"POST " + one + "/iterations/{iterationId}/statuses",
		}},
		{"same status", func() { status("a") }, nil},
	} {
		s.Log()
		step.call()
		if diff := cmp.Diff(step.want, s.Log()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", step.name, diff)
		}
	}
	if s.options != 1 {
		t.Errorf("the locations of resources were asked for %d times", s.options)
	}
}

func TestFields(t *testing.T) {
	s := start(t)
	s.Propose(emulator.Pull{Target: "main", Draft: true})
	s.Propose(emulator.Pull{Target: "main", Fork: true})
	url := s.web.URL + "/contoso/AI%20Models/_git/team%20models/pullrequest/"
	want := []review.PullRequest{
		{
			Number: 1, Title: "change 1", URL: url + "1", Head: s.Pulls[0].Head, HeadRef: "refs/heads/change-1", Target: "main",
			Draft: true, Open: true,
		},
		{
			Number: 2, Title: "change 2", URL: url + "2", Head: s.Pulls[1].Head, HeadRef: "refs/pull/2/merge", Target: "main",
			Fork: true, Open: true,
		},
	}
	got, _, err := s.Forge().OpenPullRequests(t.Context(), "main")
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("error %v (-want +got):\n%s", err, diff)
	}
	for _, head := range []string{"", "main", "--upload-pack=x"} {
		s.Change(1, func(p *emulator.Pull) { p.Head = head })
		if _, err := s.Forge().PullRequest(t.Context(), 1); err == nil {
			t.Errorf("the head %q is no error", head)
		}
		if got, _, err := s.Forge().OpenPullRequests(t.Context(), "main"); err != nil || len(got) != 1 {
			t.Errorf("head %q: list %+v, error %v", head, got, err)
		}
	}
}

func TestPages(t *testing.T) {
	s := start(t)
	for range 205 {
		s.Open("main")
	}
	list, _, err := s.Forge().OpenPullRequests(t.Context(), "main")
	if err != nil || len(list) != 205 || list[0].Number != 1 || list[204].Number != 205 {
		t.Errorf("%d pull requests, error %v", len(list), err)
	}
	for range 2000 - 205 {
		s.Open("main")
	}
	if _, _, err := s.Forge().OpenPullRequests(t.Context(), "main"); err == nil {
		t.Error("a list that was cut is no error")
	}
}

func TestTokens(t *testing.T) {
	s := start(t)
	s.jwt = "eyJhbGciOi.eyJzdWIiOi.c2lnbmF0dXJl"
	for token, ok := range map[string]bool{emulator.Token: true, s.jwt: true, "expired": false, "a.b.c": false} {
		f := s.forge(func(o *azuredevops.Options) {
			o.Token = func(context.Context) (string, error) { return token, nil }
		})
		_, _, err := f.OpenPullRequests(t.Context(), "main")
		if (err == nil) != ok {
			t.Errorf("token %q: error %v", token, err)
		}
		if err != nil && !strings.Contains(strings.Join(diag.Hints(err), ""), "token") {
			t.Errorf("error %q has the hints %q", err, diag.Hints(err))
		}
	}
}

// The service slows requests down before it refuses them.
func TestPauseWithAnAnswer(t *testing.T) {
	s := start(t)
	s.slow = "30"
	f, number := s.Forge(), s.Open("main")
	_, _, _ = f.OpenPullRequests(t.Context(), "main") // its first request is answered, with the pause
	s.Log()
	_, err := f.Comment(t.Context(), number, marker, body)
	var limit *review.LimitError
	if !errors.As(err, &limit) || time.Until(limit.Until) > 30*time.Second {
		t.Errorf("error %v, want a LimitError", err)
	}
	if log := s.Log(); len(log) > 0 {
		t.Errorf("requests during the pause: %q", log)
	}
}

// What the server says about its resources is checked: the SDK would follow it, remember it, or end the process.
func TestLocations(t *testing.T) {
	for name, change := range map[string]func(list []map[string]any) any{
		"none":     func([]map[string]any) any { return map[string]any{"count": 0, "value": []any{}} },
		"null":     func([]map[string]any) any { return nil },
		"a list":   func(list []map[string]any) any { return list },
		"no id":    func([]map[string]any) any { return map[string]any{"value": []any{map[string]any{}}} },
		"one less": func(list []map[string]any) any { return map[string]any{"value": list[1:]} },
		"no route": func(list []map[string]any) any {
			bad := map[string]any{"id": list[0]["id"], "area": "git", "routeTemplate": nil}
			return map[string]any{"value": append(list[1:], bad)}
		},
	} {
		s := start(t)
		s.locations = change
		f := s.Forge()
		if _, _, err := f.OpenPullRequests(t.Context(), "main"); err == nil {
			t.Errorf("%s: no error", name)
		}
		s.locations = nil
		if _, _, err := f.OpenPullRequests(t.Context(), "main"); err != nil {
			t.Errorf("%s: afterwards: %v", name, err)
		}
	}
}

// The token goes to no other server, no error has it, and no answer ends the process.
func TestHostileAnswers(t *testing.T) {
	var stolen []string
	thief := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		stolen = append(stolen, r.Header.Get("Authorization"))
	}))
	defer thief.Close()
	type answer = func() (int, map[string]string, string)
	says := func(status int, kind, text string) answer {
		return func() (int, map[string]string, string) { return status, map[string]string{"Content-Type": kind}, text }
	}
	const kind = "application/json"
	for name, refuse := range map[string]answer{
		"redirect": func() (int, map[string]string, string) { return 307, map[string]string{"Location": thief.URL}, "" },
		"sign in":  func() (int, map[string]string, string) { return 302, map[string]string{"Location": "/_signin"}, "" },
		"echo":     says(400, kind, `{"message":"bad header Basic OnBhc3M= `+emulator.Token+`\u001b[2J\n"}`),
		"long":     says(500, kind, `{"message":"`+strings.Repeat("x", 100000)+`"}`),
		"page":     says(500, "text/html", strings.Repeat("<p>", 100000)),
		"null":     says(200, kind, "null"),
		"empty":    says(200, kind, ""),
		"nulls":    says(200, kind, `{"count":1,"value":[null]}`),
		"list":     says(200, kind, `[]`),
		"numbers":  says(200, kind, `{"pullRequestId":-1,"id":-1,"status":7}`),
	} {
		s := start(t)
		f, number := s.Forge(), s.Open("main")
		if _, _, err := f.OpenPullRequests(t.Context(), "main"); err != nil {
			t.Fatal(err)
		}
		s.Refuse(refuse)
		_, first := f.PullRequest(t.Context(), number)
		_, second := f.Comment(t.Context(), number, marker, body)
		for i, err := range []error{first, second} {
			if err == nil {
				t.Errorf("%s, call %d: no error", name, i)
				continue
			}
			text := err.Error()
			if strings.Contains(text, emulator.Token) || len(text) > 1000 || strings.ContainsAny(text, "\n\x1b") {
				t.Errorf("%s, call %d: error %q", name, i, text)
			}
		}
	}
	if len(stolen) > 0 {
		t.Errorf("another server got %q", stolen)
	}
}

func TestNew(t *testing.T) {
	for name, o := range map[string]azuredevops.Options{
		"no project": {URL: "https://dev.azure.com", Repository: "contoso/models"},
		"too deep":   {URL: "https://dev.azure.com", Repository: "a/b/c/d"},
		"in clear":   {URL: "http://dev.azure.com", Repository: "a/b/c"},
		"no URL":     {URL: "dev.azure.com", Repository: "a/b/c"},
	} {
		if _, err := azuredevops.New(o); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	// An old address has the organization in its host.
	asked := make(chan string, 1)
	f, err := azuredevops.New(azuredevops.Options{
		URL: "https://contoso.visualstudio.com", Repository: "contoso/models/models",
		Token: func(context.Context) (string, error) { return emulator.Token, nil },
		HTTP: &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
			asked <- r.URL.String()
			return nil, errors.New("no network")
		})},
	})
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = f.OpenPullRequests(t.Context(), "main")
	if got := <-asked; err == nil || got != "https://contoso.visualstudio.com/_apis" {
		t.Errorf("asked %s, error %v", got, err)
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// A comment of our own that lost its marker is no longer ours to edit, and a copy stays.
func TestOldestCounts(t *testing.T) {
	s := start(t)
	number := s.Open("main")
	s.CommentBy(number, emulator.Other, body)
	s.CommentBy(number, s.User, body+"1")
	s.CommentBy(number, s.User, body+"2")
	say(t, s.Forge(), number, body+"3")
	want := []string{body, body + "3", body + "2"}
	var got []string
	for _, c := range s.Comments(number) {
		got = append(got, c.Body)
	}
	if !slices.Equal(got, want) {
		t.Errorf("comments %q, want %q", got, want)
	}
}
