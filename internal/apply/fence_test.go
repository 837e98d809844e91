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

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
