// SPDX-License-Identifier: Apache-2.0

package githubtest

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
		{"POST", "/repos/team/models/issues/1/comments", `{"body":"x"}`, true},
		{"POST", "/repos/team/models/issues/1/comments", `{"body":"x","pinned":true}`, false},
		{"POST", "/repos/team/models/issues/1/comments", `{}`, false},
		{"POST", "/repos/team/models/issues/1/remarks", `{"body":"x"}`, false},
		{"GET", "/repos/team/models/pulls?state=open", "", true},
		{"GET", "/repos/team/models/pulls?state=merged", "", false},
		{"GET", "/repos/team/models/pulls?target=main", "", false},
		{"POST", "/repos/team/models/statuses/abc", `{"state":"canceled"}`, false},
		{"DELETE", "/repos/team/models/issues/comments/1", "", false},
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
