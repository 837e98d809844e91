// SPDX-License-Identifier: Apache-2.0

package fence

import "net/http"

// Wrap makes transports ask for permission; without mayWrite they stay as they are.
func Wrap(mayWrite func() error) func(http.RoundTripper) http.RoundTripper {
	return func(next http.RoundTripper) http.RoundTripper {
		if mayWrite == nil {
			return next
		}
		return Transport{mayWrite, next}
	}
}

// Transport is a transport that asks for permission right before each request that writes. A dry run of Kubernetes does
// not write.
type Transport struct {
	MayWrite func() error
	Next     http.RoundTripper
}

// RoundTrip sends the request, or returns the refusal.
func (t Transport) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead && !r.URL.Query().Has("dryRun") {
		if err := t.MayWrite(); err != nil {
			if r.Body != nil {
				_ = r.Body.Close() // as every RoundTripper has to
			}
			return nil, err
		}
	}
	return t.Next.RoundTrip(r)
}
