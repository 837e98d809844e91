// SPDX-License-Identifier: Apache-2.0

package github

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"syncer.dev/syncer/internal/review"
)

// FuzzAnswer: whatever a server answers, requests go to it alone, and a pull request has a head that is a commit.
func FuzzAnswer(f *testing.F) {
	f.Add(200, `[{"number":1,"head":{"sha":"`+strings.Repeat("a", 40)+`"},"base":{"ref":"main"},"state":"open"}]`, "")
	f.Add(200, `{"number":1,"head":null,"merged":true}`, `<https://elsewhere.example.com/x?page=2>; rel="next"`)
	f.Add(304, ``, ``)
	f.Add(200, `{"id":11,"body":"m","user":{"id":11}}`, `<?page=99999999999999999999>; rel="next"`)
	f.Add(403, `{"message":"x","errors":[{}]}`, ``)
	f.Fuzz(func(t *testing.T, status int, body, link string) {
		asked := 0
		answer := func(r *http.Request) (*http.Response, error) {
			if asked++; r.URL.Host != "api.github.com" || asked > 200 {
				t.Fatalf("request %d to %s", asked, r.URL)
			}
			return &http.Response{
				StatusCode: status, Request: r, Body: io.NopCloser(strings.NewReader(body)),
				Header: http.Header{"Link": {link}, "Etag": {"x"}, "Location": {link}},
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
			ref := fmt.Sprintf("refs/pull/%d/head", pr.Number)
			if len(pr.Head) != 40 && len(pr.Head) != 64 || pr.Number < 1 || pr.HeadRef != ref {
				t.Fatalf("%+v, %v", pr, err)
			}
		}
		asked = 0
		_, _ = f.Comment(t.Context(), 1, "m", "m")
		_ = f.SetStatus(t.Context(), strings.Repeat("a", 40), review.CommitStatus{Context: "x", State: review.Success})
		_ = f.Deploy(t.Context(), review.Deployment{Environment: "x", Commit: strings.Repeat("a", 40), State: review.Failed})
	})
}

type transport func(*http.Request) (*http.Response, error)

// RoundTrip calls the function.
func (f transport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
