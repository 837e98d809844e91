// SPDX-License-Identifier: Apache-2.0

package gitea_test

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"time"

	"syncer.dev/syncer/internal/git/gittest"
	"syncer.dev/syncer/internal/review"
	"syncer.dev/syncer/internal/review/gitea"
	"syncer.dev/syncer/internal/review/reviewtest"
	"syncer.dev/syncer/internal/testenv/giteatest"
)

// TestGiteaConform is TestConform on a real server.
func TestGiteaConform(t *testing.T) {
	server := giteatest.Start(t)
	author, reviewer := server.User("author"), server.User("reviewer")
	count := 0
	reviewtest.Conform(t, func(t *testing.T) reviewtest.Harness {
		count++
		author, reviewer := author.On(t), reviewer.On(t)
		r := author.Repository(fmt.Sprintf("models-%d", count))
		r.Admit(reviewer)
		r.Commit(map[string]string{"README.md": "models\n"}, "first")
		r.Push(gittest.Main)
		r.Git("branch", "release", gittest.Main)
		r.Push("release")
		return &real{t: t, repository: r, author: author, reviewer: reviewer, front: server.On(t).Front()}
	})
}

// real is a repository on a real server. It is a reviewtest.Harness, and its forks and faults.
type real struct {
	t                *testing.T
	repository       *giteatest.Repository
	author, reviewer *giteatest.User
	front            *giteatest.Front
	branches         map[int]string
	commits          int
}

func (h *real) Forge() review.Forge {
	f, err := gitea.New(gitea.Options{
		URL:        h.front.URL,
		Repository: h.repository.Path(),
		Token:      func(context.Context) (string, error) { return h.reviewer.Token, nil },
		HTTP:       &http.Client{Transport: &http.Transport{DisableKeepAlives: true}},
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return f
}

// commit adds a commit to a branch of a repository, and pushes it.
func (h *real) commit(r *giteatest.Repository, branch string) string {
	h.commits++
	file := fmt.Sprintf("%s.txt", branch)
	r.CommitTo(branch, map[string]string{file: fmt.Sprintln(h.commits)}, fmt.Sprintf("change %d", h.commits))
	return r.Push(branch)
}

func (h *real) Open(target string) int {
	branch := fmt.Sprintf("topic-%d", h.commits+1)
	h.repository.Git("branch", branch, target)
	h.commit(h.repository, branch)
	number := h.repository.Open(h.author, branch, target, "change "+branch)
	if h.branches == nil {
		h.branches = map[int]string{}
	}
	h.branches[number] = branch
	return number
}

func (h *real) OpenFork() int {
	guest := h.repository.Owner().Server().User("guest")
	fork := h.repository.Fork(guest)
	fork.Git("branch", "proposal", gittest.Main)
	h.commit(fork, "proposal")
	return h.repository.Open(guest, guest.Name+":proposal", gittest.Main, "from a fork")
}

func (h *real) Push(number int) string {
	head := h.commit(h.repository, h.branches[number])
	h.repository.AwaitHead(number, head)
	return head
}

func (h *real) Close(number int) { h.repository.Close(number) }

func (h *real) Merge(number int) string { return h.repository.Merge(number, "merge") }

func (h *real) CommentAs(number int, body string) { h.repository.Comment(h.author, number, body) }

func (h *real) DeleteComments(number int) {
	for _, c := range h.repository.Comments(number) {
		if c.User.Login == h.reviewer.Name {
			h.repository.DeleteComment(c.ID)
		}
	}
}

func (h *real) Comments(number int) []reviewtest.Comment {
	var out []reviewtest.Comment
	for _, c := range h.repository.Comments(number) {
		out = append(out, reviewtest.Comment{Own: c.User.Login == h.reviewer.Name, Body: c.Body})
	}
	return out
}

func (h *real) Statuses(commit string) map[string]review.CommitStatus {
	out := map[string]review.CommitStatus{}
	for name, s := range h.repository.Statuses(commit) {
		out[name] = review.CommitStatus{
			Context: name, State: review.State(s.State), Description: s.Description, URL: s.URL,
		}
	}
	return out
}

func (h *real) Writes() int {
	_, writes := h.front.Requests()
	return writes
}

func (h *real) Limit(until time.Time) { h.front.Limit(until) }

func (h *real) LoseAnswers(n int) { h.front.LoseAnswers(n) }
