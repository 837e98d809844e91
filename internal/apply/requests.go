// SPDX-License-Identifier: Apache-2.0

package apply

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"syncer.dev/syncer/internal/apply/limit"
)

// count makes a transport count its requests.
func (c *Cluster) count(next http.RoundTripper) http.RoundTripper {
	return roundTripper(func(r *http.Request) (*http.Response, error) {
		c.requests.Add(verb(r))
		return next.RoundTrip(r)
	})
}

// adapt makes a transport send no more requests at once than the server answers well, and none while it asks for a
// pause. Watches, lists and the version pass: they are few, and their time says nothing about the others.
func (c *Cluster) adapt(next http.RoundTripper) http.RoundTripper {
	return roundTripper(func(r *http.Request) (*http.Response, error) {
		q := r.URL.Query()
		if verb(r) == "WATCH" || q.Has("limit") || r.URL.String() == c.address {
			return next.RoundTrip(r)
		}
		sent, err := c.limiter.Acquire(r.Context())
		if err != nil {
			return nil, err
		}
		resp, err := next.RoundTrip(r)
		a := limit.Answer{Class: verb(r) + " " + lastOf(r), Took: time.Since(sent), Failed: err != nil}
		if err == nil {
			a.RetryAfter = pause(resp)
		}
		c.limiter.Release(sent, a)
		return resp, err
	})
}

// lastOf returns the resource of a request to one object: kinds take different times.
func lastOf(r *http.Request) string {
	parts := strings.Split(r.URL.Path, "/")
	if len(parts) < 2 {
		return ""
	}
	return parts[len(parts)-2]
}

// pause returns how long the server asks to wait. An answer 429 without Retry-After is that of a webhook about one
// object: the server's own have it.
func pause(resp *http.Response) time.Duration {
	if resp.StatusCode != http.StatusTooManyRequests && resp.StatusCode != http.StatusServiceUnavailable {
		return 0
	}
	seconds, err := strconv.Atoi(resp.Header.Get("Retry-After"))
	if err != nil || seconds < 0 {
		return 0
	}
	return time.Duration(min(seconds, 3600)) * time.Second
}

func verb(r *http.Request) string {
	q := r.URL.Query()
	switch {
	case q.Get("watch") == "true" || q.Get("watch") == "1":
		return "WATCH"
	case q.Has("dryRun"):
		return r.Method + " dry run"
	}
	return r.Method
}

type roundTripper func(*http.Request) (*http.Response, error)

// RoundTrip calls f.
func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// Requests returns how many requests there were, by HTTP method; a watch counts as WATCH, and a dry run by itself.
func (c *Cluster) Requests() map[string]int64 { return c.requests.Counts() }

// Writes returns how many requests changed the cluster, or tried to.
func (c *Cluster) Writes() int64 {
	seen := c.Requests()
	return seen[http.MethodPatch] + seen[http.MethodPost] + seen[http.MethodPut] + seen[http.MethodDelete]
}
