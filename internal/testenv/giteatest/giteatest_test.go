// SPDX-License-Identifier: Apache-2.0

package giteatest_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"syncer.dev/syncer/internal/git/gittest"
	"syncer.dev/syncer/internal/testenv"
	"syncer.dev/syncer/internal/testenv/giteatest"
)

// models makes a user with a repository that has one commit.
func models(t *testing.T, s *giteatest.Server) (*giteatest.User, *giteatest.Repository) {
	t.Helper()
	alice := s.User("alice")
	r := alice.Repository("models")
	r.Commit(map[string]string{"README.md": "models\n"}, "first")
	r.Push(gittest.Main)
	return alice, r
}

// propose pushes a branch with one commit, and opens a pull request.
func propose(r *giteatest.Repository, branch string) (number int, head string) {
	r.Pull(gittest.Main)
	r.Git("branch", branch, gittest.Main)
	r.CommitTo(branch, map[string]string{branch: "x\n"}, "change "+branch)
	head = r.Push(branch)
	number = r.Open(r.Owner(), branch, gittest.Main, "Change "+branch)
	r.AwaitHead(number, head)
	return number, head
}

// TestGiteaPullRequests merges in each manner, and closes one without a merge.
func TestGiteaPullRequests(t *testing.T) {
	alice, r := models(t, giteatest.Start(t))
	for _, style := range []string{"merge", "squash", "rebase"} {
		number, head := propose(r, style)
		if pr := r.PullRequest(number); pr.State != "open" || pr.Merged || pr.Head.SHA != head {
			t.Errorf("%s: %+v", style, pr)
		}
		commit := r.Merge(number, style)
		if tip := r.Pull(gittest.Main); tip != commit {
			t.Errorf("%s: main is at %s, and the pull request was merged as %s", style, tip, commit)
		}
		if !slices.Contains(r.Files(gittest.Main), style) {
			t.Errorf("%s: files %v", style, r.Files(gittest.Main))
		}
	}
	number, _ := propose(r, "closed")
	r.Close(number)
	if pr := r.PullRequest(number); pr.State != "closed" || pr.Merged {
		t.Errorf("%+v", pr)
	}
	r.Comment(alice, number, "no")
	if c := r.Comments(number); len(c) != 1 || c[0].Body != "no" || c[0].User.Login != "alice" {
		t.Errorf("%+v", c)
	}
}

// TestGiteaFork opens a pull request of a user who may not write.
func TestGiteaFork(t *testing.T) {
	s := giteatest.Start(t)
	_, r := models(t, s)
	bob := s.User("bob")
	fork := r.Fork(bob)
	fork.Git("branch", "idea", gittest.Main)
	fork.CommitTo("idea", map[string]string{"idea": "x\n"}, "an idea")
	head := fork.Push("idea")
	number := r.Open(bob, "bob:idea", gittest.Main, "An idea")
	r.AwaitHead(number, head)
	if got := r.Git("ls-remote", r.URL(), "refs/pull/1/head"); !strings.HasPrefix(got, head) {
		t.Errorf("the repository of the target has %q, want %s", got, head)
	}
}

// TestGiteaHook hears of a pull request, with a signature.
func TestGiteaHook(t *testing.T) {
	_, r := models(t, giteatest.Start(t))
	type delivery struct {
		event, signature string
		body             []byte
	}
	heard := make(chan delivery, 10)
	ears := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, q *http.Request) {
		body, _ := io.ReadAll(q.Body)
		heard <- delivery{q.Header.Get("X-Gitea-Event"), q.Header.Get("X-Gitea-Signature"), body}
	}))
	defer ears.Close()
	r.Hook(ears.URL, "secret", "pull_request")
	propose(r, "topic")
	ctx, cancel := testenv.Context(t)
	defer cancel()
	select {
	case d := <-heard:
		mac := hmac.New(sha256.New, []byte("secret"))
		mac.Write(d.body)
		if d.event != "pull_request" || d.signature != hex.EncodeToString(mac.Sum(nil)) {
			t.Errorf("event %q, signature %q", d.event, d.signature)
		}
	case <-ctx.Done():
		t.Fatalf("no webhook")
	}
}

// TestGiteaFront counts, and brings faults.
func TestGiteaFront(t *testing.T) {
	s := giteatest.Start(t)
	front := s.Front()
	get := func() *http.Response {
		t.Helper()
		resp, err := http.Get(front.URL + "/api/v1/version")
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		return resp
	}
	post := func() int {
		t.Helper()
		resp, err := http.Post(front.URL+"/api/v1/markdown/raw", "text/plain", strings.NewReader("**x**"))
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		return resp.StatusCode
	}
	if code := get().StatusCode; code != http.StatusOK {
		t.Errorf("version: %d", code)
	}
	front.LoseAnswers(1)
	if lost, kept := post(), post(); lost != http.StatusBadGateway || kept == http.StatusBadGateway {
		t.Errorf("a lost answer %d, then %d", lost, kept)
	}
	front.Limit(time.Now().Add(time.Hour))
	if resp := get(); resp.StatusCode != http.StatusTooManyRequests || resp.Header.Get("Retry-After") != "3600" {
		t.Errorf("%d, Retry-After %q", resp.StatusCode, resp.Header.Get("Retry-After"))
	}
	if reads, writes := front.Requests(); reads != 2 || writes != 2 {
		t.Errorf("%d reads, %d writes", reads, writes)
	}
}

// TestText reads what a browser shows.
func TestText(t *testing.T) {
	const page = `<h3>Plan</h3>
<p>a &lt; <code>b</code><br/>c</p>
<table><thead><tr><th>name</th><th>cost</th></tr></thead>
<tbody><tr><td>phi</td>
<td>3.67</td></tr></tbody></table>
<details><summary>phi: 1 object</summary><details><summary>inner</summary><p>x</p></details><pre>+ a</pre></details>
<details open=""><summary>gone</summary><ul><li>one</li></ul></details>`
	const want = "Plan\na < b\nc\nname  cost\nphi  3.67\n▸ phi: 1 object\ngone\none"
	if got := giteatest.Text(page); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
