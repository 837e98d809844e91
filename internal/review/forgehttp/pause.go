// SPDX-License-Identifier: Apache-2.0

package forgehttp

import (
	"bytes"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"syncer.dev/syncer/internal/review"
)

const (
	// maxPause is the longest pause that a server can ask for: it must not silence syncer for good. GitHub's longest
	// window is an hour.
	maxPause = 2 * time.Hour
	// unnamedPause is for a limit that names no time (GitHub Docs, "Rate limits for the REST API": at least one minute).
	unnamedPause = time.Minute
)

// pause is the time before which a server wants no request. The zero value is none. It is safe for concurrent use.
type pause struct {
	mu    sync.Mutex
	until time.Time
	cause error
}

// check returns a *review.LimitError before that time.
func (p *pause) check(now time.Time) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if now.Before(p.until) {
		return &review.LimitError{Until: p.until, Err: p.cause}
	}
	return nil
}

func (p *pause) set(until, now time.Time, cause error) error {
	if latest := now.Add(maxPause); until.After(latest) {
		until = latest
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.until, p.cause = until, cause
	return &review.LimitError{Until: until, Err: cause}
}

// note returns a *review.LimitError if a refusal, which is an answer of status 403, 429 or 503, is for a limit. GitHub
// refuses with both, with Retry-After, with X-RateLimit-Reset once nothing remains, or with words only.
func (p *pause) note(status int, h http.Header, body []byte, now time.Time) error {
	cause := fmt.Errorf("the server answered %d %s", status, http.StatusText(status))
	if wait, ok := retryAfter(h.Get("Retry-After"), now); ok {
		return p.set(now.Add(wait), now, cause)
	}
	if until, ok := reset(h); ok && until.After(now) {
		return p.set(until, now, cause)
	}
	words := bytes.Contains(bytes.ToLower(body), []byte("rate limit"))
	if status == http.StatusTooManyRequests || words {
		return p.set(now.Add(unnamedPause), now, cause)
	}
	return nil
}

// spent notes an answer that says that it was the last one of its window. Azure DevOps asks for a pause with answers of
// success, before it refuses (Microsoft Learn, "Rate and usage limits"). That pause is shorter than its window.
func (p *pause) spent(h http.Header, now time.Time) {
	if wait, ok := retryAfter(h.Get("Retry-After"), now); ok && wait > 0 {
		_ = p.set(now.Add(wait), now, fmt.Errorf("the server slows requests down"))
		return
	}
	if until, ok := reset(h); ok && until.After(now) {
		_ = p.set(until, now, fmt.Errorf("no request is left before that"))
	}
}

// reset returns the end of a window in which nothing remains. GitHub's headers begin with "X-", GitLab's do not (GitLab
// Docs, "Rate limits", "Response headers").
func reset(h http.Header) (time.Time, bool) {
	for _, prefix := range []string{"X-RateLimit-", "RateLimit-"} {
		if strings.TrimSpace(h.Get(prefix+"Remaining")) != "0" {
			continue
		}
		if end, err := strconv.ParseInt(h.Get(prefix+"Reset"), 10, 64); err == nil && end > 0 {
			return time.Unix(end, 0), true
		}
	}
	return time.Time{}, false
}

// retryAfter reads seconds or a date (RFC 9110, section 10.2.3).
func retryAfter(value string, now time.Time) (time.Duration, bool) {
	if seconds, err := strconv.ParseUint(value, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second, true
	}
	if at, err := http.ParseTime(value); err == nil {
		return max(at.Sub(now), 0), true
	}
	return 0, false
}
