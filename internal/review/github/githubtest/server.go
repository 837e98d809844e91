// SPDX-License-Identifier: Apache-2.0

package githubtest

import (
	_ "embed"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"syncer.dev/syncer/internal/review/reviewtest/emulator"
)

//go:embed testdata/openapi.json
var description []byte

var described = sync.OnceValues(func() (*emulator.Description, error) { return emulator.Describe(description) })

// Repository is the name of the repository.
const Repository = "team/models"

// Server is GitHub with one repository. The knobs are those of the embedded emulator.Repository.
type Server struct {
	*emulator.Repository
	URL string // of a GitHub Enterprise Server; its API is below /api/v3
	// Address is the network address, for clients that were told another name.
	Address string
}

// New starts a server, which ends with the test.
func New(t testing.TB) *Server {
	t.Helper()
	d, err := described()
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{Repository: emulator.NewRepository(t)}
	rest := func(prefix string) *emulator.Server {
		return &emulator.Server{
			Repository: s.Repository, Description: d, Prefix: prefix, Handle: s.handle, Limited: s.limited,
		}
	}
	mux := http.NewServeMux()
	enterprise := rest("/api/v3")
	mux.Handle("/api/v3/", enterprise)
	mux.Handle("/", rest(""))
	mux.HandleFunc("POST /api/graphql", s.graphql)
	mux.HandleFunc("POST /graphql", s.graphql)
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	s.URL, s.Address = server.URL, server.Listener.Addr().String()
	return s
}

// limited answers as GitHub does once a primary rate limit is exceeded.
func (s *Server) limited(w http.ResponseWriter) {
	w.Header().Set("X-RateLimit-Limit", "5000")
	w.Header().Set("X-RateLimit-Remaining", "0")
	w.Header().Set("X-RateLimit-Reset", (&emulator.Server{Repository: s.Repository}).LimitEnd())
	w.WriteHeader(http.StatusForbidden)
	_, _ = w.Write([]byte(`{"message":"API rate limit exceeded for user ID 11."}`))
}

// graphql answers the one query for the account of a token. The field login of User, and viewer of Query, are in
// GitHub's public schema (npm package @octokit/graphql-schema 15.26.1). OpenAPI does not describe it.
func (s *Server) graphql(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Query string `json:"query"`
	}
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil || in.Query != "query{viewer{login}}" {
		s.T.Errorf("GraphQL query %q, %v", in.Query, err)
	}
	if r.Header.Get("Authorization") != "Bearer "+emulator.Token {
		http.Error(w, `{"message":"Bad credentials"}`, http.StatusUnauthorized)
		return
	}
	answer := map[string]any{"data": map[string]any{"viewer": map[string]any{"login": s.User.Login}}}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(answer)
}

// user is the REST form of an account.
func user(u emulator.User) map[string]any {
	kind := "User"
	if u.Bot {
		kind = "Bot"
	}
	return map[string]any{"id": u.ID, "login": u.Login, "type": kind, "site_admin": false}
}

// handle carries out an operation.
func (s *Server) handle(op *emulator.Operation, r *http.Request, body map[string]any) (int, any) {
	if strings.Contains(op.Name, "{repo}") && op.Params["owner"]+"/"+op.Params["repo"] != Repository {
		return http.StatusNotFound, "Not Found"
	}
	switch op.Name {
	case "GET /user":
		if s.User.Bot {
			return http.StatusForbidden, "Resource not accessible by integration"
		}
		return http.StatusOK, user(s.User)
	case "GET /repos/{owner}/{repo}/pulls":
		return s.pulls(r)
	case "GET /repos/{owner}/{repo}/pulls/{pull_number}":
		return s.pull(op)
	case "GET /repos/{owner}/{repo}/commits/{ref}/status":
		return s.combined(op.Params["ref"])
	case "POST /repos/{owner}/{repo}/statuses/{sha}":
		return s.setStatus(op.Params["sha"], body)
	}
	if strings.Contains(op.Name, "/deployments") {
		return s.deployment(op, r, body)
	}
	return s.comment(op, body)
}
