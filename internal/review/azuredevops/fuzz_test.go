// SPDX-License-Identifier: Apache-2.0

package azuredevops_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"syncer.dev/syncer/internal/review"
	"syncer.dev/syncer/internal/review/azuredevops"
	"syncer.dev/syncer/internal/review/reviewtest/emulator"
)

// FuzzAnswer: for any answer, requests go to the server alone and in bounded number, and a pull request has a head that
// is a commit, under a name that is one reference.
func FuzzAnswer(f *testing.F) {
	head := strings.Repeat("a", 40)
	pull := `{"pullRequestId":1,"status":"active","targetRefName":"refs/heads/main","sourceRefName":"refs/heads/x",` +
		`"lastMergeSourceCommit":{"commitId":"` + head + `"}}`
	f.Add(200, `{"count":1,"value":[`+pull+`]}`, "")
	f.Add(200, strings.Replace(pull, "heads/x", "heads/x:refs/heads/main", 1), "1")
	f.Add(200, `{"value":[{"id":1,"comments":[null]},null,{"comments":[{"id":1,"author":null}]}]}`, "30")
	f.Add(200, `{"authenticatedUser":{"id":"00000000-0000-4000-8000-000000000011"}}`, "-1")
	f.Add(200, `{"authenticatedUser":null,"value":null}`, "")
	f.Add(203, `<html>`, "")
	f.Add(404, `{"message":"TF401180","innerException":null}`, "")
	f.Add(302, ``, `https://elsewhere.example.com`)
	f.Fuzz(func(t *testing.T, status int, body, header string) {
		asked := 0
		answer := func(r *http.Request) (*http.Response, error) {
			if asked++; r.URL.Host != "dev.azure.com" || asked > 200 {
				t.Fatalf("request %d to %s", asked, r.URL)
			}
			out := &http.Response{StatusCode: status, Request: r, Header: http.Header{
				"Content-Type": {"application/json"}, "Retry-After": {header}, "Location": {header}, "X-Tfs-Session": {header},
			}}
			if text := body; r.Method == http.MethodOptions {
				known, _ := json.Marshal(map[string]any{"value": resources})
				text, out.StatusCode = string(known), http.StatusOK
				out.Body = io.NopCloser(strings.NewReader(text))
			} else {
				out.Body = io.NopCloser(strings.NewReader(text))
			}
			return out, nil
		}
		f, err := azuredevops.New(azuredevops.Options{
			URL: "https://dev.azure.com", Repository: "a/b/c", HTTP: &http.Client{Transport: transport(answer)},
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
			if len(pr.Head) != 40 && len(pr.Head) != 64 || pr.Number < 1 || !strings.HasPrefix(pr.HeadRef, "refs/") ||
				strings.ContainsAny(pr.HeadRef, ":*\n ") {
				t.Fatalf("%+v, %v", pr, err)
			}
		}
		url, third := f.Comment(t.Context(), 1, "m", "m")
		if url != "" && !strings.HasPrefix(url, "https://dev.azure.com/a/b/_git/c/pullrequest/1?") {
			t.Fatalf("the address of the comment is %q, %v", url, third)
		}
		_ = f.SetStatus(t.Context(), head, review.CommitStatus{Context: "x/y", State: review.Success})
	})
}

type transport = roundTripper
