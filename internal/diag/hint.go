// SPDX-License-Identifier: Apache-2.0

package diag

import (
	"context"
	"log/slog"
	"slices"
	"strings"
)

// Hinter is an error that knows what to do about it, and does not say so in its text. Every command prints the hint,
// and every line of the log that has the error has it, too.
type Hinter interface {
	error
	// Hint returns what to do, or "".
	Hint() string
}

// Hints returns the hints of an error and of all that it wraps, each once. A Diagnostic has none here: its text
// includes it.
func Hints(err error) []string {
	var out []string
	if h, ok := any(err).(Hinter); ok { // of this error alone: what it wraps follows
		if hint := h.Hint(); hint != "" {
			out = append(out, hint)
		}
	}
	var wrapped []error
	switch w := any(err).(type) {
	case interface{ Unwrap() error }:
		wrapped = []error{w.Unwrap()}
	case interface{ Unwrap() []error }:
		wrapped = w.Unwrap()
	}
	for _, inner := range wrapped {
		for _, hint := range Hints(inner) {
			if !slices.Contains(out, hint) {
				out = append(out, hint)
			}
		}
	}
	return out
}

// Redacted returns an error as redact writes it, with the hints as well. The text is all that is left of what it wraps.
func Redacted(err error, redact func(string) string) error {
	e := redactedError{text: redact(err.Error())}
	for _, hint := range Hints(err) {
		e.hints = append(e.hints, redact(hint))
	}
	return e
}

// redactedError is what may be shown of an error.
type redactedError struct {
	text  string
	hints []string
}

// Error returns the text.
func (e redactedError) Error() string { return e.text }

// Hint returns the hints.
func (e redactedError) Hint() string { return strings.Join(e.hints, "; ") }

// WithHints returns a handler that writes the hints of the errors among a record's attributes as an attribute "hint".
func WithHints(h slog.Handler) slog.Handler { return hintHandler{h} }

type hintHandler struct{ slog.Handler }

func (h hintHandler) Handle(ctx context.Context, r slog.Record) error {
	var hints []string
	r.Attrs(func(a slog.Attr) bool {
		if err, ok := a.Value.Any().(error); ok {
			hints = append(hints, Hints(err)...)
		}
		return true
	})
	if len(hints) > 0 {
		r = r.Clone()
		r.AddAttrs(slog.String("hint", strings.Join(hints, "; ")))
	}
	return h.Handler.Handle(ctx, r)
}

func (h hintHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return hintHandler{h.Handler.WithAttrs(attrs)}
}

func (h hintHandler) WithGroup(name string) slog.Handler {
	return hintHandler{h.Handler.WithGroup(name)}
}
