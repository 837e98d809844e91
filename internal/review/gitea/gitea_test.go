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
	e := start(t)
	number := e.Open("main")
	f, ctx := e.Forge(), t.Context()
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
		s := review.CommitStatus{Context: "syncer/demo/plan", State: review.Pending, Description: text}
		if err := f.SetStatus(ctx, e.pulls[0].head, s); err != nil {
			t.Fatal(err)
		}
	}
	const repo = "/api/v1/repos/team/models"
	statuses := repo + "/commits/" + e.pulls[0].head + "/statuses"
	for _, step := range []struct {
		name string
		call func()
		want []string
	}{
		{"list", list, []string{"GET " + repo + "/pulls"}},
		{"list again", list, []string{"GET " + repo + "/pulls"}},
		{"first comment", func() { comment("a") }, []string{
			"GET /api/v1/user", "GET " + repo + "/issues/1/comments", "POST " + repo + "/issues/1/comments",
		}},
		{"same comment", func() { comment("a") }, []string{"GET " + repo + "/issues/comments/1"}},
		{"new text", func() { comment("b") }, []string{
			"GET " + repo + "/issues/comments/1", "PATCH " + repo + "/issues/comments/1",
		}},
		{"first status", func() { status("a") }, []string{"GET " + statuses, "POST " + repo + "/statuses/" + e.pulls[0].head}},
		{"same status", func() { status("a") }, nil},
		{"new status", func() { status("b") }, []string{"POST " + repo + "/statuses/" + e.pulls[0].head}},
	} {
		e.log()
		step.call()
		if diff := cmp.Diff(step.want, e.log()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", step.name, diff)
		}
	}
}

func TestPages(t *testing.T) {
	e := start(t)
	for range 45 {
		e.Open("main")
	}
	list, changed, err := e.Forge().OpenPullRequests(t.Context(), "main")
	if err != nil || !changed || len(list) != 45 || list[44].Number != 45 {
		t.Errorf("%d pull requests, changed %v, error %v", len(list), changed, err)
	}
	if got := len(e.log()); got != 3 {
		t.Errorf("%d requests for three pages", got)
	}
	// A status is found behind those of other systems.
	head := e.pulls[0].head
	s := review.CommitStatus{Context: "syncer/demo/plan", State: review.Success, Description: "no change"}
	if err := e.Forge().SetStatus(t.Context(), head, s); err != nil {
		t.Fatal(err)
	}
	for i := range 30 {
		o := review.CommitStatus{Context: fmt.Sprintf("ci/%d", i), State: review.Success}
		e.statuses = append(e.statuses, status{head, o})
	}
	writes := e.Writes()
	if err := e.Forge().SetStatus(t.Context(), head, s); err != nil || e.Writes() != writes {
		t.Errorf("%d writes for a status that is there, error %v", e.Writes()-writes, err)
	}
}

func TestTooManyPullRequests(t *testing.T) {
	e := start(t)
	for range 20*20 + 1 {
		e.Open("main")
	}
	if _, _, err := e.Forge().OpenPullRequests(t.Context(), "main"); err == nil {
		t.Error("a list that was cut is no error")
	}
}

func TestPullRequestFields(t *testing.T) {
	e := start(t)
	e.open(pull{target: "main", draft: true, fork: true})
	got, err := e.Forge().PullRequest(t.Context(), 1)
	want := review.PullRequest{
		Number: 1, Title: "change 1", URL: e.server.URL + "/team/models/pulls/1", Head: e.pulls[0].head,
		HeadRef: "refs/pull/1/head", Target: "main", Fork: true, Draft: true, Open: true,
	}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("error %v (-want +got):\n%s", err, diff)
	}
	// A moment after a push the server knows no commit.
	f := e.Forge()
	if _, _, err := f.OpenPullRequests(t.Context(), "main"); err != nil {
		t.Fatal(err)
	}
	for _, head := range []string{"", "main", "--upload-pack=x"} {
		e.change(1, func(p *pull) { p.head = head })
		if _, err := e.Forge().PullRequest(t.Context(), 1); err == nil {
			t.Errorf("the head %q is no error", head)
		}
		if list, _, err := e.Forge().OpenPullRequests(t.Context(), "main"); err != nil || len(list) > 0 {
			t.Errorf("head %q: list %+v, error %v", head, list, err)
		}
	}
	e.Push(1)
	if list, changed, err := f.OpenPullRequests(t.Context(), "main"); err != nil || !changed || len(list) != 1 {
		t.Errorf("after that: list %+v, changed %v, error %v", list, changed, err)
	}
}

// A comment of our own that lost its marker is no longer ours to edit.
func TestEditedByHand(t *testing.T) {
	e := start(t)
	f, number := e.Forge(), e.Open("main")
	if _, err := f.Comment(t.Context(), number, marker, body); err != nil {
		t.Fatal(err)
	}
	e.comments[0].body = "edited by hand"
	if _, err := f.Comment(t.Context(), number, marker, body); err != nil {
		t.Fatal(err)
	}
	want := []reviewtest.Comment{{Own: true, Body: "edited by hand"}, {Own: true, Body: body}}
	if diff := cmp.Diff(want, e.Comments(number)); diff != "" {
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
	e := start(t)
	e.Open("main")
	current := "expired"
	f := e.forge(func(o *gitea.Options) {
		o.Token = func(context.Context) (string, error) { return current, nil }
	})
	_, _, err := f.OpenPullRequests(t.Context(), "main")
	if err == nil || !strings.Contains(strings.Join(diag.Hints(err), ""), "token") {
		t.Errorf("error %v with hints %q", err, diag.Hints(err))
	}
	current = token
	if _, _, err := f.OpenPullRequests(t.Context(), "main"); err != nil {
		t.Error(err)
	}
	missing := errors.New("open /run/token: no such file or directory")
	f = e.forge(func(o *gitea.Options) {
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
	for name, fail := range map[string]func(w http.ResponseWriter, r *http.Request) bool{
		"redirect": func(w http.ResponseWriter, r *http.Request) bool {
			http.Redirect(w, r, thief.URL, http.StatusTemporaryRedirect)
			return true
		},
		"echo": func(w http.ResponseWriter, r *http.Request) bool {
			answer(w, 400, map[string]any{"message": "bad header " + r.Header.Get("Authorization") + "\x1b[2J\n"})
			return true
		},
		"page": func(w http.ResponseWriter, r *http.Request) bool {
			w.WriteHeader(500)
			fmt.Fprint(w, strings.Repeat("<p>"+r.Header.Get("Authorization"), 10000))
			return true
		},
		"no JSON": func(w http.ResponseWriter, _ *http.Request) bool {
			fmt.Fprint(w, "<html>sign in</html>")
			return true
		},
		"null": func(w http.ResponseWriter, _ *http.Request) bool {
			answer(w, 200, nil)
			return true
		},
		"endless": func(w http.ResponseWriter, _ *http.Request) bool {
			chunk := []byte(strings.Repeat("[", 1<<20))
			for range 40 {
				if _, err := w.Write(chunk); err != nil {
					break
				}
			}
			return true
		},
	} {
		e := start(t)
		e.Open("main")
		e.failWith(fail)
		_, err := e.Forge().PullRequest(t.Context(), 1)
		if err == nil {
			t.Errorf("%s: no error", name)
			continue
		}
		if text := err.Error(); strings.Contains(text, token) || len(text) > 1000 || strings.ContainsAny(text, "\n\x1b") {
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
