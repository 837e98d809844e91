// SPDX-License-Identifier: Apache-2.0

package requests

import (
	"net/http/httptest"
	"testing"
)

// TestName: what changes nothing that syncer manages does not count as a write.
func TestName(t *testing.T) {
	const objects, leases = "/api/v1/namespaces/default/configmaps", "/apis/coordination.k8s.io/v1/namespaces/default/leases"
	for _, tt := range []struct{ method, path, want string }{
		{"GET", objects, "GET"},
		{"GET", objects + "?watch=true", "WATCH"},
		{"GET", leases + "?watch=1", "WATCH"},
		{"GET", "/version", "GET version"},
		{"PATCH", objects + "/a?dryRun=All", "PATCH dry run"},
		{"PATCH", objects + "/a", "PATCH"},
		{"PUT", leases + "/syncer-demo", "PUT lease"},
	} {
		if got := Name(httptest.NewRequest(tt.method, tt.path, nil)); got != tt.want {
			t.Errorf("%s %s counts as %s, want %s", tt.method, tt.path, got, tt.want)
		}
	}
}
