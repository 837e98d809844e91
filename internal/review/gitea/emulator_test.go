// SPDX-License-Identifier: Apache-2.0

package gitea_test

import (
	"context"
	"crypto/sha1"
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"syncer.dev/syncer/internal/review"
	"syncer.dev/syncer/internal/review/gitea"
	"syncer.dev/syncer/internal/review/reviewtest"
	"syncer.dev/syncer/internal/review/reviewtest/openapi"
)

//go:embed testdata/gitea.json
var description []byte

// token is that of the user with the number own.
const (
	token = "0123456789abcdef0123456789abcdef01234567"
	own   = 2
	other = 1
)

// emulator is a Gitea with one repository, team/models, and a page size of 20. It is a reviewtest.Harness.
type emulator struct {
	t      *testing.T
	server *httptest.Server

	mu       sync.Mutex
	pulls    []*pull // by number - 1
	comments []*note
	statuses []status
	commits  int
	writes   int
	requests []string
	lose     int
	limit    time.Time
	fail     func(w http.ResponseWriter, r *http.Request) bool // answers in place of the emulator
}

type pull struct {
	head, target, merged string
	open, fork, draft    bool
}

type note struct {
	id, pull, user int
	body           string
}

type status struct {
	commit string
	review.CommitStatus
}

func start(t *testing.T) *emulator {
	t.Helper()
	e := &emulator{t: t}
	api, err := openapi.Load(description, "/api/v1")
	if err != nil {
		t.Fatal(err)
	}
	api.Answers = true
	// The SDK asks for pages here, and Gitea ignores that.
	api.Undocumented = map[string][]string{"GET /repos/{owner}/{repo}/issues/{index}/comments": {"page", "limit"}}
	mux := http.NewServeMux()
	const repository = "/api/v1/repos/team/models"
	mux.HandleFunc("GET /api/v1/user", func(w http.ResponseWriter, _ *http.Request) { answer(w, 200, user(own)) })
	mux.HandleFunc("GET "+repository+"/pulls", e.listPulls)
	mux.HandleFunc("GET "+repository+"/pulls/{index}", e.getPull)
	mux.HandleFunc("GET "+repository+"/issues/{index}/{id}", func(w http.ResponseWriter, r *http.Request) {
		if r.PathValue("index") == "comments" {
			e.getComment(w, r)
		} else {
			e.listComments(w, r)
		}
	})
	mux.HandleFunc("POST "+repository+"/issues/{index}/comments", e.addComment)
	mux.HandleFunc("PATCH "+repository+"/issues/comments/{id}", e.editComment)
	mux.HandleFunc("GET "+repository+"/commits/{ref}/statuses", e.listStatuses)
	mux.HandleFunc("POST "+repository+"/statuses/{sha}", e.addStatus)
	e.server = httptest.NewServer(e.front(api.Check(t, mux)))
	t.Cleanup(e.server.Close)
	return e
}

// front counts, refuses, and loses answers.
func (e *emulator) front(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		e.mu.Lock()
		e.requests = append(e.requests, r.Method+" "+r.URL.Path)
		writes := r.Method != http.MethodGet
		if writes {
			e.writes++
		}
		limit, fail := e.limit, e.fail
		lost := writes && e.lose > 0
		if lost {
			e.lose--
		}
		e.mu.Unlock()
		switch {
		case fail != nil && fail(w, r):
		case time.Now().Before(limit):
			w.Header().Set("Retry-After", strconv.Itoa(int(time.Until(limit).Seconds())))
			answer(w, http.StatusTooManyRequests, map[string]any{"message": "slow down"})
		case r.Header.Get("Authorization") != "Bearer "+token:
			answer(w, http.StatusUnauthorized, map[string]any{"message": "token is required"})
		case lost:
			next.ServeHTTP(httptest.NewRecorder(), r)
			http.Error(w, "bad gateway", http.StatusBadGateway)
		default:
			next.ServeHTTP(w, r)
		}
	})
}

func answer(w http.ResponseWriter, code int, v any) {
	w.Header().Set("Content-Type", "application/json;charset=utf-8")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(v)
}

func user(id int) map[string]any {
	return map[string]any{"id": id, "login": fmt.Sprintf("user%d", id)}
}

func (e *emulator) show(number int) map[string]any {
	p := e.pulls[number-1]
	head := map[string]any{"label": "topic", "ref": "topic", "sha": p.head, "repo_id": 7}
	if p.fork {
		head["repo_id"] = 8
	}
	state := "open"
	if !p.open {
		state = "closed"
	}
	out := map[string]any{
		"id": 100 + number, "number": number, "title": fmt.Sprintf("change %d", number), "state": state, "draft": p.draft,
		"html_url": fmt.Sprintf("%s/team/models/pulls/%d", e.server.URL, number), "head": head,
		"base":   map[string]any{"label": p.target, "ref": p.target, "sha": strings.Repeat("a", 40), "repo_id": 7},
		"merged": p.merged != "",
	}
	if p.merged != "" {
		out["merge_commit_sha"] = p.merged
	}
	return out
}

// page cuts a list as Gitea does, and says whether there is more.
func (e *emulator) page(w http.ResponseWriter, r *http.Request, list []map[string]any) {
	number, _ := strconv.Atoi(r.FormValue("page"))
	size, _ := strconv.Atoi(r.FormValue("limit"))
	size = min(size, 20)
	from, to := min((number-1)*size, len(list)), min(number*size, len(list))
	w.Header().Set("X-Total-Count", strconv.Itoa(len(list)))
	if to < len(list) {
		w.Header().Set("Link", fmt.Sprintf(`<%s%s?page=%d>; rel="next",<%s%s?page=9>; rel="last"`,
			e.server.URL, r.URL.Path, number+1, e.server.URL, r.URL.Path))
	}
	answer(w, 200, append([]map[string]any{}, list[from:to]...))
}

func (e *emulator) listPulls(w http.ResponseWriter, r *http.Request) {
	e.mu.Lock()
	defer e.mu.Unlock()
	list := []map[string]any{}
	for i, p := range e.pulls {
		if p.open || r.FormValue("state") != "open" {
			list = append(list, e.show(i+1))
		}
	}
	e.page(w, r, list)
}

// number returns the pull request of a path, or 0 after an answer.
func (e *emulator) number(w http.ResponseWriter, r *http.Request) int {
	n, _ := strconv.Atoi(r.PathValue("index"))
	if n < 1 || n > len(e.pulls) {
		answer(w, 404, map[string]any{"message": "pull request does not exist", "errors": []string{}})
		return 0
	}
	return n
}

func (e *emulator) getPull(w http.ResponseWriter, r *http.Request) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if n := e.number(w, r); n > 0 {
		answer(w, 200, e.show(n))
	}
}

func (e *emulator) showComment(c *note) map[string]any {
	return map[string]any{
		"id": c.id, "user": user(c.user), "body": c.body, "created_at": "2026-01-02T03:04:05Z",
		"html_url": fmt.Sprintf("%s/team/models/pulls/%d#issuecomment-%d", e.server.URL, c.pull, c.id),
	}
}

func (e *emulator) listComments(w http.ResponseWriter, r *http.Request) {
	e.mu.Lock()
	defer e.mu.Unlock()
	list := []map[string]any{}
	if n := e.number(w, r); n > 0 {
		for _, c := range e.comments {
			if c.pull == n {
				list = append(list, e.showComment(c))
			}
		}
		answer(w, 200, list)
	}
}

func (e *emulator) add(number, user int, body string) *note {
	c := &note{id: 1, pull: number, user: user, body: body}
	if n := len(e.comments); n > 0 {
		c.id = e.comments[n-1].id + 1
	}
	e.comments = append(e.comments, c)
	return c
}

func (e *emulator) addComment(w http.ResponseWriter, r *http.Request) {
	e.mu.Lock()
	defer e.mu.Unlock()
	var form struct{ Body string }
	_ = json.NewDecoder(r.Body).Decode(&form)
	if n := e.number(w, r); n > 0 {
		answer(w, 201, e.showComment(e.add(n, own, form.Body)))
	}
}

func (e *emulator) comment(w http.ResponseWriter, r *http.Request) *note {
	i := slices.IndexFunc(e.comments, func(c *note) bool { return strconv.Itoa(c.id) == r.PathValue("id") })
	if i < 0 {
		answer(w, 404, map[string]any{"message": "comment does not exist", "errors": []string{}})
		return nil
	}
	return e.comments[i]
}

func (e *emulator) getComment(w http.ResponseWriter, r *http.Request) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if c := e.comment(w, r); c != nil {
		answer(w, 200, e.showComment(c))
	}
}

func (e *emulator) editComment(w http.ResponseWriter, r *http.Request) {
	e.mu.Lock()
	defer e.mu.Unlock()
	var form struct{ Body string }
	_ = json.NewDecoder(r.Body).Decode(&form)
	c := e.comment(w, r)
	switch {
	case c == nil:
	case c.user != own:
		answer(w, 403, map[string]any{"message": "not your comment"})
	default:
		c.body = form.Body
		answer(w, 200, e.showComment(c))
	}
}

func (e *emulator) listStatuses(w http.ResponseWriter, r *http.Request) {
	e.mu.Lock()
	defer e.mu.Unlock()
	list := []map[string]any{}
	for i, s := range e.statuses {
		if s.commit == r.PathValue("ref") {
			list = append(list, showStatus(i, s.CommitStatus))
		}
	}
	e.page(w, r, list)
}

func showStatus(i int, s review.CommitStatus) map[string]any {
	return map[string]any{
		"id": i + 1, "status": s.State, "context": s.Context, "description": s.Description, "target_url": s.URL,
	}
}

func (e *emulator) addStatus(w http.ResponseWriter, r *http.Request) {
	e.mu.Lock()
	defer e.mu.Unlock()
	var form struct {
		State                review.State
		Context, Description string
		TargetURL            string `json:"target_url"`
	}
	_ = json.NewDecoder(r.Body).Decode(&form)
	s := review.CommitStatus{
		Context: form.Context, State: form.State, Description: form.Description, URL: form.TargetURL,
	}
	e.statuses = append(e.statuses, status{r.PathValue("sha"), s})
	answer(w, 201, showStatus(len(e.statuses)-1, s))
}

func (e *emulator) commit() string {
	e.commits++
	sum := sha1.Sum(fmt.Append(nil, e.commits))
	return hex.EncodeToString(sum[:])
}

// forge returns the adapter with a change of its options.
func (e *emulator) forge(edit func(*gitea.Options)) *gitea.Forge {
	e.t.Helper()
	o := gitea.Options{
		URL: e.server.URL, Repository: "team/models",
		Token: func(context.Context) (string, error) { return token, nil },
	}
	if edit != nil {
		edit(&o)
	}
	f, err := gitea.New(o)
	if err != nil {
		e.t.Fatal(err)
	}
	return f
}

func (e *emulator) Forge() review.Forge { return e.forge(nil) }

func (e *emulator) open(p pull) int {
	e.mu.Lock()
	defer e.mu.Unlock()
	p.head, p.open = e.commit(), true
	e.pulls = append(e.pulls, &p)
	return len(e.pulls)
}

func (e *emulator) Open(target string) int { return e.open(pull{target: target}) }
func (e *emulator) OpenFork() int          { return e.open(pull{target: "main", fork: true}) }

// change changes a pull request.
func (e *emulator) change(number int, f func(p *pull)) {
	e.mu.Lock()
	defer e.mu.Unlock()
	f(e.pulls[number-1])
}

func (e *emulator) Push(number int) (head string) {
	e.change(number, func(p *pull) { p.head = e.commit(); head = p.head })
	return head
}

func (e *emulator) Close(number int) { e.change(number, func(p *pull) { p.open = false }) }

func (e *emulator) Merge(number int) (commit string) {
	e.change(number, func(p *pull) { p.open, p.merged = false, e.commit(); commit = p.merged })
	return commit
}

func (e *emulator) CommentAs(number int, body string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.add(number, other, body)
}

func (e *emulator) DeleteComments(number int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.comments = slices.DeleteFunc(e.comments, func(c *note) bool { return c.pull == number && c.user == own })
}

func (e *emulator) Comments(number int) (out []reviewtest.Comment) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, c := range e.comments {
		if c.pull == number {
			out = append(out, reviewtest.Comment{Own: c.user == own, Body: c.body})
		}
	}
	return out
}

func (e *emulator) Statuses(commit string) map[string]review.CommitStatus {
	e.mu.Lock()
	defer e.mu.Unlock()
	out := map[string]review.CommitStatus{}
	for _, s := range e.statuses {
		if s.commit == commit {
			out[s.Context] = s.CommitStatus
		}
	}
	return out
}

func (e *emulator) Writes() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.writes
}

func (e *emulator) Limit(until time.Time) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.limit = until
}

func (e *emulator) LoseAnswers(n int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.lose = n
}

// log returns the requests since the last call.
func (e *emulator) log() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	out := e.requests
	e.requests = nil
	return out
}

// failWith answers all requests with f, as long as that is true.
func (e *emulator) failWith(f func(w http.ResponseWriter, r *http.Request) bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.fail = f
}
