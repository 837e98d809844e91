// SPDX-License-Identifier: Apache-2.0

package fence

import (
	"context"
	"net/http"
	"strings"
)

// Wrap makes transports ask for permission; without mayWrite they stay as they are.
func Wrap(mayWrite func() error) func(http.RoundTripper) http.RoundTripper {
	if mayWrite == nil {
		return WrapByNamespace(nil)
	}
	return WrapByNamespace(func(context.Context, string) error { return mayWrite() })
}

// WrapByNamespace makes transports to an API server of Kubernetes ask for permission, with the context of the request
// and the namespace that it writes to, "" for an object without one.
func WrapByNamespace(
	mayWrite func(ctx context.Context, namespace string) error,
) func(http.RoundTripper) http.RoundTripper {
	return func(next http.RoundTripper) http.RoundTripper {
		if mayWrite == nil {
			return next
		}
		return Transport{mayWrite, next}
	}
}

// namespaceOf returns the namespace in a path of the API: what follows /api/v1/ or /apis/GROUP/VERSION/, perhaps
// behind the path of the server.
func namespaceOf(path string) string {
	parts := strings.Split(path, "/")
	for i, part := range parts {
		at := i + 2
		if part == "apis" {
			at++
		}
		if (part == "api" || part == "apis") && at+2 < len(parts) && parts[at] == "namespaces" {
			return parts[at+1]
		}
	}
	return ""
}

// Transport is a transport that asks for permission right before each request that writes. A dry run of Kubernetes does
// not write.
type Transport struct {
	MayWrite func(ctx context.Context, namespace string) error
	Next     http.RoundTripper
}

// RoundTrip sends the request, or returns the refusal.
func (t Transport) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead && !r.URL.Query().Has("dryRun") {
		if err := t.MayWrite(r.Context(), namespaceOf(r.URL.Path)); err != nil {
			if r.Body != nil {
				_ = r.Body.Close() // as every RoundTripper has to
			}
			return nil, err
		}
	}
	return t.Next.RoundTrip(r)
}
