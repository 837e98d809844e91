// SPDX-License-Identifier: Apache-2.0

package webhook

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"

	"golang.org/x/time/rate"
)

// Event is what a webhook hints at.
type Event int

const (
	Push        Event = iota // a branch has changed: poll Git
	PullRequest              // a pull request has changed: list the open ones
)

// MaxBody bounds the body of a request, in bytes. The content is only needed to check its signature.
const MaxBody = 1 << 20

const (
	// perSecond and burst bound the requests that are answered, right or wrong. A forge sends a few for each push.
	perSecond = 20
	burst     = 100
)

// Handler answers webhooks of GitHub, GitLab, Azure DevOps, Gitea and Forgejo, and of anything that signs the body; see
// proof for how each shows the secret. It calls hint for each kind of event that a request may mean, at most once a
// second for a kind; what comes sooner becomes one call at the end of that second. hint must not block.
//
// Each request asks for the secret, so that a changed file counts at once. Without a secret no request is accepted.
//
// Answers: 202 for a request that knows the secret, 401 for one that does not, 405 for other methods than POST, 413 for
// a body of more than 1 MiB, 415 for content that is not JSON, 429 for too many requests, 503 if there is no secret to
// compare with.
func Handler(secret func() (string, error), hint func(Event)) http.Handler {
	return &handler{secret: secret, hints: newHints(hint), limit: rate.NewLimiter(perSecond, burst)}
}

type handler struct {
	secret func() (string, error)
	hints  *hints
	limit  *rate.Limiter
}

// ServeHTTP implements http.Handler.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	code := h.answer(w, r)
	switch code {
	case http.StatusMethodNotAllowed:
		w.Header().Set("Allow", http.MethodPost)
	case http.StatusTooManyRequests:
		w.Header().Set("Retry-After", "1")
	}
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(code)
	_, _ = io.WriteString(w, http.StatusText(code)+"\n") // the client may be gone
}

// answer returns the status code for a request, and hints at what it may mean.
func (h *handler) answer(w http.ResponseWriter, r *http.Request) int {
	if r.Method != http.MethodPost {
		return http.StatusMethodNotAllowed
	}
	if !h.limit.Allow() {
		return http.StatusTooManyRequests
	}
	p := find(r)
	if p == nil {
		return http.StatusUnauthorized
	}
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return http.StatusUnsupportedMediaType
	}
	if r.ContentLength > MaxBody {
		return http.StatusRequestEntityTooLarge
	}
	secret, err := h.secret()
	if err != nil || strings.TrimSpace(secret) == "" {
		return http.StatusServiceUnavailable
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, MaxBody))
	if tooLarge := new(http.MaxBytesError); errors.As(err, &tooLarge) {
		return http.StatusRequestEntityTooLarge
	}
	if err != nil || !p.knows([]byte(secret), body) {
		return http.StatusUnauthorized
	}
	for _, e := range p.events(body) {
		h.hints.add(e)
	}
	return http.StatusAccepted
}
