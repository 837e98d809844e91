// SPDX-License-Identifier: Apache-2.0

package gitea_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/review"
	"syncer.dev/syncer/internal/review/gitea"
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

// TestRequests counts what each call costs.
func TestRequests(t *testing.T) {
	s := start(t)
	number := s.Open("main")
	f, ctx := s.Forge(), t.Context()
	list := func() {
		if _, _, err := f.OpenPullRequests(ctx, "main"); err != nil {
			t.Fatal(err)
		}
	}
	comment := func(text string) {
		if _, err := f.Comment(ctx, number, marker, marker+text); err != nil {
			t.Fatal(err)
		}
	}
	status := func(text string) {
		plan := review.CommitStatus{Context: "syncer/demo/plan", State: review.Pending, Description: text}
		if err := f.SetStatus(ctx, s.Pulls[0].Head, plan); err != nil {
			t.Fatal(err)
		}
	}
	const repo = "/repos/{owner}/{repo}"
	for _, step := range []struct {
		name string
		call func()
		want []string
	}{
		{"list", list, []string{"GET " + repo + "/pulls"}},
		{"list again", list, []string{"GET " + repo + "/pulls"}},
		{"first comment", func() { comment("a") }, []string{
			"GET /user", "GET " + repo + "/issues/{index}/comments", "POST " + repo + "/issues/{index}/comments",
		}},
		{"same comment", func() { comment("a") }, []string{"GET " + repo + "/issues/comments/{id}"}},
		{"new text", func() { comment("b") }, []string{
			"GET " + repo + "/issues/comments/{id}", "PATCH " + repo + "/issues/comments/{id}",
		}},
		{"first status", func() { status("a") }, []string{
			"GET " + repo + "/commits/{ref}/statuses", "POST " + repo + "/statuses/{sha}",
		}},
		{"same status", func() { status("a") }, nil},
		{"new status", func() { status("b") }, []string{"POST " + repo + "/statuses/{sha}"}},
	} {
		s.Log()
		step.call()
		if diff := cmp.Diff(step.want, s.Log()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", step.name, diff)
		}
	}
}

func TestPages(t *testing.T) {
	s := start(t)
	for range 45 {
		s.Open("main")
	}
	list, changed, err := s.Forge().OpenPullRequests(t.Context(), "main")
	if err != nil || !changed || len(list) != 45 || list[44].Number != 45 {
		t.Errorf("%d pull requests, changed %v, error %v", len(list), changed, err)
	}
	if got := len(s.Log()); got != 3 {
		t.Errorf("%d requests for three pages", got)
	}
	// A status is found behind those of other systems.
	head := s.Pulls[0].Head
	plan := review.CommitStatus{Context: "syncer/demo/plan", State: review.Success, Description: "no change"}
	if err := s.Forge().SetStatus(t.Context(), head, plan); err != nil {
		t.Fatal(err)
	}
	for i := range 30 {
		o := emulator.Status{Context: fmt.Sprintf("ci/%d", i), State: "success"}
		s.Status[head] = append(s.Status[head], o)
	}
	writes := s.Writes()
	if err := s.Forge().SetStatus(t.Context(), head, plan); err != nil || s.Writes() != writes {
		t.Errorf("%d writes for a status that is there, error %v", s.Writes()-writes, err)
	}
}

func TestTooManyPullRequests(t *testing.T) {
	s := start(t)
	for range 20*20 + 1 {
		s.Open("main")
	}
	if _, _, err := s.Forge().OpenPullRequests(t.Context(), "main"); err == nil {
		t.Error("a list that was cut is no error")
	}
}

func TestPullRequestFields(t *testing.T) {
	s := start(t)
	s.Propose(emulator.Pull{Target: "main", Draft: true, Fork: true})
	got, err := s.Forge().PullRequest(t.Context(), 1)
	want := review.PullRequest{
		Number: 1, Title: "change 1", URL: s.web.URL + "/team/models/pulls/1", Head: s.Pulls[0].Head,
		HeadRef: "refs/pull/1/head", Target: "main", Fork: true, Draft: true, Open: true,
	}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("error %v (-want +got):\n%s", err, diff)
	}
	// A moment after a push the server knows no commit.
	f := s.Forge()
	if _, _, err := f.OpenPullRequests(t.Context(), "main"); err != nil {
		t.Fatal(err)
	}
	for _, head := range []string{"", "main", "--upload-pack=x"} {
		s.Change(1, func(p *emulator.Pull) { p.Head = head })
		if _, err := s.Forge().PullRequest(t.Context(), 1); err == nil {
			t.Errorf("the head %q is no error", head)
		}
		if list, _, err := s.Forge().OpenPullRequests(t.Context(), "main"); err != nil || len(list) > 0 {
			t.Errorf("head %q: list %+v, error %v", head, list, err)
		}
	}
	s.Push(1)
	if list, changed, err := f.OpenPullRequests(t.Context(), "main"); err != nil || !changed || len(list) != 1 {
		t.Errorf("after that: list %+v, changed %v, error %v", list, changed, err)
	}
}

// A comment of our own that lost its marker is no longer ours to edit.
func TestEditedByHand(t *testing.T) {
	s := start(t)
	f, number := s.Forge(), s.Open("main")
	if _, err := f.Comment(t.Context(), number, marker, body); err != nil {
		t.Fatal(err)
	}
	s.Pulls[0].Comments[0].Body = "edited by hand"
	if _, err := f.Comment(t.Context(), number, marker, body); err != nil {
		t.Fatal(err)
	}
	want := []reviewtest.Comment{{Own: true, Body: "edited by hand"}, {Own: true, Body: body}}
	if diff := cmp.Diff(want, s.Comments(number)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if _, err := f.Comment(t.Context(), number, marker, "without it"); err == nil {
		t.Error("a comment without its marker is no error")
	}
	if _, err := f.Comment(t.Context(), number, marker, body+strings.Repeat("x", 65536)); err == nil {
		t.Error("a comment over the limit is no error")
	}
}

func TestTokenIsAskedForAgain(t *testing.T) {
	s := start(t)
	s.Open("main")
	current := "expired"
	f := s.forge(func(o *gitea.Options) {
		o.Token = func(context.Context) (string, error) { return current, nil }
	})
	_, _, err := f.OpenPullRequests(t.Context(), "main")
	if err == nil || !strings.Contains(strings.Join(diag.Hints(err), ""), "token") {
		t.Errorf("error %v with hints %q", err, diag.Hints(err))
	}
	current = emulator.Token
	if _, _, err := f.OpenPullRequests(t.Context(), "main"); err != nil {
		t.Error(err)
	}
	missing := errors.New("open /run/token: no such file or directory")
	f = s.forge(func(o *gitea.Options) {
		o.Token = func(context.Context) (string, error) { return "", missing }
	})
	if _, _, err := f.OpenPullRequests(t.Context(), "main"); !errors.Is(err, missing) {
		t.Errorf("error %v", err)
	}
}

// The token goes to no other server, and no error has it.
func TestTokenStays(t *testing.T) {
	var stolen string
	thief := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		stolen = r.Header.Get("Authorization")
	}))
	defer thief.Close()
	type answer = func() (int, map[string]string, string)
	says := func(status int, kind, text string) answer {
		return func() (int, map[string]string, string) { return status, map[string]string{"Content-Type": kind}, text }
	}
	const kind = "application/json"
	for name, refuse := range map[string]answer{
		"redirect": func() (int, map[string]string, string) { return 307, map[string]string{"Location": thief.URL}, "" },
		"echo":     says(400, kind, `{"message":"bad header Bearer `+emulator.Token+`\u001b[2J\n"}`),
		"page":     says(500, "text/html", strings.Repeat("<p>"+emulator.Token, 10000)),
		"no JSON":  says(200, "text/html", "<html>sign in</html>"),
		"null":     says(200, kind, "null"),
		"endless":  says(200, kind, strings.Repeat("[", 40<<20)),
	} {
		s := start(t)
		s.Open("main")
		s.Refuse(refuse)
		_, err := s.Forge().PullRequest(t.Context(), 1)
		if err == nil {
			t.Errorf("%s: no error", name)
			continue
		}
		text := err.Error()
		if strings.Contains(text, emulator.Token) || len(text) > 1000 || strings.ContainsAny(text, "\n\x1b") {
			t.Errorf("%s: error %q", name, text)
		}
		if stolen != "" {
			t.Errorf("%s: another server got %q", name, stolen)
		}
	}
}

func TestNew(t *testing.T) {
	for name, o := range map[string]gitea.Options{
		"no name":     {URL: "https://git.example.com", Repository: "models"},
		"too deep":    {URL: "https://git.example.com", Repository: "a/b/c"},
		"in clear":    {URL: "http://git.example.com", Repository: "team/models"},
		"no URL":      {URL: "git.example.com", Repository: "team/models"},
		"with a user": {URL: "https://me:secret@git.example.com", Repository: "team/models"},
	} {
		if _, err := gitea.New(o); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: error %v", name, err)
		}
	}
}
