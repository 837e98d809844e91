// SPDX-License-Identifier: Apache-2.0

package gitlab

import (
	"context"
	"errors"
	"strings"
	"testing"

	"syncer.dev/syncer/internal/review"
	"syncer.dev/syncer/internal/review/gitlab/gitlabtest"
	"syncer.dev/syncer/internal/review/reviewtest"
	"syncer.dev/syncer/internal/review/reviewtest/emulator"
)

func token(context.Context) (string, error) { return emulator.Token, nil }

// harness is the emulator and the adapter.
type harness struct{ *gitlabtest.Server }

// Forge implements reviewtest.Harness.
func (h harness) Forge() review.Forge { return forge(h.T, h.Server, Options{}) }

func forge(t testing.TB, s *gitlabtest.Server, o Options) *Forge {
	t.Helper()
	o.URL, o.Repository, o.Token, o.Branch = s.URL, gitlabtest.Project, token, "main"
	f, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestConform(t *testing.T) {
	reviewtest.Conform(t, func(t *testing.T) reviewtest.Harness { return harness{gitlabtest.New(t)} })
}

// TestQuiet: 1,000 looks without a change write nothing, and the list is answered as unchanged.
func TestQuiet(t *testing.T) {
	s := gitlabtest.New(t)
	number := s.Open("main")
	head, f := s.Push(number), forge(t, s, Options{})
	status := review.CommitStatus{Context: "syncer/demo/plan", State: review.Pending, Description: "planning"}
	deployment := review.Deployment{Environment: "demo/default/phi-4", Commit: s.Commit(), State: review.Queued}
	round := func() {
		if _, _, err := f.OpenPullRequests(t.Context(), "main"); err != nil {
			t.Fatal(err)
		}
		if _, err := f.Comment(t.Context(), number, "<!-- m -->", "<!-- m -->\nplan\n/close\n"); err != nil {
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
	round() // the list has changed by our own note
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
	s := gitlabtest.New(t)
	for range 120 {
		s.Open("main")
	}
	f := forge(t, s, Options{})
	list, changed, err := f.OpenPullRequests(t.Context(), "main")
	if err != nil || !changed || len(list) != 120 || list[119].Number != 120 {
		t.Fatalf("%d merge requests, changed %v, %v", len(list), changed, err)
	}
	if _, changed, err = f.OpenPullRequests(t.Context(), "main"); changed || err != nil {
		t.Errorf("changed %v, %v", changed, err)
	}
	for _, number := range []int{1, 120} { // one on each page
		head := s.Push(number)
		list, changed, err = f.OpenPullRequests(t.Context(), "main")
		if err != nil || !changed || len(list) != 120 || list[number-1].Head != head {
			t.Errorf("%d: %d merge requests, changed %v, %v", number, len(list), changed, err)
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

// TestWithoutTags: without entity tags the content is compared.
func TestWithoutTags(t *testing.T) {
	s := gitlabtest.New(t)
	s.WithoutTags()
	s.Open("main")
	f := forge(t, s, Options{})
	for i, want := range []bool{true, false, false} {
		if _, changed, err := f.OpenPullRequests(t.Context(), "main"); changed != want || err != nil {
			t.Errorf("look %d: changed %v, %v", i, changed, err)
		}
	}
}

// TestErrors: what is no limit stays an error of the server, once, with a hint and without the token.
func TestErrors(t *testing.T) {
	s := gitlabtest.New(t)
	s.Open("main")
	for _, test := range []struct {
		status     int
		body, want string
		hint       string
	}{
		{500, `{"message":"500 Internal Server Error"}`, "the server answered 500: ", ""},
		{502, "<html><h1>Bad gateway " + emulator.Token + "</h1></html>", "the server answered 502", ""},
		{401, `{"message":"401 Unauthorized"}`, "401 Unauthorized", "expired"},
		{403, `{"error":"insufficient_scope"}`, "insufficient_scope", "docs/forges.md"},
		{404, `{"message":"404 Project Not Found"}`, "the server answered 404", ""},
		{200, `not JSON`, "invalid character", ""},
		{200, `[{"iid":1,"sha":"--upload-pack=x"}]`, "is not the hash of a commit", ""},
	} {
		asked := 0
		s.Refuse(func() (int, map[string]string, string) { asked++; return test.status, nil, test.body })
		_, _, err := forge(t, s, Options{}).OpenPullRequests(t.Context(), "main")
		var limit *review.LimitError
		if err == nil || errors.As(err, &limit) || !strings.Contains(err.Error(), test.want) || asked != 1 ||
			strings.Contains(err.Error(), emulator.Token) || !strings.HasPrefix(err.Error(), "list merge requests: ") {
			t.Errorf("%d %s: error %v after %d requests", test.status, test.body, err, asked)
			continue
		}
		var h interface{ Hint() string }
		if !errors.As(err, &h) || !strings.Contains(h.Hint(), test.hint) || (test.hint == "") != (h.Hint() == "") {
			t.Errorf("%d: error %v has another hint", test.status, err)
		}
	}
}

// TestQuickActions: no text of ours does anything on GitLab, and Markdown shows it as it was.
func TestQuickActions(t *testing.T) {
	s := gitlabtest.New(t)
	number, f := s.Open("main"), forge(t, s, Options{})
	text := "<!-- m -->\n/merge\n\n/close now\r\n\r/approve\n```diff\n/label ~x\n```\n~~~\n```\n/assign @mallory\n~~~\n" +
		"/unknown\n`` `\n/spend 1h\n>>>\n/title x\n>>>\n    ```\n/lock"
	for range 2 {
		if _, err := f.Comment(t.Context(), number, "<!-- m -->", text); err != nil {
			t.Fatal(err)
		}
	}
	if got := s.Actions(); len(got) > 0 || s.Writes() != 1 {
		t.Errorf("%q, %d writes", got, s.Writes())
	}
	want := "<!-- m -->\n\\/merge\n\n\\/close now\n\\/approve\n```diff\n /label ~x\n```\n~~~\n```\n" +
		" /assign @mallory\n~~~\n\\/unknown\n`` `\n\\/spend 1h\n>>>\n\\/title x\n>>>\n    ```\n\\/lock"
	if got := s.Comments(number)[0].Body; got != want {
		t.Errorf("%q,\nwant %q", got, want)
	}
}

// TestMerged: the commit on the target, by each method of merging.
func TestMerged(t *testing.T) {
	s := gitlabtest.New(t)
	f := forge(t, s, Options{})
	for _, how := range []string{"merge", "squash", "rebase", "fast-forward"} {
		number := s.Open("main")
		if pr, err := f.PullRequest(t.Context(), number); err != nil || pr.Merged != "" || !pr.Open {
			t.Errorf("%s, open: %+v, %v", how, pr, err)
		}
		commit := s.MergeBy(number, how)
		if pr, err := f.PullRequest(t.Context(), number); err != nil || pr.Merged != commit || pr.Open {
			t.Errorf("%s: %+v, %v; want %s", how, pr, err, commit)
		}
	}
}

// TestHostile: titles, forks that were deleted, and merge requests without a commit.
func TestHostile(t *testing.T) {
	s := gitlabtest.New(t)
	title := "/close\n::error::\x1b[31m@team <img src=x> `" + strings.Repeat("模", 5000)
	s.Propose(emulator.Pull{Target: "main", Title: title, Draft: true})
	s.Propose(emulator.Pull{Target: "main", Fork: true, Gone: true})
	s.Change(s.Open("main"), func(p *emulator.Pull) { p.Head = "" })
	list, _, err := forge(t, s, Options{}).OpenPullRequests(t.Context(), "main")
	if err != nil || len(list) != 2 {
		t.Fatalf("%+v, %v", list, err)
	}
	if pr := list[0]; !pr.Draft || pr.Fork || strings.ContainsAny(pr.Title, "\n\x1b") || len([]rune(pr.Title)) > 300 {
		t.Errorf("%+v", pr)
	}
	if pr := list[1]; !pr.Fork || pr.HeadRef != "refs/merge-requests/2/head" {
		t.Errorf("%+v", pr)
	}
}

// TestRefs: a status names the ref of its commit, without which GitLab does not find the head of a fork.
func TestRefs(t *testing.T) {
	s := gitlabtest.New(t)
	f := forge(t, s, Options{})
	plain, fork, merged := s.Open("main"), s.OpenFork(), s.Open("main")
	commit := s.Merge(merged)
	want := map[string]string{commit: "main"}
	for number, ref := range map[int]string{plain: "change-1", fork: "refs/merge-requests/2/head", merged: "change-3"} {
		pr, err := f.PullRequest(t.Context(), number)
		if err != nil {
			t.Fatal(err)
		}
		want[pr.Head] = ref
	}
	for commit, ref := range want {
		status := review.CommitStatus{Context: "syncer/demo/plan", State: review.Success}
		if err := f.SetStatus(t.Context(), commit, status); err != nil {
			t.Fatal(err)
		}
		s.Do(func() {
			if got := s.Status[commit][0].Ref; got != ref {
				t.Errorf("ref %q, want %q", got, ref)
			}
		})
	}
}

// TestPendingWords: GitLab refuses a second pending status. New words come through once; the state stays true.
func TestPendingWords(t *testing.T) {
	s := gitlabtest.New(t)
	head, f := s.Push(s.Open("main")), forge(t, s, Options{})
	set := func(f *Forge, state review.State, words string) review.CommitStatus {
		t.Helper()
		status := review.CommitStatus{Context: "syncer/demo/ready", State: state, Description: words}
		if err := f.SetStatus(t.Context(), head, status); err != nil {
			t.Fatal(err)
		}
		return s.Statuses(head)[status.Context]
	}
	for _, step := range []struct {
		state       review.State
		words, want string
	}{
		{review.Pending, "waiting", "waiting"},
		{review.Pending, "pool is created", "pool is created"},
		{review.Pending, "model is loaded", "pool is created"},
		{review.Success, "ready", "ready"},
		{review.Pending, "again", "again"},
		{review.Failure, "failed", "failed"},
		{review.Trouble, "the server is down", "the server is down"},
	} {
		if got := set(f, step.state, step.words); got.State != step.state || got.Description != step.want {
			t.Errorf("%s, %q: %+v", step.state, step.words, got)
		}
		writes := s.Writes()
		if set(f, step.state, step.words); s.Writes() != writes {
			t.Errorf("%s, %q: %d writes for the same", step.state, step.words, s.Writes()-writes)
		}
	}
	if err := f.SetStatus(t.Context(), head, review.CommitStatus{Context: "x", State: "unheard of"}); err == nil {
		t.Error("a state that there is not was accepted")
	}
}

func TestNew(t *testing.T) {
	for address, want := range map[string]string{
		"":                                  "https://gitlab.com/api/v4/ https://gitlab.com/team/models",
		"https://git.example.com/":          "https://git.example.com/api/v4/ https://git.example.com/team/models",
		"https://git.example.com/api/v4":    "https://git.example.com/api/v4/ https://git.example.com/team/models",
		"https://git.example.com/x/api/v4/": "https://git.example.com/x/api/v4/ https://git.example.com/x/team/models",
	} {
		f, err := New(Options{URL: address, Repository: "/team/models/", Token: token})
		if err != nil {
			t.Fatal(err)
		}
		if got := f.sdk.BaseURL().String() + " " + f.web; got != want {
			t.Errorf("%q: %s, want %s", address, got, want)
		}
	}
	for _, o := range []Options{
		{Repository: "team/models"},
		{Repository: "models", Token: token},
		{Repository: "team//models", Token: token},
		{Repository: "team/models?x", Token: token},
		{Repository: "team/models", Token: token, URL: "http://git.example.com"},
	} {
		if _, err := New(o); err == nil {
			t.Errorf("%+v is accepted", o)
		}
	}
}
