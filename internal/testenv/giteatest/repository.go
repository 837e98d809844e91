// SPDX-License-Identifier: Apache-2.0

package giteatest

import (
	"fmt"
	"net/http"
	"path/filepath"
	"strings"

	"syncer.dev/syncer/internal/git/gittest"
)

// A Repository is a repository on the server, with a local one from which a test pushes: Commit writes to the local
// one, Push brings its branch to the server.
type Repository struct {
	*gittest.Repo
	Name string

	owner *User
}

// Repository makes an empty repository of the user.
func (u *User) Repository(name string) *Repository {
	u.server.t.Helper()
	u.Call(http.MethodPost, "/user/repos", object{"name": name, "default_branch": gittest.Main}, nil)
	return &Repository{Repo: gittest.NewRepo(u.server.t), Name: name, owner: u}
}

// On returns the repository for a subtest, whose failures belong to t.
func (r *Repository) On(t T) *Repository {
	on := *r
	on.owner = r.owner.On(t)
	return &on
}

// Owner returns the user whose repository it is.
func (r *Repository) Owner() *User { return r.owner }

// Path is OWNER/NAME.
func (r *Repository) Path() string { return r.owner.Name + "/" + r.Name }

// URL is the address to clone from, without credentials.
func (r *Repository) URL() string { return r.owner.server.URL + "/" + r.Path() + ".git" }

// Stored is the folder in which the server keeps the repository. Tests read it.
func (r *Repository) Stored() string {
	return filepath.Join(r.owner.server.dir, "repositories", r.owner.Name, r.Name+".git")
}

func (r *Repository) api(format string, args ...any) string {
	return "/repos/" + r.Path() + fmt.Sprintf(format, args...)
}

// withToken is the URL with the credentials of a user.
func (r *Repository) withToken(u *User) string {
	return strings.Replace(r.URL(), "http://", "http://"+u.Name+":"+u.Token+"@", 1)
}

// Push pushes a branch of the local repository with stock git, and returns its commit when the API knows it.
func (r *Repository) Push(branch string) (commit string) {
	t := r.owner.server.t
	t.Helper()
	r.Git("push", "--quiet", "--force", r.withToken(r.owner), branch+":"+branch)
	commit = r.Head(branch)
	r.await(branch, commit)
	return commit
}

// await waits until the API shows a commit as the tip of a branch.
func (r *Repository) await(branch, commit string) {
	r.owner.server.t.Helper()
	r.eventually("branch "+branch, func() string {
		var b struct{ Commit struct{ ID string } }
		if err := r.get(r.api("/branches/%s", branch), &b); err != nil {
			return err.Error()
		}
		if b.Commit.ID != commit {
			return fmt.Sprintf("it is at %s, not at %s", b.Commit.ID, commit)
		}
		return ""
	})
}

func (r *Repository) eventually(what string, ok func() string) {
	r.owner.server.t.Helper()
	r.owner.server.eventually(r.Path()+": "+what, ok)
}

// get is Call of the owner with an error.
func (r *Repository) get(path string, out any) error {
	ctx, cancel := r.owner.server.context()
	defer cancel()
	return r.owner.call(ctx, http.MethodGet, path, nil, out)
}

// Pull brings a branch from the server to the local repository.
func (r *Repository) Pull(branch string) (commit string) {
	r.owner.server.t.Helper()
	r.Git("fetch", "--quiet", r.withToken(r.owner), "+refs/heads/"+branch+":refs/heads/"+branch)
	return r.Head(branch)
}

// Fork makes a fork of the repository that belongs to u.
func (r *Repository) Fork(u *User) *Repository {
	r.owner.server.t.Helper()
	u.Call(http.MethodPost, r.api("/forks"), object{}, nil)
	f := &Repository{Repo: gittest.NewRepo(u.server.t), Name: r.Name, owner: u}
	f.eventually("fork", func() string {
		var b struct{ Commit struct{ ID string } }
		if err := f.get(f.api("/branches/%s", gittest.Main), &b); err != nil {
			return err.Error()
		}
		return ""
	})
	f.Pull(gittest.Main)
	return f
}

// Admit lets another user write to the repository.
func (r *Repository) Admit(u *User) {
	r.owner.server.t.Helper()
	r.owner.Call(http.MethodPut, r.api("/collaborators/%s", u.Name), object{"permission": "write"}, nil)
}

// Hook sends events, such as "pull_request" and "push", to a URL on loopback.
func (r *Repository) Hook(url, secret string, events ...string) {
	r.owner.server.t.Helper()
	r.owner.Call(http.MethodPost, r.api("/hooks"), object{
		"type": "gitea", "active": true, "events": events,
		"config": map[string]string{"url": url, "content_type": "json", "secret": secret},
	}, nil)
}

// A Status is the status of a commit, as people see it beside the commit.
type Status struct {
	Context     string
	State       string `json:"status"`
	Description string
	URL         string `json:"target_url"`
}

// Statuses returns the last status of a commit for each context.
func (r *Repository) Statuses(commit string) map[string]Status {
	r.owner.server.t.Helper()
	var combined struct{ Statuses []Status }
	r.owner.Call(http.MethodGet, r.api("/commits/%s/status?limit=50", commit), nil, &combined)
	out := map[string]Status{}
	for _, s := range combined.Statuses {
		out[s.Context] = s
	}
	return out
}

// StatusHistory returns the states of a commit for a context, oldest first.
func (r *Repository) StatusHistory(commit, context string) []string {
	r.owner.server.t.Helper()
	var list []Status
	r.owner.Call(http.MethodGet, r.api("/commits/%s/statuses?sort=oldest&limit=50", commit), nil, &list)
	var out []string
	for _, s := range list {
		if s.Context == context {
			out = append(out, s.State)
		}
	}
	return out
}
