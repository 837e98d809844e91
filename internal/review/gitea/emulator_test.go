// SPDX-License-Identifier: Apache-2.0

package gitea_test

import (
	"context"
	_ "embed"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"syncer.dev/syncer/internal/review"
	"syncer.dev/syncer/internal/review/gitea"
	"syncer.dev/syncer/internal/review/reviewtest/emulator"
)

//go:embed testdata/openapi.json
var description []byte

// server is a Gitea with one repository, team/models, and a page size of 20. It is a reviewtest.Harness.
type server struct {
	*emulator.Server
	web *httptest.Server
}

func start(t *testing.T) *server {
	t.Helper()
	d, err := emulator.Describe(description)
	if err != nil {
		t.Fatal(err)
	}
	s := &server{}
	s.Server = &emulator.Server{
		Repository: emulator.NewRepository(t), Description: d, Prefix: "/api/v1", Handle: s.handle,
	}
	s.Limited = func(w http.ResponseWriter) { // as a proxy does it
		end, _ := strconv.ParseInt(s.LimitEnd(), 10, 64)
		w.Header().Set("Retry-After", time.Unix(end, 0).UTC().Format(http.TimeFormat))
		w.WriteHeader(http.StatusTooManyRequests)
		fmt.Fprint(w, "<html>slow down</html>")
	}
	s.WithoutTags() // Gitea has none
	s.web = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/comments") {
			r.URL.RawQuery = "" // the SDK asks for a page, and Gitea ignores that
		}
		s.ServeHTTP(w, r)
	}))
	t.Cleanup(s.web.Close)
	return s
}

func user(u emulator.User) map[string]any { return map[string]any{"id": u.ID, "login": u.Login} }

// handle answers an operation.
func (s *server) handle(op *emulator.Operation, r *http.Request, body map[string]any) (int, any) {
	if op.Name == "GET /user" {
		return http.StatusOK, user(s.User)
	}
	if op.Params["owner"] != "team" || op.Params["repo"] != "models" {
		return http.StatusNotFound, "The target couldn't be found."
	}
	number, _ := strconv.Atoi(op.Params["index"])
	p := s.Find(number)
	switch _, path, _ := strings.Cut(op.Name, "{repo}"); {
	case path == "/pulls":
		out := []map[string]any{}
		for _, p := range s.Pulls {
			if o := s.show(p); o["state"] == r.URL.Query().Get("state") {
				out = append(out, o)
			}
		}
		return http.StatusOK, out
	case path == "/issues/comments/{id}":
		return s.comment(op.Params["id"], body)
	case path == "/commits/{ref}/statuses":
		out := []map[string]any{}
		for i, o := range s.Status[op.Params["ref"]] {
			out = append(out, showStatus(i, o))
		}
		return http.StatusOK, out
	case path == "/statuses/{sha}":
		return s.addStatus(op.Params["sha"], body)
	case p == nil:
		return http.StatusNotFound, "pull request does not exist"
	case path == "/pulls/{index}":
		return http.StatusOK, s.show(p)
	}
	if body != nil {
		text, _ := body["body"].(string)
		c := emulator.Comment{ID: s.ID(), Author: s.User, Body: text}
		p.Comments = append(p.Comments, c)
		return http.StatusCreated, s.showComment(p, c)
	}
	out := []any{} // no pages
	for _, c := range p.Comments {
		out = append(out, s.showComment(p, c))
	}
	return http.StatusOK, out
}

func (s *server) show(p *emulator.Pull) map[string]any {
	head := map[string]any{"label": p.Source, "ref": p.Source, "sha": p.Head, "repo_id": 7}
	switch {
	case p.Gone:
		head["repo_id"] = -1
	case p.Fork:
		head["repo_id"] = 8
	}
	out := map[string]any{
		"id": 100 + p.Number, "number": p.Number, "title": p.Title, "state": "open", "draft": p.Draft, "head": head,
		"html_url": fmt.Sprintf("%s/team/models/pulls/%d", s.web.URL, p.Number), "merged": p.Merged != "",
		"base": map[string]any{"label": p.Target, "ref": p.Target, "sha": strings.Repeat("a", 40), "repo_id": 7},
	}
	if !p.Open {
		out["state"] = "closed"
	}
	if p.Merged != "" {
		out["merge_commit_sha"] = p.Merged
	}
	return out
}

func (s *server) showComment(p *emulator.Pull, c emulator.Comment) map[string]any {
	return map[string]any{
		"id": c.ID, "user": user(c.Author), "body": c.Body, "created_at": "2026-01-02T03:04:05Z",
		"html_url": fmt.Sprintf("%s/team/models/pulls/%d#issuecomment-%d", s.web.URL, p.Number, c.ID),
	}
}

// comment reads or edits a comment.
func (s *server) comment(id string, body map[string]any) (int, any) {
	for _, p := range s.Pulls {
		i := slices.IndexFunc(p.Comments, func(c emulator.Comment) bool { return strconv.Itoa(c.ID) == id })
		if i < 0 {
			continue
		}
		c := &p.Comments[i]
		if body != nil {
			if c.Author != s.User {
				return http.StatusForbidden, "not your comment"
			}
			c.Body, _ = body["body"].(string)
		}
		return http.StatusOK, s.showComment(p, *c)
	}
	return http.StatusNotFound, "comment does not exist"
}

func showStatus(i int, o emulator.Status) map[string]any {
	return map[string]any{
		"id": i + 1, "status": o.State, "context": o.Context, "description": o.Description, "target_url": o.URL,
	}
}

func (s *server) addStatus(commit string, body map[string]any) (int, any) {
	text := func(name string) string { v, _ := body[name].(string); return v }
	o := emulator.Status{
		Context: text("context"), State: text("state"), Description: text("description"), URL: text("target_url"),
	}
	s.Status[commit] = append(s.Status[commit], o)
	return http.StatusCreated, showStatus(len(s.Status[commit])-1, o)
}

// forge returns the adapter with a change of its options.
func (s *server) forge(edit func(*gitea.Options)) *gitea.Forge {
	s.T.Helper()
	o := gitea.Options{
		URL: s.web.URL, Repository: "team/models",
		Token: func(context.Context) (string, error) { return emulator.Token, nil },
	}
	if edit != nil {
		edit(&o)
	}
	f, err := gitea.New(o)
	if err != nil {
		s.T.Fatal(err)
	}
	return f
}

func (s *server) Forge() review.Forge { return s.forge(nil) }

// Statuses implements reviewtest.Harness.
func (s *server) Statuses(commit string) map[string]review.CommitStatus {
	out := map[string]review.CommitStatus{}
	s.Do(func() {
		for _, o := range s.Latest(commit) {
			out[o.Context] = review.CommitStatus{
				Context: o.Context, State: review.State(o.State), Description: o.Description, URL: o.URL,
			}
		}
	})
	return out
}
