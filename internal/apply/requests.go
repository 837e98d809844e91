// SPDX-License-Identifier: Apache-2.0

package apply

import (
	"net/http"

	"syncer.dev/syncer/internal/apply/requests"
)

// adapt makes a transport keep to the pace of the server. Watches, lists and the version pass: they are few, and their
// time says nothing about the others.
func (c *Cluster) adapt(next http.RoundTripper) http.RoundTripper {
	return c.limiter.Transport(next, func(r *http.Request) bool {
		return requests.Name(r) == "WATCH" || r.URL.Query().Has("limit") || r.URL.String() == c.address
	})
}

// Requests returns how many requests there were, by HTTP method; a watch counts as WATCH, and dry runs, probes of the
// server and requests about the Lease count by themselves.
func (c *Cluster) Requests() map[string]int64 { return c.requests.Counts() }

// Writes returns how many requests changed the cluster, or tried to.
func (c *Cluster) Writes() int64 {
	seen := c.Requests()
	return seen[http.MethodPatch] + seen[http.MethodPost] + seen[http.MethodPut] + seen[http.MethodDelete]
}
