// SPDX-License-Identifier: Apache-2.0

package requests

import (
	"net/http/httptest"
	"testing"
)

// TestName: what changes nothing that syncer manages does not count as a write.
func TestName(t *testing.T) {
	const objects = "/api/v1/namespaces/default/configmaps"
	const leases = "/apis/coordination.k8s.io/v1/namespaces/default/leases"
	for _, tt := range []struct{ method, path, want string }{
		{"GET", objects, "GET"},
		{"GET", objects + "?watch=true", "WATCH"},
		{"GET", leases + "?watch=1", "WATCH"},
		{"GET", "/version", "GET version"},
		{"PATCH", objects + "/a?dryRun=All", "PATCH dry run"},
		{"PATCH", objects + "/a", "PATCH"},
		{"POST", "/apis/authentication.k8s.io/v1/tokenreviews", "POST access review"},
		{"POST", "/apis/authorization.k8s.io/v1/subjectaccessreviews", "POST access review"},
		{"PUT", leases + "/syncer-demo", "PUT lease"},
	} {
		if got := Name(httptest.NewRequest(tt.method, tt.path, nil)); got != tt.want {
			t.Errorf("%s %s counts as %s, want %s", tt.method, tt.path, got, tt.want)
		}
	}
}

// TestFew: requests about single objects wait for their place, and no watch, list or probe does.
func TestFew(t *testing.T) {
	for path, few := range map[string]bool{
		"/api/v1/pods?watch=true": true, "/api/v1/pods?limit=500": true, "/version": true,
		"/api/v1/namespaces/default/configmaps/a": false,
	} {
		if got := Few(httptest.NewRequest("GET", path, nil)); got != few {
			t.Errorf("GET %s: %t", path, got)
		}
	}
}
