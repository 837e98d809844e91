// SPDX-License-Identifier: Apache-2.0

package diag

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"

	"syncer.dev/syncer/internal/redact"
)

// NewLogHandler returns the handler of syncer's log: one line of text for each record from a level up, with the hints
// of errors, without secrets, and without what a reader of logs takes for a command. A nil level is slog.LevelInfo.
func NewLogHandler(w io.Writer, level slog.Leveler) slog.Handler {
	return WithHints(slog.NewTextHandler(w, &slog.HandlerOptions{ReplaceAttr: logAttr, Level: level}))
}

// NewJSONLogHandler returns a handler as NewLogHandler does, whose lines are objects of JSON.
func NewJSONLogHandler(w io.Writer, level slog.Leveler) slog.Handler {
	return WithHints(slog.NewJSONHandler(jsonLines{w}, &slog.HandlerOptions{ReplaceAttr: logAttr, Level: level}))
}

// jsonLines escapes in each line what JSON need not escape. The handler writes a line at once.
type jsonLines struct{ w io.Writer }

func (j jsonLines) Write(line []byte) (int, error) {
	escaped := append(EscapeJSON(bytes.TrimSuffix(line, []byte("\n"))), '\n')
	if _, err := j.w.Write(escaped); err != nil {
		return 0, err
	}
	return len(line), nil
}

// logAttr makes an attribute fit to be logged. The text handler quotes what is not printable, line breaks among it.
func logAttr(_ []string, a slog.Attr) slog.Attr {
	a.Key = logText(a.Key)
	v := a.Value.Resolve()
	switch v.Kind() {
	case slog.KindString:
		a.Value = slog.StringValue(logText(v.String()))
	case slog.KindAny:
		switch v := v.Any().(type) {
		case slog.Level, time.Time:
		case error:
			a.Value = slog.StringValue(logText(v.Error()))
		default:
			a.Value = slog.StringValue(logText(fmt.Sprint(v)))
		}
	}
	return a
}

// logText leaves alone what the text handler quotes. It does not quote DEL.
func logText(s string) string {
	return strings.ReplaceAll(withoutLogCommand(redact.Text(s)), "\x7f", `\x7f`)
}
