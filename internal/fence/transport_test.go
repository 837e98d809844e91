// SPDX-License-Identifier: Apache-2.0

package fence

import (
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
	transport := Transport{func() error { return permission }, roundTripper(func(*http.Request) (*http.Response, error) {
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
