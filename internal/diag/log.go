// SPDX-License-Identifier: Apache-2.0

package diag

import (
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"

	"syncer.dev/syncer/internal/redact"
)

// NewLogHandler returns the handler of syncer's log: one line of text for each record, with the hints of errors,
// without secrets, and without what a reader of logs takes for a command.
func NewLogHandler(w io.Writer) slog.Handler {
	return WithHints(slog.NewTextHandler(w, &slog.HandlerOptions{ReplaceAttr: logAttr}))
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
