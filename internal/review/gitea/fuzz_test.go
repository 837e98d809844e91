// SPDX-License-Identifier: Apache-2.0

package gitea_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"syncer.dev/syncer/internal/review"
	"syncer.dev/syncer/internal/review/gitea"
	"syncer.dev/syncer/internal/review/reviewtest/emulator"
)

// FuzzAnswer: for any answer, requests go to the server alone and in bounded number, and a pull request has a head that
// is a commit.
func FuzzAnswer(f *testing.F) {
	head := strings.Repeat("a", 40)
	f.Add(200, `[{"number":1,"head":{"sha":"`+head+`"},"base":{"ref":"main"},"state":"open"}]`, "")
	f.Add(200, `{"number":1,"head":{"sha":"`+head+`"},"base":{"ref":"main"},"merged":true}`, "")
	f.Add(200, `{"id":11,"body":"m","user":{"id":11},"html_url":"javascript:x"}`,
		`<https://x.example.com/?page=2>; rel="next"`)
	f.Add(200, `[{"id":1,"body":"m","user":null},null]`, `<?page=99999999999999999999>; rel="next"`)
	f.Add(200, `null`, ``)
	f.Add(404, `{"message":"x","errors":[{}]}`, ``)
	f.Add(302, ``, `https://elsewhere.example.com`)
	f.Fuzz(func(t *testing.T, status int, body, link string) {
		asked := 0
		answer := func(r *http.Request) (*http.Response, error) {
			if asked++; r.URL.Host != "git.example.com" || asked > 200 {
				t.Fatalf("request %d to %s", asked, r.URL)
			}
			return &http.Response{
				StatusCode: status, Request: r, Body: io.NopCloser(strings.NewReader(body)),
				Header: http.Header{"Link": {link}, "Location": {link}},
			}, nil
		}
		f, err := gitea.New(gitea.Options{
			URL: "https://git.example.com", Repository: "a/b", HTTP: &http.Client{Transport: transport(answer)},
			Token: func(context.Context) (string, error) { return emulator.Token, nil },
		})
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
		url, third := f.Comment(t.Context(), 1, "m", "m")
		if url != "" && !strings.HasPrefix(url, "http") {
			t.Fatalf("the address of the comment is %q, %v", url, third)
		}
		_ = f.SetStatus(t.Context(), strings.Repeat("a", 40), review.CommitStatus{Context: "x", State: review.Success})
	})
}

type transport func(*http.Request) (*http.Response, error)

// RoundTrip calls the function.
func (f transport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
