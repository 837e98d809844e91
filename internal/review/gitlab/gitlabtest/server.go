// SPDX-License-Identifier: Apache-2.0

package gitlabtest

import (
	_ "embed"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"

	"syncer.dev/syncer/internal/review/reviewtest/emulator"
)

//go:embed testdata/openapi.yaml
var description []byte

var described = sync.OnceValues(func() (*emulator.Description, error) { return emulator.Describe(description) })

// Project is the path of the project.
const Project = "team/serving/models"

// Server is GitLab with one project. The knobs are those of the embedded emulator.Repository.
type Server struct {
	*emulator.Repository
	URL string // of the server, which has GitLab below a path

	environments []*environment
	actions      []string // quick actions that were carried out
}

// environment is an environment of the project.
type environment struct {
	id      int
	name    string
	address string
	stopped bool
}

// New starts a server, which ends with the test.
func New(t testing.TB) *Server {
	t.Helper()
	d, err := described()
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{Repository: emulator.NewRepository(t)}
	const prefix = "/gitlab" // GitLab Docs, "Install GitLab under a relative URL"
	server := httptest.NewServer(&emulator.Server{
		Repository: s.Repository, Description: d, Prefix: prefix, Handle: s.handle, Limited: s.limited,
	})
	t.Cleanup(server.Close)
	s.URL = server.URL + prefix
	return s
}

// limited answers as GitLab does (GitLab Docs, "User and IP rate limits", "Response headers").
func (s *Server) limited(w http.ResponseWriter) {
	w.Header().Set("RateLimit-Limit", "60")
	w.Header().Set("RateLimit-Remaining", "0")
	w.Header().Set("RateLimit-Reset", (&emulator.Server{Repository: s.Repository}).LimitEnd())
	w.WriteHeader(http.StatusTooManyRequests)
	_, _ = w.Write([]byte("Retry later\n"))
}

// Actions returns the quick actions that notes have carried out.
func (s *Server) Actions() (out []string) {
	s.Do(func() { out = append(out, s.actions...) })
	return out
}

func user(u emulator.User) map[string]any {
	return map[string]any{"id": u.ID, "username": u.Login, "name": u.Login, "state": "active"}
}

func number(op *emulator.Operation, name string) int {
	n, _ := strconv.Atoi(op.Params[name])
	return n
}

func text(body map[string]any, name string) string {
	v, _ := body[name].(string)
	return v
}

// handle carries out an operation.
func (s *Server) handle(op *emulator.Operation, r *http.Request, body map[string]any) (int, any) {
	if op.Name == "GET /api/v4/user" {
		return http.StatusOK, user(s.User)
	}
	if op.Params["id"] != Project {
		return http.StatusNotFound, "404 Project Not Found"
	}
	switch path := strings.TrimPrefix(op.Name, r.Method+" /api/v4/projects/{id}/"); {
	case path == "merge_requests":
		return s.mergeRequests(r)
	case path == "merge_requests/{merge_request_iid}":
		return s.mergeRequest(number(op, "merge_request_iid"))
	case strings.HasPrefix(path, "merge_requests/{noteable_id}/notes"):
		return s.note(op, body)
	case path == "repository/commits/{sha}/statuses":
		return s.statuses(op.Params["sha"], r.URL.Query().Get("name"))
	case path == "statuses/{sha}":
		return s.setStatus(op.Params["sha"], body)
	case strings.HasPrefix(path, "environments"):
		return s.environment(op, r, body)
	case strings.HasPrefix(path, "deployments"):
		return s.deployment(op, r, body)
	}
	return http.StatusNotFound, fmt.Sprintf("%s is not emulated", op.Name)
}
