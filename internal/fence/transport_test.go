// SPDX-License-Identifier: Apache-2.0

package fence

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
)

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// closing is the body of a request, which the transport has to close.
type closing struct {
	io.Reader
	closed bool
}

func (c *closing) Close() error { c.closed = true; return nil }

// TestTransport: without permission no request that writes is sent, and every other one is.
func TestTransport(t *testing.T) {
	sent, permission := 0, ErrNotLeader
	mayWrite := func(context.Context, string) error { return permission }
	transport := Transport{mayWrite, roundTripper(func(*http.Request) (*http.Response, error) {
		sent++
		return nil, errors.New("sent")
	})}
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
		for _, permission = range []error{ErrNotLeader, nil} {
			sent = 0
			body := &closing{Reader: strings.NewReader("{}")}
			r, err := http.NewRequest(tt.method, "https://127.0.0.1/api/v1/namespaces/default/configmaps/a"+tt.query, body)
			if err != nil {
				t.Fatal(err)
			}
			_, err = transport.RoundTrip(r)
			refused := tt.writes && permission != nil
			if errors.Is(err, ErrNotLeader) != refused || (sent == 0) != refused || body.closed != refused {
				t.Errorf("%s%s with permission %v: %v, sent %d times, body closed: %t",
					tt.method, tt.query, permission, err, sent, body.closed)
			}
		}
	}
}

// TestNamespaceOf: the permission depends on the namespace in the path, wherever the server is.
func TestNamespaceOf(t *testing.T) {
	for path, want := range map[string]string{
		"/api/v1/namespaces/a/configmaps/b":                    "a",
		"/api/v1/namespaces/a/configmaps":                      "a",
		"/apis/apps/v1/namespaces/a/statefulsets/b":            "a",
		"/apis/apps/v1/namespaces/namespaces/statefulsets/api": "namespaces",
		"/k8s/clusters/c-1/api/v1/namespaces/a/services/b":     "a",
		"/k8s/clusters/c-1/apis/batch/v1/namespaces/a/jobs/b":  "a",
		"/apis/karpenter.sh/v1/nodepools/a":                    "",
		"/apis/namespaces.example/v1/things/namespaces":        "",
		"/api/v1/nodes/namespaces":                             "",
		"/version":                                             "",
	} {
		if got := namespaceOf(path); got != want {
			t.Errorf("%s: %q, want %q", path, got, want)
		}
	}
}
