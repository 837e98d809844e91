// SPDX-License-Identifier: Apache-2.0

package diag

import (
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"

	"syncer.dev/syncer/internal/redact"
)

// Sprintf is fmt.Sprintf for text that people read: the format is ours, and the arguments may come from anyone. The
// result has the lines of the format and no others, starts no command, and shows no secret.
func Sprintf(format string, args ...any) string {
	if false {
		_ = fmt.Sprintf(format, args...) // so that vet checks formats
	}
	safe := make([]any, len(args))
	for i, a := range args {
		safe[i] = a
		switch reflect.ValueOf(a).Kind() {
		case reflect.Bool, reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
			reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Float32, reflect.Float64:
		default:
			safe[i] = foreign{a}
		}
	}
	all := strings.Split(fmt.Sprintf(format, safe...), "\n")
	for i := range all {
		all[i] = EscapeText(all[i]) // for itself: a secret that seems to span lines would take their breaks along
	}
	return strings.Join(all, "\n")
}

// Fprintf writes what Sprintf returns.
func Fprintf(w io.Writer, format string, args ...any) (int, error) {
	if false {
		_ = fmt.Sprintf(format, args...) // so that vet checks formats
	}
	return io.WriteString(w, Sprintf(format, args...))
}

// foreign is an argument that anyone may have written.
type foreign struct{ value any }

// Format writes the argument as it would be, on one line.
func (f foreign) Format(s fmt.State, verb rune) {
	text := fmt.Sprintf(fmt.FormatString(s, verb), f.value)
	_, _ = io.WriteString(s, visible(redact.Text(text))) // into the buffer of Sprintf
}

// ErrorLines returns the text of an error for people, by line: one for each of several errors that were joined, and one
// for each that an error lists itself in a method Lines.
func ErrorLines(err error) []string {
	var listed interface{ Lines() []string }
	if errors.As(err, &listed) && strings.Join(listed.Lines(), "\n") == err.Error() {
		var out []string
		for _, line := range listed.Lines() {
			out = append(out, EscapeText(line))
		}
		return out
	}
	if joined, ok := any(err).(interface{ Unwrap() []error }); ok {
		var texts, out []string
		for _, inner := range joined.Unwrap() {
			texts = append(texts, inner.Error())
			out = append(out, ErrorLines(inner)...)
		}
		if strings.Join(texts, "\n") == err.Error() {
			return out
		}
	}
	return []string{EscapeText(err.Error())}
}
