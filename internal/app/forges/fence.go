// SPDX-License-Identifier: Apache-2.0

package forges

import "net/http"

// fenced is a transport that asks for permission right before each request that writes.
type fenced struct {
	mayWrite func() error
	next     http.RoundTripper
}

// RoundTrip sends the request, or returns the refusal.
func (f fenced) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		if err := f.mayWrite(); err != nil {
			if r.Body != nil {
				_ = r.Body.Close() // as every RoundTripper has to
			}
			return nil, err
		}
	}
	return f.next.RoundTrip(r)
}
