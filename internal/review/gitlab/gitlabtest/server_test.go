// SPDX-License-Identifier: Apache-2.0

package gitlabtest

import (
	"net/http"
	"strings"
	"testing"

	"syncer.dev/syncer/internal/review/reviewtest/emulator"
)

// failures counts what a test would report.
type failures struct {
	testing.TB
	count int
}

// Errorf implements testing.TB.
func (f *failures) Errorf(string, ...any) { f.count++ }

// TestDescription: a path, a parameter, a field or a value that the forge does not have fails the test that asks for
// it.
func TestDescription(t *testing.T) {
	for _, test := range []struct {
		method, path, body string
		allowed            bool
	}{
		{"POST", "/api/v4/projects/team%2Fserving%2Fmodels/merge_requests/1/notes", `{"body":"x"}`, true},
		{"POST", "/api/v4/projects/team%2Fserving%2Fmodels/merge_requests/1/notes", `{"body":"x","pinned":true}`, false},
		{"POST", "/api/v4/projects/team%2Fserving%2Fmodels/merge_requests/1/notes", `{}`, false},
		{"POST", "/api/v4/projects/team/serving/models/merge_requests/1/notes", `{"body":"x"}`, false},
		{"GET", "/api/v4/projects/team%2Fserving%2Fmodels/merge_requests?state=opened", "", true},
		{"GET", "/api/v4/projects/team%2Fserving%2Fmodels/merge_requests?state=open", "", false},
		{"GET", "/api/v4/projects/team%2Fserving%2Fmodels/merge_requests?base=main", "", false},
		{"POST", "/api/v4/projects/team%2Fserving%2Fmodels/statuses/abc", `{"state":"error"}`, false},
		{"DELETE", "/api/v4/projects/team%2Fserving%2Fmodels/merge_requests/1/notes/1", "", false},
	} {
		f := &failures{TB: t}
		s := New(f)
		s.Open("main")
		req, err := http.NewRequestWithContext(t.Context(), test.method, s.URL+test.path, strings.NewReader(test.body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Authorization", "Bearer "+emulator.Token)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if (f.count == 0) != test.allowed || (resp.StatusCode < 300) != test.allowed {
			t.Errorf("%s %s %s: %d failures, status %d", test.method, test.path, test.body, f.count, resp.StatusCode)
		}
	}
}
