// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"syncer.dev/syncer/internal/git/gittest"
	"syncer.dev/syncer/internal/status"
	"syncer.dev/syncer/internal/testenv/giteatest"
)

// forge is a repository on a real Gitea, beside everything else that syncer talks to.
type forge struct {
	*env
	models *giteatest.Repository
	author *giteatest.User
	bot    *giteatest.User // whose token syncer has
	front  *giteatest.Front
}

const (
	planStatus  = "syncer/" + clusterName + "/plan"
	readyStatus = "syncer/" + clusterName + "/ready"
)

// setupForge starts everything. Extra lines of the configuration come from configure.
func setupForge(t *testing.T) *forge {
	t.Helper()
	server := giteatest.Start(t)
	f := &forge{env: setup(t), author: server.User("author"), bot: server.User("bot"), front: server.Front()}
	f.models = f.author.Repository("models")
	f.models.Admit(f.bot)
	f.models.Commit(map[string]string{"workspaces/phi.yaml": inference("phi", "phi-4-mini-instruct")}, "serve phi")
	f.models.Push(gittest.Main)
	f.recorded = f.models.Stored()
	f.configure("review: {interval: 1s, forge: gitea, tokenFile: %TOKEN%}")
	return f
}

// configure points the configuration at the forge, with its settings for reviews. %TOKEN% is the file with the token.
func (f *forge) configure(settings string) {
	f.Helper()
	dir := filepath.Dir(f.config)
	token := filepath.Join(dir, "token")
	write(f.T, token, f.bot.Token)
	data, err := os.ReadFile(f.config)
	if err != nil {
		f.Fatal(err)
	}
	text, _, _ := strings.Cut(string(data), "review:")
	address, err := url.JoinPath(f.front.URL, f.models.Path()+".git")
	if err != nil {
		f.Fatal(err)
	}
	text = regexp.MustCompile(`(?m)^source: .*$`).ReplaceAllLiteralString(text, fmt.Sprintf(
		"source: {url: %q, path: workspaces, branch: main, interval: 1s, auth: {username: %s, passwordFile: %q}}",
		address, f.bot.Name, token))
	settings = strings.ReplaceAll(settings, "%TOKEN%", fmt.Sprintf("%q, url: %q", token, f.front.URL))
	write(f.T, f.config, text+settings+"\n")
}

func (f *forge) on(t *testing.T) *forge {
	on := *f
	on.env, on.models, on.author, on.bot = f.env.on(t), f.models.On(t), f.author.On(t), f.bot.On(t)
	return &on
}

// propose opens a pull request that adds a Workspace, and returns its number and head.
func (f *forge) propose(name string) (number int, head string) {
	f.Helper()
	f.models.Pull(gittest.Main)
	f.models.Git("branch", "--force", name, gittest.Main)
	f.models.CommitTo(name, workspaceFile(name), "serve "+name)
	head = f.models.Push(name)
	number = f.models.Open(f.author, name, gittest.Main, "Serve "+name)
	f.models.AwaitHead(number, head)
	return number, head
}

func workspaceFile(name string) map[string]string {
	return map[string]string{"workspaces/" + name + ".yaml": inference(name, "phi-4-mini-instruct")}
}

// comments returns what syncer has said on a pull request.
func (f *forge) comments(number int) []giteatest.Comment {
	f.Helper()
	var out []giteatest.Comment
	for _, c := range f.models.Comments(number) {
		if c.User.Login == f.bot.Name {
			out = append(out, c)
		}
	}
	return out
}

// reviewed waits for the status of a plan, and returns the one comment, which must have all parts.
func (f *forge) reviewed(number int, head, state string, parts ...string) giteatest.Comment {
	f.Helper()
	f.awaitStatus(head, planStatus, state)
	all := f.comments(number)
	if len(all) != 1 {
		f.Fatalf("%d comments: %+v", len(all), all)
	}
	for _, part := range parts {
		if !strings.Contains(all[0].Body, part) {
			f.Errorf("the comment lacks %q:\n%s", part, all[0].Body)
		}
	}
	return all[0]
}

func (f *forge) awaitStatus(commit, context, state string) {
	f.Helper()
	f.eventually(context+" of "+commit, func() string {
		if got := f.models.Statuses(commit)[context]; got.State != state {
			return fmt.Sprintf("it is %+v, not %s", got, state)
		}
		return ""
	})
}

// TestGiteaPullRequest is the way of a change: proposed, planned, changed, merged in each manner, and ready.
func TestGiteaPullRequest(t *testing.T) {
	f := setupForge(t)
	p := f.start("run")
	f.waitState("phi", status.Ready)

	number, head := f.propose("other")
	first := f.reviewed(number, head, "success", "other", "USD")
	if history := f.models.StatusHistory(head, planStatus); len(history) != 2 || history[0] != "pending" {
		t.Errorf("states of the plan: %v, want pending first", history)
	}
	t.Run("a new head edits the comment", func(t *testing.T) { f.on(t).edits(number, first) })
	t.Run("nothing is written while nothing changes", func(t *testing.T) { f.on(t).staysQuiet() })
	t.Run("merge", func(t *testing.T) { f.on(t).merges("other", number, "merge") })
	for _, style := range []string{"squash", "rebase"} {
		t.Run(style, func(t *testing.T) {
			f := f.on(t)
			number, head := f.propose(style)
			f.reviewed(number, head, "success", style)
			f.merges(style, number, style)
		})
	}
	t.Run("fork", func(t *testing.T) { f.on(t).reviewsFork() })
	p.alive()
}

// edits pushes another commit to a pull request.
func (f *forge) edits(number int, before giteatest.Comment) {
	f.Helper()
	f.models.CommitTo("other", workspaceFile("third"), "and a third")
	head := f.models.Push("other")
	f.models.AwaitHead(number, head)
	if after := f.reviewed(number, head, "success", "other", "third"); after.ID != before.ID {
		f.Errorf("comment %d, not %d", after.ID, before.ID)
	}
}

// staysQuiet lets syncer look many times.
func (f *forge) staysQuiet() {
	f.Helper()
	reads, writes := f.front.Requests()
	commits := f.statusCommits()
	const looks = 20
	f.eventually("more requests", func() string {
		if now, _ := f.front.Requests(); now < reads+looks {
			return fmt.Sprintf("%d", now-reads)
		}
		return ""
	})
	if _, now := f.front.Requests(); now != writes {
		f.Errorf("%d writes to the forge", now-writes)
	}
	if now := f.statusCommits(); now != commits {
		f.Errorf("%s status commits, then %s", commits, now)
	}
}

// merges merges a pull request, and waits until its Workspace is ready, in the status branch and on the commit.
func (f *forge) merges(name string, number int, style string) {
	f.Helper()
	commit := f.models.Merge(number, style)
	f.waitState(name, status.Ready)
	f.awaitStatus(commit, readyStatus, "success")
	history := f.models.StatusHistory(commit, readyStatus)
	if last := len(history) - 1; last < 0 || history[last] != "success" {
		f.Errorf("states of %s: %v", readyStatus, history)
	}
	for i, state := range history {
		if state != "pending" && i < len(history)-1 {
			f.Errorf("states of %s: %v, want pending until it is ready", readyStatus, history)
		}
	}
}

// reviewsFork reviews a proposal of a user who may not write to the repository.
func (f *forge) reviewsFork() {
	f.Helper()
	guest := f.author.Server().User("guest")
	fork := f.models.Fork(guest)
	fork.Git("branch", "proposal", gittest.Main)
	fork.CommitTo("proposal", workspaceFile("foreign"), "serve foreign")
	head := fork.Push("proposal")
	number := f.models.Open(guest, guest.Name+":proposal", gittest.Main, "From a fork")
	f.models.AwaitHead(number, head)
	f.reviewed(number, head, "success", "foreign")
	f.models.Close(number)
}

var hears = regexp.MustCompile(`serving /webhook.*address=(\S+)`)

// TestGiteaWebhook runs a syncer that does not poll: only a webhook tells it of a pull request.
func TestGiteaWebhook(t *testing.T) {
	f := setupForge(t)
	secret := filepath.Join(f.TempDir(), "secret")
	write(f.T, secret, "a secret of the webhook")
	f.configure("review: {interval: 24h, forge: gitea, tokenFile: %TOKEN%, webhook: {listen: 127.0.0.1:0, secretFile: " +
		secret + "}}")
	p := f.start("run")
	address := p.webhookAddress()
	f.waitState("phi", status.Ready)
	f.models.Hook("http://"+address+"/webhook", "a secret of the webhook", "pull_request")
	number, head := f.propose("heard")
	f.reviewed(number, head, "success", "heard")
}
