// SPDX-License-Identifier: Apache-2.0

package apply

import (
	"errors"
	"net/http"
	"testing"

	"syncer.dev/syncer/internal/fence"
)

// TestRefusalIsNoFailure: what the fence refuses is neither an outage of the server nor a fault of the object.
func TestRefusalIsNoFailure(t *testing.T) {
	c := &Cluster{}
	if err := c.lost(t.Context(), fence.ErrNotLeader); !errors.Is(err, fence.ErrNotLeader) {
		t.Errorf("lost returns %v", err)
	}
}

// TestRequestsOfTheLease are counted by themselves: they do not change what syncer manages.
func TestRequestsOfTheLease(t *testing.T) {
	r, err := http.NewRequest(http.MethodPut,
		"https://127.0.0.1/apis/coordination.k8s.io/v1/namespaces/default/leases/syncer-demo", nil)
	if err != nil {
		t.Fatal(err)
	}
	if v := verb(r); v != "PUT lease" {
		t.Errorf("it counts as %s", v)
	}
}
