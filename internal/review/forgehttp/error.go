// SPDX-License-Identifier: Apache-2.0

package forgehttp

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"unicode"

	"syncer.dev/syncer/internal/redact"
	"syncer.dev/syncer/internal/review"
)

// maxText bounds an error, in bytes: servers answer with whole web pages.
const maxText = 600

// Error says what was done and what came of it, without secrets and on one line. A *review.LimitError and
// review.ErrNotFound in its chain stay what they are; other causes can be matched by errors.Is.
func (c *Client) Error(doing string, err error) error {
	if err == nil {
		return nil
	}
	var limit *review.LimitError
	if errors.As(err, &limit) {
		return fmt.Errorf("%s: %w", doing, limit)
	}
	return &safeError{text: c.Text(doing + ": " + err.Error()), cause: err}
}

// Text makes what a server said fit to be shown.
func (c *Client) Text(s string) string { return oneLine(c.known.Text(s), maxText) }

// safeError shows no secret. Its causes can be matched, but not reached.
type safeError struct {
	text  string
	cause error
}

// Error returns the text without secrets.
func (e *safeError) Error() string { return e.text }

// Is reports whether a cause is the target.
func (e *safeError) Is(target error) bool { return errors.Is(e.cause, target) }

// Hint says what a refusal is for.
func (e *safeError) Hint() string {
	var s interface{ Status() int }
	if !errors.As(e.cause, &s) {
		return ""
	}
	switch s.Status() {
	case http.StatusUnauthorized:
		return "the token is wrong or has expired: see review.tokenFile"
	case http.StatusForbidden:
		return "the token may not do this: docs/forges.md has the permissions that it needs"
	}
	return ""
}

// StatusError is an answer that refuses a request. It gives the error of an SDK its status.
type StatusError struct {
	Code int
	Err  error
}

// Error returns the text of the SDK.
func (e *StatusError) Error() string { return e.Err.Error() }

// Unwrap returns the error of the SDK, or review.ErrNotFound.
func (e *StatusError) Unwrap() error {
	if e.Code == http.StatusNotFound {
		return review.ErrNotFound
	}
	return e.Err
}

// Status returns the status of the answer.
func (e *StatusError) Status() int { return e.Code }

// Line returns s on one line of at most limit characters, without secrets. What does not fit ends in "...".
func Line(s string, limit int) string {
	s = strings.Join(strings.FieldsFunc(strings.ToValidUTF8(redact.Text(s), "\ufffd"), blank), " ")
	if all := []rune(s); len(all) > limit {
		return strings.TrimRightFunc(string(all[:max(limit-3, 0)]), unicode.IsSpace) + "..."
	}
	return s
}

// oneLine is Line with a limit in bytes.
func oneLine(s string, limit int) string {
	s = strings.Join(strings.FieldsFunc(strings.ToValidUTF8(s, "\ufffd"), blank), " ")
	if len(s) > limit {
		return strings.ToValidUTF8(s[:limit], "") + "..."
	}
	return s
}

func blank(r rune) bool { return unicode.IsSpace(r) || !unicode.IsPrint(r) }
