// SPDX-License-Identifier: Apache-2.0

package gitlab

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"syncer.dev/syncer/internal/review"
)

// FuzzPlain: no line of a note begins with a slash, doing it again changes nothing, and without what was put before
// slashes it is the text.
func FuzzPlain(f *testing.F) {
	f.Add("/close\n```\n/merge\n```\n")
	f.Add("\r/close\r\n\r\n/a")
	f.Add("~~~ x\n````\n/x\n~~~~\n/y\n    ```\n/z")
	f.Fuzz(func(t *testing.T, text string) {
		got := plain(text)
		lines := strings.Split(got, "\n")
		for i, line := range lines {
			if strings.HasPrefix(line, "/") {
				t.Fatalf("%q: line %d is %q", text, i, line)
			}
		}
		if again := plain(got); again != got {
			t.Fatalf("%q became %q, and then %q", text, got, again)
		}
		end := func(s string) string { return strings.TrimRight(s, " \t\n\v\f\x00") }
		kept := strings.Split(strings.ReplaceAll(text, "\r", ""), "\n")
		for i, line := range lines {
			if line == kept[i] || end(line) == end(kept[i]) {
				continue
			}
			if !strings.HasPrefix(line, `\/`) && !strings.HasPrefix(line, " /") || end(line[1:]) != end(kept[i]) {
				t.Fatalf("%q: line %d is %q", text, i, line)
			}
		}
	})
}

// FuzzAnswer: whatever a server answers, requests go to it alone, and a merge request has a head that is a commit.
func FuzzAnswer(f *testing.F) {
	f.Add(200, `[{"iid":1,"sha":"`+strings.Repeat("a", 40)+`","target_branch":"main","state":"opened"}]`, "2")
	f.Add(200, `{"iid":1,"sha":null,"state":"merged"}`, "")
	f.Add(200, `{"id":11,"body":"m","author":{"id":11}}`, "99999999999999999999")
	f.Add(304, ``, ``)
	f.Add(200, `[null]`, ``)
	f.Add(200, `null`, ``)
	f.Add(400, `{"message":{"base":["Cannot transition status"]}}`, ``)
	f.Fuzz(func(t *testing.T, status int, body, next string) {
		asked := 0
		answer := func(r *http.Request) (*http.Response, error) {
			if asked++; r.URL.Host != "gitlab.com" || asked > 600 {
				t.Fatalf("request %d to %s", asked, r.URL)
			}
			return &http.Response{
				StatusCode: status, Request: r, Body: io.NopCloser(strings.NewReader(body)),
				Header: http.Header{"X-Next-Page": {next}, "Etag": {"x"}, "Location": {next}},
			}, nil
		}
		f, err := New(Options{Repository: "a/b", Token: token, HTTP: &http.Client{Transport: transport(answer)}})
		if err != nil {
			t.Fatal(err)
		}
		list, _, err := f.OpenPullRequests(t.Context(), "main")
		one, second := f.PullRequest(t.Context(), 1)
		if second == nil {
			list = append(list, one)
		}
		for _, pr := range list {
			ref := fmt.Sprintf("refs/merge-requests/%d/head", pr.Number)
			if len(pr.Head) != 40 && len(pr.Head) != 64 || pr.Number < 1 || pr.HeadRef != ref {
				t.Fatalf("%+v, %v", pr, err)
			}
		}
		_, _ = f.Comment(t.Context(), 1, "m", "m")
		_ = f.SetStatus(t.Context(), strings.Repeat("a", 40), review.CommitStatus{Context: "x", State: review.Pending})
		for _, state := range []review.DeploymentState{review.Queued, review.Succeeded, review.Failed, review.Inactive} {
			d := review.Deployment{Environment: "x", Commit: strings.Repeat("a", 40), State: state}
			_ = f.Deploy(t.Context(), d)
		}
	})
}

type transport func(*http.Request) (*http.Response, error)

// RoundTrip calls the function.
func (f transport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
