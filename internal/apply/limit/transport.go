// SPDX-License-Identifier: Apache-2.0

package limit

import (
	"net/http"
	"path"
	"strconv"
	"time"
)

// Transport makes a transport send no more requests at once than the server answers well, and none while it asks for a
// pause. Requests for which free returns true pass.
func (l *Limiter) Transport(next http.RoundTripper, free func(*http.Request) bool) http.RoundTripper {
	return transport(func(r *http.Request) (*http.Response, error) {
		if free(r) {
			return next.RoundTrip(r)
		}
		sent, err := l.Acquire(r.Context())
		if err != nil {
			return nil, err
		}
		resp, err := next.RoundTrip(r)
		a := Answer{Class: classOf(r), Took: time.Since(sent), Failed: err != nil}
		if err == nil {
			a.RetryAfter = pause(resp)
		}
		l.Release(sent, a)
		return resp, err
	})
}

type transport func(*http.Request) (*http.Response, error)

// RoundTrip calls f.
func (f transport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// classOf returns the class of a request about one object: kinds take different times, as do dry runs.
func classOf(r *http.Request) string {
	class := r.Method + " " + path.Base(path.Dir(r.URL.Path))
	if r.URL.Query().Has("dryRun") {
		class += " dry run"
	}
	return class
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
