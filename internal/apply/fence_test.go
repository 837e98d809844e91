// SPDX-License-Identifier: Apache-2.0

package apply

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"syncer.dev/syncer/internal/fence"
)

// closing is the body of a request, which the transport has to close.
type closing struct {
	io.Reader
	closed bool
}

func (c *closing) Close() error { c.closed = true; return nil }

// TestFenced: without permission no request that writes is sent, and every other one is.
func TestFenced(t *testing.T) {
	sent, permission := 0, fence.ErrNotLeader
	transport := fenced(func() error { return permission })(roundTripper(func(*http.Request) (*http.Response, error) {
		sent++
		return nil, errors.New("sent")
	}))
	for _, tt := range []struct {
		method, query string
		writes        bool
	}{
		{http.MethodGet, "", false},
		{http.MethodGet, "?watch=true", false},
		{http.MethodPatch, "?dryRun=All", false},
		{http.MethodPatch, "", true},
		{http.MethodPost, "", true},
		{http.MethodPut, "", true},
		{http.MethodDelete, "", true},
	} {
		for _, permission = range []error{fence.ErrNotLeader, nil} {
			sent = 0
			body := &closing{Reader: strings.NewReader("{}")}
			r, err := http.NewRequest(tt.method, "https://127.0.0.1/api/v1/namespaces/default/configmaps/a"+tt.query, body)
			if err != nil {
				t.Fatal(err)
			}
			_, err = transport.RoundTrip(r)
			refused := tt.writes && permission != nil
			if errors.Is(err, fence.ErrNotLeader) != refused || (sent == 0) != refused || body.closed != refused {
				t.Errorf("%s%s with permission %v: %v, sent %d times, body closed: %t",
					tt.method, tt.query, permission, err, sent, body.closed)
			}
		}
	}
}

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
