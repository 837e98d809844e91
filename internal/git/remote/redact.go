// SPDX-License-Identifier: Apache-2.0

package remote

import (
	"errors"
	"strings"
	"unicode"

	"github.com/go-git/go-git/v5/plumbing"

	"syncer.dev/syncer/internal/redact"
)

// maxServerText limits the length of a server's message in an error.
const maxServerText = 600

// redactor makes what a server said fit to be shown. It learns our secrets as they are used.
type redactor struct{ known redact.Known }

// text returns s for display: without secrets, on one line, printable, and not longer than a paragraph.
func (r *redactor) text(s string) string {
	s = r.known.Text(s)
	s = strings.Join(strings.FieldsFunc(s, func(c rune) bool { return unicode.IsSpace(c) || !unicode.IsPrint(c) }), " ")
	if len(s) > maxServerText {
		s = strings.ToValidUTF8(s[:maxServerText], "") + "..."
	}
	return s
}

// error returns err with its text redacted. Its causes can be matched, but not reached.
func (r *redactor) error(err error) error {
	if err == nil {
		return nil
	}
	return &redactedError{text: r.text(unwrapped(err).Error()), cause: err}
}

type redactedError struct {
	text  string
	cause error
}

func (e *redactedError) Error() string        { return e.text }
func (e *redactedError) Is(target error) bool { return errors.Is(unwrapped(e.cause), target) }

// unwrapped strips the wrappers of go-git that say nothing and hide their cause from errors.Is.
func unwrapped(err error) error {
	for {
		switch e := any(err).(type) { // one wrapper after the other
		case *plumbing.UnexpectedError:
			err = e.Err
		case *plumbing.PermanentError:
			err = e.Err
		default:
			return err
		}
	}
}
