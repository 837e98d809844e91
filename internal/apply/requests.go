// SPDX-License-Identifier: Apache-2.0

package apply

import (
	"net/http"
	"strings"
)

// count makes a transport count its requests.
func (c *Cluster) count(next http.RoundTripper) http.RoundTripper {
	return roundTripper(func(r *http.Request) (*http.Response, error) {
		c.requests.Add(verb(r))
		return next.RoundTrip(r)
	})
}

// adapt makes a transport keep to the pace of the server. Watches, lists and the version pass: they are few, and their
// time says nothing about the others.
func (c *Cluster) adapt(next http.RoundTripper) http.RoundTripper {
	return c.limiter.Transport(next, func(r *http.Request) bool {
		return verb(r) == "WATCH" || r.URL.Query().Has("limit") || r.URL.String() == c.address
	})
}

func verb(r *http.Request) string {
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
	}
	return r.Method
}

type roundTripper func(*http.Request) (*http.Response, error)

// RoundTrip calls f.
func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// Requests returns how many requests there were, by HTTP method; a watch counts as WATCH, and dry runs, probes of the
// server and requests about the Lease count by themselves.
func (c *Cluster) Requests() map[string]int64 { return c.requests.Counts() }

// Writes returns how many requests changed the cluster, or tried to.
func (c *Cluster) Writes() int64 {
	seen := c.Requests()
	return seen[http.MethodPatch] + seen[http.MethodPost] + seen[http.MethodPut] + seen[http.MethodDelete]
}
