// SPDX-License-Identifier: Apache-2.0

package azuredevops_test

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"syncer.dev/syncer/internal/review"
	"syncer.dev/syncer/internal/review/azuredevops"
	"syncer.dev/syncer/internal/review/reviewtest/emulator"
)

//go:embed testdata/azuredevops.yaml
var description []byte

// service is the repository contoso/AI Models/team models on an Azure DevOps. It is a reviewtest.Harness.
type service struct {
	*emulator.Server
	web *httptest.Server

	iterations map[int][]string // heads, by number of the pull request
	threads    map[int]string   // status, by number of the thread
	options    int              // requests for the locations of resources
	locations  func([]map[string]any) any
	jwt        string // accepted as a bearer token
	slow       string // Retry-After with answers of success
}

func start(t *testing.T) *service {
	t.Helper()
	d, err := emulator.Describe(description)
	if err != nil {
		t.Fatal(err)
	}
	s := &service{iterations: map[int][]string{}, threads: map[int]string{}}
	s.Server = &emulator.Server{
		Repository: emulator.NewRepository(t), Description: d, Prefix: "/contoso", Handle: s.handle,
	}
	s.Limited = func(w http.ResponseWriter) {
		end, _ := strconv.ParseInt(s.LimitEnd(), 10, 64)
		w.Header().Set("Retry-After", strconv.Itoa(int(time.Until(time.Unix(end, 0)).Seconds())))
		w.Header().Set("X-RateLimit-Resource", "Core/UnitsOfTime")
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusTooManyRequests)
		fmt.Fprint(w, `{"message":"TF400733: The request has been canceled"}`)
	}
	s.WithoutTags() // Azure DevOps has none
	s.web = httptest.NewServer(http.HandlerFunc(s.front))
	t.Cleanup(s.web.Close)
	return s
}

// front accepts tokens as Azure DevOps does, tells where resources are, and checks the version that is asked for.
func (s *service) front(w http.ResponseWriter, r *http.Request) {
	_, password, basic := r.BasicAuth()
	bearer, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	switch {
	case basic && password == emulator.Token, bearer != "" && bearer == s.jwt:
		r.Header.Set("Authorization", "Bearer "+emulator.Token)
	default: // a page to sign in
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.WriteHeader(http.StatusNonAuthoritativeInfo)
		fmt.Fprint(w, "<html>Sign In</html>")
		return
	}
	w.Header().Set("X-TFS-Session", "1a2b3c")
	if s.slow != "" {
		w.Header().Set("Retry-After", s.slow)
	}
	if r.Method == http.MethodOptions {
		s.Do(func() { s.options++ })
		var list any = map[string]any{"count": len(resources), "value": resources}
		if s.locations != nil {
			list = s.locations(slices.Clone(resources))
		}
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		_ = json.NewEncoder(w).Encode(list)
		return
	}
	if !strings.Contains(r.Header.Get("Accept"), ";api-version=7.1-preview.") {
		s.T.Errorf("%s %s asks for version %q", r.Method, r.URL, r.Header.Get("Accept"))
	}
	s.ServeHTTP(w, r)
}

// resources are locations as OPTIONS https://dev.azure.com/ORGANIZATION/_apis has them. The service has thousands.
var resources = []map[string]any{
	at("00d9565f-ed9c-4a06-9a50-00e7896ccab4", "Location", "connectionData", "_apis/{resource}"),
	at("9946fd70-0d40-406e-b686-b4744cbbcc37", "git", "pullRequests", repository+"{resource}/{pullRequestId}"),
	at("d43911ee-6958-46b0-a42b-8445b8a0d004", "git", "iterations", pullRequest+"{resource}/{iterationId}"),
	at("75cf11c5-979f-4038-a76e-058a06adf2bf", "git", "statuses", push+"{resource}/{statusId}"),
	at("ab6e2e5d-a0b7-4153-b64a-a4efe0d49449", "git", "threads", pullRequest+"{resource}/{threadId}"),
	at("965a3ec7-5ed8-455a-bdcb-835a5ea7fe7b", "git", "comments", pullRequest+"threads/{threadId}/{resource}/{commentId}"),
	at("428dd4fb-fda5-4722-af02-9313b80305da", "git", "statuses", repository+"commits/{commitId}/{resource}"),
	at("e81700f7-3be2-46de-8624-2eb35882fcaa", "Location", "ResourceAreas", "_apis/{resource}/{areaId}"),
}

const (
	repository  = "{project}/_apis/{area}/repositories/{repositoryId}/"
	pullRequest = repository + "pullRequests/{pullRequestId}/"
	push        = pullRequest + "iterations/{iterationId}/"
)

func at(id, area, name, template string) map[string]any {
	return map[string]any{
		"id": id, "area": area, "resourceName": name, "routeTemplate": template, "resourceVersion": 2,
		"minVersion": "1.0", "maxVersion": "7.2", "releasedVersion": "7.1",
	}
}

func list(values []any) map[string]any {
	return map[string]any{"count": len(values), "value": append([]any{}, values...)}
}

func identity(u emulator.User) string { return fmt.Sprintf("00000000-0000-4000-8000-%012d", u.ID) }

// handle answers an operation.
func (s *service) handle(op *emulator.Operation, r *http.Request, body map[string]any) (int, any) {
	if got := op.Params["project"] + "/" + op.Params["repositoryId"]; got != "/" && got != "AI Models/team models" {
		return http.StatusNotFound, "TF401019: The Git repository does not exist."
	}
	number, _ := strconv.Atoi(op.Params["pullRequestId"])
	p := s.Find(number)
	_, path, _ := strings.Cut(op.Name, "{repositoryId}")
	switch {
	case strings.HasSuffix(op.Name, "connectionData"):
		return http.StatusOK, map[string]any{"authenticatedUser": map[string]any{"id": identity(s.User)}}
	case path == "/pullRequests":
		return http.StatusOK, s.list(r)
	case path == "/commits/{commitId}/statuses":
		return s.statuses(op.Params["commitId"], "", body)
	case p == nil:
		return http.StatusNotFound, "TF401180: The requested pull request was not found."
	case strings.HasSuffix(path, "/{pullRequestId}"):
		return http.StatusOK, s.show(p)
	case strings.HasSuffix(path, "/iterations"):
		values := []any{}
		for i, head := range s.heads(p) {
			values = append(values, map[string]any{"id": i + 1, "sourceRefCommit": map[string]any{"commitId": head}})
		}
		return http.StatusOK, list(values)
	case strings.HasSuffix(path, "/{iterationId}/statuses"):
		i, _ := strconv.Atoi(op.Params["iterationId"])
		if heads := s.heads(p); i >= 1 && i <= len(heads) {
			return s.statuses(heads[i-1], fmt.Sprintf("pull request %d", number), body)
		}
		return http.StatusNotFound, "the iteration does not exist"
	case strings.HasSuffix(path, "/threads"):
		return s.listThreads(p, body)
	}
	return s.thread(op, p, body)
}

// heads returns what was pushed to a pull request, as far as a client has seen it.
func (s *service) heads(p *emulator.Pull) []string {
	if heads := s.iterations[p.Number]; len(heads) == 0 || heads[len(heads)-1] != p.Head {
		s.iterations[p.Number] = append(heads, p.Head)
	}
	return s.iterations[p.Number]
}

func (s *service) show(p *emulator.Pull) map[string]any {
	status := "active"
	switch {
	case p.Merged != "":
		status = "completed"
	case !p.Open:
		status = "abandoned"
	}
	out := map[string]any{
		"pullRequestId": p.Number, "title": p.Title, "status": status, "isDraft": p.Draft, "mergeStatus": "succeeded",
		"sourceRefName": "refs/heads/" + p.Source, "targetRefName": "refs/heads/" + p.Target,
		"lastMergeCommit": map[string]any{"commitId": strings.Repeat("e", 40)}, // the merge that was tried
	}
	if p.Head != "" {
		out["lastMergeSourceCommit"] = map[string]any{"commitId": p.Head}
	}
	if p.Merged != "" {
		out["lastMergeCommit"] = map[string]any{"commitId": p.Merged}
	}
	if p.Fork {
		out["forkSource"] = map[string]any{"name": "refs/heads/" + p.Source}
	}
	return out
}

func (s *service) list(r *http.Request) map[string]any {
	query := r.URL.Query()
	values := []any{}
	for _, p := range slices.Backward(s.Pulls) {
		o := s.show(p)
		if target := query.Get("searchCriteria.targetRefName"); target != "" && target != o["targetRefName"] {
			continue
		}
		if o["status"] == query.Get("searchCriteria.status") {
			values = append(values, o)
		}
	}
	skip, _ := strconv.Atoi(query.Get("$skip"))
	top, _ := strconv.Atoi(query.Get("$top"))
	from := min(skip, len(values))
	return list(values[from:min(from+top, len(values))])
}

// statuses lists or adds statuses. Those of an iteration have the pull request as ref.
func (s *service) statuses(commit, ref string, body map[string]any) (int, any) {
	show := func(i int, o emulator.Status) map[string]any {
		var c map[string]any
		_ = json.Unmarshal([]byte(o.Context), &c)
		return map[string]any{
			"id": i + 1, "context": c, "state": o.State, "description": o.Description, "targetUrl": o.URL,
		}
	}
	if body == nil {
		values := []any{}
		for i, o := range s.Status[commit] {
			if o.Ref == ref {
				values = append(values, show(i, o))
			}
		}
		return http.StatusOK, list(values)
	}
	text := func(name string) string { v, _ := body[name].(string); return v }
	c, _ := json.Marshal(body["context"])
	o := emulator.Status{
		Context: string(c), State: text("state"), Description: text("description"), URL: text("targetUrl"), Ref: ref,
	}
	s.Status[commit] = append(s.Status[commit], o)
	return http.StatusOK, show(len(s.Status[commit])-1, o)
}

func (s *service) showThread(c emulator.Comment) map[string]any {
	out := map[string]any{"id": c.ID, "comments": []any{showComment(c)}}
	if status := s.threads[c.ID]; status != "" {
		out["status"] = status
	}
	return out
}

func showComment(c emulator.Comment) map[string]any {
	return map[string]any{
		"id": 1, "content": c.Body, "commentType": "text",
		"author": map[string]any{"id": strings.ToUpper(identity(c.Author))},
	}
}

func (s *service) listThreads(p *emulator.Pull, body map[string]any) (int, any) {
	if body == nil {
		// The service's own messages are threads too, and a deleted comment stays as an empty one.
		values := []any{
			map[string]any{"id": 1, "comments": []any{map[string]any{"id": 1, "commentType": "system", "content": "voted"}}},
			map[string]any{"id": 2, "comments": []any{map[string]any{"id": 1, "isDeleted": true}}, "isDeleted": true},
			map[string]any{"id": 3},
		}
		for _, c := range p.Comments {
			values = append(values, s.showThread(c))
		}
		return http.StatusOK, list(values)
	}
	comments, _ := body["comments"].([]any)
	if len(comments) != 1 {
		return http.StatusBadRequest, "a thread needs a comment"
	}
	content, _ := comments[0].(map[string]any)["content"].(string)
	c := emulator.Comment{ID: s.ID(), Author: s.User, Body: content}
	s.threads[c.ID], _ = body["status"].(string)
	p.Comments = append(p.Comments, c)
	return http.StatusOK, s.showThread(c)
}

// thread answers the operations on one thread.
func (s *service) thread(op *emulator.Operation, p *emulator.Pull, body map[string]any) (int, any) {
	i := slices.IndexFunc(p.Comments, func(c emulator.Comment) bool { return strconv.Itoa(c.ID) == op.Params["threadId"] })
	if i < 0 {
		return http.StatusNotFound, "the thread does not exist"
	}
	c := &p.Comments[i]
	switch comment := op.Params["commentId"]; {
	case body == nil:
	case comment == "":
		s.threads[c.ID], _ = body["status"].(string)
	case comment != "1" || c.Author != s.User:
		return http.StatusForbidden, "TF401027: you need permission"
	default:
		c.Body, _ = body["content"].(string)
		return http.StatusOK, showComment(*c)
	}
	return http.StatusOK, s.showThread(*c)
}

// forge returns the adapter with a change of its options.
func (s *service) forge(edit func(*azuredevops.Options)) *azuredevops.Forge {
	s.T.Helper()
	o := azuredevops.Options{
		URL: s.web.URL, Repository: "contoso/AI Models/team models",
		Token: func(context.Context) (string, error) { return emulator.Token, nil },
	}
	if edit != nil {
		edit(&o)
	}
	f, err := azuredevops.New(o)
	if err != nil {
		s.T.Fatal(err)
	}
	return f
}

func (s *service) Forge() review.Forge { return s.forge(nil) }

// Statuses implements reviewtest.Harness.
func (s *service) Statuses(commit string) map[string]review.CommitStatus {
	words := map[string]review.State{
		"pending": review.Pending, "succeeded": review.Success, "failed": review.Failure, "error": review.Trouble,
	}
	out := map[string]review.CommitStatus{}
	s.Do(func() {
		for _, o := range s.Status[commit] {
			var c struct{ Genre, Name string }
			_ = json.Unmarshal([]byte(o.Context), &c)
			name := c.Genre + "/" + c.Name
			out[name] = review.CommitStatus{Context: name, State: words[o.State], Description: o.Description, URL: o.URL}
		}
	})
	return out
}
