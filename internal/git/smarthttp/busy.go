// SPDX-License-Identifier: Apache-2.0

package smarthttp

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// maxPause is the longest pause that a server can ask for: it must not silence syncer for good. Forges name seconds
// to a few minutes; GitHub's longest window of a rate limit is an hour, of which we try again four times.
const maxPause = 15 * time.Minute

// BusyError means that the server is overloaded or that there were too many requests, and that it has named a time
// before which it does not want another one.
type BusyError struct {
	Status string // of the answer, such as "429 Too Many Requests"
	Until  time.Time
}

// Error has the time, which stays the same until it has come.
func (e *BusyError) Error() string {
	return fmt.Sprintf("the server answered %s and asks to wait until %s", e.Status,
		e.Until.UTC().Format("15:04:05 UTC"))
}

// Hint says that there is nothing to do.
func (e *BusyError) Hint() string {
	return "syncer asks again by itself after that time; a longer source.interval needs fewer requests"
}

// Pause is the time before which a server wants no request. The zero value is none. It is safe for concurrent use.
type Pause struct {
	mu     sync.Mutex
	until  time.Time
	status string
}

// Check returns a *BusyError before that time.
func (p *Pause) Check(now time.Time) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if now.Before(p.until) {
		return &BusyError{Status: p.status, Until: p.until}
	}
	return nil
}

// Note reports whether an answer asks for a pause, and keeps it. GitHub's limits come as status 403 too, and name the
// time in a header of their own where Retry-After is missing (GitHub Docs, "Rate limits for the REST API").
func (p *Pause) Note(res *http.Response, now time.Time) bool {
	switch res.StatusCode {
	case http.StatusTooManyRequests, http.StatusServiceUnavailable, http.StatusForbidden:
	default:
		return false
	}
	wait := retryAfter(res.Header.Get("Retry-After"), now)
	if wait <= 0 && res.Header.Get("X-RateLimit-Remaining") == "0" {
		if end, err := strconv.ParseInt(res.Header.Get("X-RateLimit-Reset"), 10, 64); err == nil {
			wait = time.Unix(end, 0).Sub(now)
		}
	}
	if wait <= 0 {
		return false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.status = strings.TrimSpace(fmt.Sprintf("%d %s", res.StatusCode, http.StatusText(res.StatusCode)))
	p.until = now.Add(min(wait, maxPause))
	return true
}

// retryAfter reads seconds or a date (RFC 9110, section 10.2.3).
func retryAfter(value string, now time.Time) time.Duration {
	if seconds, err := strconv.ParseUint(value, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second
	}
	if at, err := http.ParseTime(value); err == nil {
		return at.Sub(now)
	}
	return 0
}
