// SPDX-License-Identifier: Apache-2.0

package reviewtest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"syncer.dev/syncer/internal/review"
)

// Conform tests what package review requires of a Forge. Each part gets a Harness of its own.
func Conform(t *testing.T, start func(t *testing.T) Harness) {
	for _, part := range []struct {
		name string
		test func(t *testing.T, h Harness)
	}{
		{"pull requests", pullRequests},
		{"conditional list", conditionalList},
		{"one pull request", onePullRequest},
		{"comment", comment},
		{"comments of others", commentsOfOthers},
		{"two clusters", twoClusters},
		{"many comments", manyComments},
		{"largest comment", largestComment},
		{"text of a comment", textOfComment},
		{"status", status},
		{"long description", longDescription},
		{"cancelled", cancelled},
	} {
		t.Run(part.name, func(t *testing.T) { part.test(t, start(t)) })
	}
	h := start(t)
	if l, ok := h.(Limiter); ok {
		t.Run("rate limit", func(t *testing.T) { rateLimit(t, h, l) })
	}
	if f, ok := start(t).(Forker); ok {
		h := f.(Harness)
		t.Run("fork", func(t *testing.T) { fork(t, h, f) })
	}
	if l, ok := start(t).(Loser); ok {
		h := l.(Harness)
		t.Run("lost answers", func(t *testing.T) { lostAnswers(t, h, l) })
	}
	if e, ok := start(t).(Environments); ok {
		h := e.(Harness)
		t.Run("deployments", func(t *testing.T) { deployments(t, h, e) })
	}
}

// marker returns a marker as Reviewers write it.
func marker(cluster string) string { return "<!-- syncer: " + cluster + " -->" }

func numbers(list []review.PullRequest) []int {
	out := []int{}
	for _, pr := range list {
		out = append(out, pr.Number)
	}
	return out
}

// list returns the open pull requests into main, as a new process sees them.
func list(t *testing.T, h Harness) []review.PullRequest {
	t.Helper()
	out, changed, err := h.Forge().OpenPullRequests(t.Context(), "main")
	if err != nil {
		t.Fatal(err)
	}
	if !changed && len(out) > 0 {
		t.Errorf("a list that has not changed has %d entries", len(out))
	}
	return out
}

func pullRequests(t *testing.T, h Harness) {
	if got := list(t, h); len(got) != 0 {
		t.Errorf("a new repository has pull requests %v", numbers(got))
	}
	first, other, second := h.Open("main"), h.Open("release"), h.Open("main")
	got := list(t, h)
	if diff := cmp.Diff([]int{first, second}, numbers(got)); diff != "" {
		t.Fatalf("open pull requests into main, beside %d into release (-want +got):\n%s", other, diff)
	}
	for _, pr := range got {
		if len(pr.Head) != 40 || pr.HeadRef == "" || pr.Target != "main" || !pr.Open || pr.Merged != "" || pr.Fork {
			t.Errorf("%+v", pr)
		}
		if !strings.HasPrefix(pr.URL, "http") || pr.Title == "" {
			t.Errorf("URL %q, title %q", pr.URL, pr.Title)
		}
	}
	if head := h.Push(first); list(t, h)[0].Head != head {
		t.Errorf("the head is %s, want %s", list(t, h)[0].Head, head)
	}
	h.Close(first)
	h.Merge(second)
	if got := list(t, h); len(got) != 0 {
		t.Errorf("closed and merged pull requests are listed: %v", numbers(got))
	}
}

func conditionalList(t *testing.T, h Harness) {
	number := h.Open("main")
	f := h.Forge()
	look := func() ([]review.PullRequest, bool) {
		t.Helper()
		out, changed, err := f.OpenPullRequests(t.Context(), "main")
		if err != nil {
			t.Fatal(err)
		}
		return out, changed
	}
	if out, changed := look(); !changed || len(out) != 1 {
		t.Fatalf("first list: changed %v, %v", changed, numbers(out))
	}
	if out, changed := look(); changed || len(out) != 0 {
		t.Errorf("without a change: changed %v, %v", changed, numbers(out))
	}
	head := h.Push(number)
	if out, changed := look(); !changed || len(out) != 1 || out[0].Head != head {
		t.Errorf("after a push: changed %v, %+v", changed, out)
	}
	h.Close(number)
	if out, changed := look(); !changed || len(out) != 0 {
		t.Errorf("after it was closed: changed %v, %v", changed, numbers(out))
	}
	if writes := h.Writes(); writes != 0 {
		t.Errorf("%d writes for reading", writes)
	}
}

func onePullRequest(t *testing.T, h Harness) {
	f := h.Forge()
	open, closed, merged := h.Open("main"), h.Open("main"), h.Open("main")
	h.Close(closed)
	commit := h.Merge(merged)
	for _, want := range []review.PullRequest{
		{Number: open, Open: true},
		{Number: closed},
		{Number: merged, Merged: commit},
	} {
		got, err := f.PullRequest(t.Context(), want.Number)
		if err != nil {
			t.Fatal(err)
		}
		if got.Number != want.Number || got.Open != want.Open || got.Merged != want.Merged || got.Target != "main" {
			t.Errorf("got %+v, want %+v", got, want)
		}
	}
	if _, err := f.PullRequest(t.Context(), 987654); !errors.Is(err, review.ErrNotFound) {
		t.Errorf("error %v, want ErrNotFound", err)
	}
}

// fork: a pull request from another repository says so, and its head can be fetched from this one.
func fork(t *testing.T, h Harness, f Forker) {
	plain, foreign := h.Open("main"), f.OpenFork()
	got := list(t, h)
	if diff := cmp.Diff([]int{plain, foreign}, numbers(got)); diff != "" {
		t.Fatalf("(-want +got):\n%s", diff)
	}
	one, err := h.Forge().PullRequest(t.Context(), foreign)
	if err != nil {
		t.Fatal(err)
	}
	for _, pr := range []review.PullRequest{got[1], one} {
		if !pr.Fork || !strings.HasPrefix(pr.HeadRef, "refs/") {
			t.Errorf("%+v", pr)
		}
	}
	say(t, h, h.Forge(), foreign, "demo", "plan")
	expectOwn(t, h, foreign, "plan")
}

func status(t *testing.T, h Harness) {
	number, f := h.Open("main"), h.Forge()
	head := h.Push(number)
	set := func(f review.Forge, s review.CommitStatus) int {
		t.Helper()
		before := h.Writes()
		if err := f.SetStatus(t.Context(), head, s); err != nil {
			t.Fatal(err)
		}
		return h.Writes() - before
	}
	plan := review.CommitStatus{
		Context: "syncer/demo/plan", State: review.Pending, Description: "planning", URL: "https://example.com/plan",
	}
	ready := review.CommitStatus{Context: "syncer/demo/ready", State: review.Pending, Description: "waiting"}
	for _, state := range []review.State{review.Pending, review.Success, review.Failure, review.Trouble, review.Success} {
		plan.State, plan.Description = state, "state "+string(state)
		if writes := set(f, plan); writes != 1 {
			t.Errorf("%s: %d writes", state, writes)
		}
		if got := h.Statuses(head)[plan.Context]; got.State != state || got.Description != plan.Description {
			t.Errorf("got %+v, want %+v", got, plan)
		}
	}
	set(f, ready)
	for _, forge := range []review.Forge{f, h.Forge()} {
		if writes := set(forge, plan) + set(forge, ready); writes != 0 {
			t.Errorf("%d writes for the same statuses", writes)
		}
	}
	got := h.Statuses(head)
	if len(got) != 2 || got[plan.Context].State != review.Success || got[ready.Context].State != review.Pending {
		t.Errorf("%+v", got)
	}
}

func longDescription(t *testing.T, h Harness) {
	number, f := h.Open("main"), h.Forge()
	head := h.Push(number)
	s := review.CommitStatus{
		Context: "syncer/demo/plan", State: review.Failure, Description: strings.Repeat("blocked, 模型 ", 200),
	}
	for range 2 {
		if err := f.SetStatus(t.Context(), head, s); err != nil {
			t.Fatal(err)
		}
	}
	if writes := h.Writes(); writes != 1 {
		t.Errorf("%d writes", writes)
	}
	got := h.Statuses(head)[s.Context].Description
	if n := utf8.RuneCountInString(got); n > f.Limits().Description || !utf8.ValidString(got) || n < 20 {
		t.Errorf("description of %d characters, limit %d: %q", n, f.Limits().Description, got)
	}
}

func cancelled(t *testing.T, h Harness) {
	number, f := h.Open("main"), h.Forge()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, _, err := f.OpenPullRequests(ctx, "main")
	_, second := f.Comment(ctx, number, marker("demo"), marker("demo"))
	for _, err := range []error{err, second} {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("error %v, want that of the context", err)
		}
	}
	if len(own(h, number)) > 0 {
		t.Error("a comment was written")
	}
}

func rateLimit(t *testing.T, h Harness, l Limiter) {
	number, f := h.Open("main"), h.Forge()
	until := time.Now().Add(time.Hour).Truncate(time.Second)
	l.Limit(until)
	_, _, err := f.OpenPullRequests(t.Context(), "main")
	_, second := f.Comment(t.Context(), number, marker("demo"), marker("demo")+"\nplan")
	for _, err := range []error{err, second} {
		var limit *review.LimitError
		if !errors.As(err, &limit) {
			t.Fatalf("error %v, want a LimitError", err)
		}
		// Some forges send a date, others a number of seconds from now.
		if off := limit.Until.Sub(until).Abs(); off > 10*time.Second {
			t.Errorf("until %s, want %s", limit.Until, until)
		}
	}
	if len(own(h, number)) > 0 {
		t.Error("a comment was written")
	}
}

// lostAnswers: a write whose answer is lost is not repeated as a second comment.
func lostAnswers(t *testing.T, h Harness, l Loser) {
	number, f := h.Open("main"), h.Forge()
	for i := range 3 {
		l.LoseAnswers(1)
		text := fmt.Sprintf("plan %d", i)
		if _, err := f.Comment(t.Context(), number, marker("demo"), marker("demo")+"\n"+text); err == nil {
			continue // the adapter has looked again, or tried again
		}
		say(t, h, f, number, "demo", text)
		expectOwn(t, h, number, text)
	}
	expectOwn(t, h, number, "plan 2")
	head := h.Push(number)
	s := review.CommitStatus{Context: "syncer/demo/plan", State: review.Success, Description: "no change"}
	l.LoseAnswers(1)
	if f.SetStatus(t.Context(), head, s) != nil {
		if err := f.SetStatus(t.Context(), head, s); err != nil {
			t.Error(err)
		}
	}
	if got := h.Statuses(head)[s.Context]; got.State != review.Success {
		t.Errorf("%+v", got)
	}
}

func deployments(t *testing.T, h Harness, e Environments) {
	f := h.Forge()
	d, ok := f.(review.Deployer)
	if !ok {
		t.Fatalf("%T is no Deployer", f)
	}
	commit := e.Commit()
	want := review.Deployment{Environment: "demo/default/phi-4", Commit: commit}
	for _, step := range []struct {
		state review.DeploymentState
		url   string
	}{
		{review.Queued, ""},
		{review.InProgress, ""},
		{review.Succeeded, "http://phi-4.default.svc:80"},
		{review.Failed, ""},
		{review.Succeeded, "http://phi-4.default.svc:80"},
		{review.Inactive, ""},
	} {
		want.State, want.URL, want.Description = step.state, step.url, "it is "+string(step.state)
		shown := want.State
		if c, ok := h.(Coarse); ok {
			shown = c.Shows(shown)
		}
		for _, forge := range []review.Deployer{d, d, h.Forge().(review.Deployer)} {
			before := h.Writes()
			if err := forge.Deploy(t.Context(), want); err != nil {
				t.Fatalf("%s: %v", step.state, err)
			}
			got, _ := e.Deployment(want.Environment)
			if got.State != shown || got.URL != want.URL {
				t.Errorf("got %+v, want %+v", got, want)
			}
			if forge != d && h.Writes() != before {
				t.Errorf("%s: %d writes after a restart", step.state, h.Writes()-before)
			}
		}
	}
	if _, ok := e.Deployment("demo/default/other"); ok {
		t.Error("an environment without a deployment has a state")
	}
}
