// SPDX-License-Identifier: Apache-2.0

package impersonation

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

// TestWrites: each write to a namespace is made as its service account and nothing else, also where the request names
// another user with groups, an ID and extra fields, and no read is.
func TestWrites(t *testing.T) {
	for _, tt := range []struct{ method, path, user string }{
		{"PATCH", "/api/v1/namespaces/team/configmaps/a", "system:serviceaccount:team:deployer"},
		{"PATCH", "/apis/apps/v1/namespaces/team/statefulsets/a", "system:serviceaccount:team:deployer"},
		{"DELETE", "/apis/batch/v1/namespaces/b/jobs/a", "system:serviceaccount:b:deployer"},
		{"POST", "/k8s/clusters/c-1/api/v1/namespaces/team/pods", "system:serviceaccount:team:deployer"},
		{"GET", "/api/v1/namespaces/team/configmaps/a", "as before"},
		{"PATCH", "/apis/karpenter.sh/v1/nodepools/a", "as before"},
		{"PATCH", "/apis/karpenter.sh/v1/nodepools/namespaces", "as before"},
		{"PATCH", "/api/v1/namespaces/team", "as before"},
	} {
		var got http.Header
		next := roundTripper(func(r *http.Request) (*http.Response, error) {
			got = r.Header
			return nil, nil
		})
		r := httptest.NewRequest(tt.method, tt.path, nil)
		r.Header.Set("Impersonate-User", "as before")
		r.Header.Add("Impersonate-Group", "system:masters")
		r.Header.Set("Impersonate-Uid", "1")
		r.Header.Set("Impersonate-Extra-Scopes", "all")
		if _, err := Writes("deployer", next).RoundTrip(r); err != nil {
			t.Fatal(err)
		}
		if got.Get("Impersonate-User") != tt.user {
			t.Errorf("%s %s as %q, want %q", tt.method, tt.path, got.Get("Impersonate-User"), tt.user)
		}
		rest := len(got) - 1 // a group that is named needs a right in the whole cluster
		if asBefore := tt.user == "as before"; asBefore && rest != 3 || !asBefore && rest != 0 {
			t.Errorf("%s %s with %v", tt.method, tt.path, got)
		}
		if r.Header.Get("Impersonate-User") != "as before" || len(r.Header) != 4 {
			t.Error("the request of the caller is changed")
		}
	}
}

// TestWritesWithoutName: without a service account the transport is the same.
func TestWritesWithoutName(t *testing.T) {
	next := http.DefaultTransport
	if Writes("", next) != next {
		t.Error("another transport")
	}
}
