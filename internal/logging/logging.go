// SPDX-License-Identifier: Apache-2.0

package logging

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync/atomic"

	"syncer.dev/syncer/internal/diag"
)

// Format is the form of a line.
type Format string

// The formats.
const (
	Text Format = "text" // key=value
	JSON Format = "json"
)

// Formats are all valid values.
func Formats() []string { return []string{string(Text), string(JSON)} }

// Levels are the names of the levels, from the one that shows most.
func Levels() []string { return []string{"debug", "info", "warn", "error"} }

// Level returns the level of a name among Levels.
func Level(name string) (slog.Level, error) {
	var l slog.Level
	if err := l.UnmarshalText([]byte(strings.ToUpper(name))); err != nil {
		return l, fmt.Errorf("%q is not a level: %w", name, err)
	}
	return l, nil
}

// Handler writes records in the format, and from the level, that Configure has set last. It is safe for concurrent use.
type Handler struct {
	settings   *settings
	text, json slog.Handler
}

// settings are shared by all handlers that were derived from one.
type settings struct {
	level  slog.LevelVar
	asJSON atomic.Bool
}

// New returns a handler that writes text from the level info up.
func New(w io.Writer) *Handler {
	s := &settings{}
	return &Handler{settings: s, text: diag.NewLogHandler(w, &s.level), json: diag.NewJSONLogHandler(w, &s.level)}
}

// Configure sets the format and the level, also for the handlers that were derived before.
func (h *Handler) Configure(f Format, level slog.Level) {
	h.settings.level.Set(level)
	h.settings.asJSON.Store(f == JSON)
}

// Enabled implements slog.Handler.
func (h *Handler) Enabled(_ context.Context, l slog.Level) bool { return l >= h.settings.level.Level() }

// Handle implements slog.Handler.
func (h *Handler) Handle(ctx context.Context, r slog.Record) error {
	if h.settings.asJSON.Load() {
		return h.json.Handle(ctx, r)
	}
	return h.text.Handle(ctx, r)
}

// WithAttrs implements slog.Handler.
func (h *Handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &Handler{h.settings, h.text.WithAttrs(attrs), h.json.WithAttrs(attrs)}
}

// WithGroup implements slog.Handler.
func (h *Handler) WithGroup(name string) slog.Handler {
	return &Handler{h.settings, h.text.WithGroup(name), h.json.WithGroup(name)}
}

// Library returns a handler for the log of a library, with its name. All of its records are of the level debug: what
// they report fails a step of syncer, which logs that once, where the library logs each attempt.
func Library(h slog.Handler, name string) slog.Handler {
	return library{h.WithAttrs([]slog.Attr{slog.String("library", name)})}
}

type library struct{ slog.Handler }

func (l library) Enabled(ctx context.Context, _ slog.Level) bool {
	return l.Handler.Enabled(ctx, slog.LevelDebug)
}

func (l library) Handle(ctx context.Context, r slog.Record) error {
	if r.Level != slog.LevelDebug {
		r = r.Clone()
		r.AddAttrs(slog.String("severity", r.Level.String()))
		r.Level = slog.LevelDebug
	}
	return l.Handler.Handle(ctx, r)
}

func (l library) WithAttrs(attrs []slog.Attr) slog.Handler {
	return library{l.Handler.WithAttrs(attrs)}
}
func (l library) WithGroup(name string) slog.Handler { return library{l.Handler.WithGroup(name)} }
