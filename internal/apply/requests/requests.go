// SPDX-License-Identifier: Apache-2.0

// Package requests names and counts requests to the API server.
package requests

import (
	"net/http"
	"strings"

	"syncer.dev/syncer/internal/outbound"
)

// Counted makes a transport count its requests by name.
func Counted(c *outbound.Counter) func(http.RoundTripper) http.RoundTripper {
	return func(next http.RoundTripper) http.RoundTripper {
		return roundTripper(func(r *http.Request) (*http.Response, error) {
			c.Add(Name(r))
			return next.RoundTrip(r)
		})
	}
}

// Name returns what a request counts as: its HTTP method, but WATCH for a watch, and a name of their own for dry runs,
// probes of the server, requests about a Lease, and questions about the access of users.
func Name(r *http.Request) string {
	q := r.URL.Query()
	switch {
	case q.Get("watch") == "true" || q.Get("watch") == "1":
		return "WATCH"
	case r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, "/version"):
		return "GET version"
	case q.Has("dryRun"):
		return r.Method + " dry run"
	case strings.Contains(r.URL.Path, "/apis/coordination.k8s.io/"):
		return r.Method + " lease"
	case strings.Contains(r.URL.Path, "/apis/authentication.k8s.io/"),
		strings.Contains(r.URL.Path, "/apis/authorization.k8s.io/"):
		return r.Method + " access review"
	}
	return r.Method
}

// Few reports whether a request is one of the few that need not keep to the pace of the server: watches, lists and
// probes. Their time says nothing about the others.
func Few(r *http.Request) bool {
	name := Name(r)
	return name == "WATCH" || name == "GET version" || r.URL.Query().Has("limit")
}

type roundTripper func(*http.Request) (*http.Response, error)

// RoundTrip calls f.
func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
