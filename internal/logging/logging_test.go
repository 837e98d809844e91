// SPDX-License-Identifier: Apache-2.0

package logging_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"syncer.dev/syncer/internal/logging"
	"syncer.dev/syncer/internal/redact/redacttest"
)

// lines returns what a handler writes, without the time.
func lines(t *testing.T, b *bytes.Buffer) []string {
	t.Helper()
	var out []string
	for line := range strings.Lines(b.String()) {
		_, rest, _ := strings.Cut(line, " ")
		out = append(out, strings.TrimSpace(rest))
	}
	return out
}

// TestConfigure: a logger that was made before follows the configuration.
func TestConfigure(t *testing.T) {
	var b bytes.Buffer
	h := logging.New(&b)
	log := slog.New(h).With("cluster", "demo")
	log.Debug("unseen")
	log.Info("one", "workspace", "default/phi")
	h.Configure(logging.Text, slog.LevelWarn)
	log.Info("unseen")
	h.Configure(logging.JSON, slog.LevelDebug)
	log.Debug("two", "reason", "QuotaExceeded")
	if got := lines(t, &b)[0]; got != "level=INFO msg=one cluster=demo workspace=default/phi" {
		t.Errorf("text: %s", got)
	}
	text := strings.Split(strings.TrimSpace(b.String()), "\n")
	var record map[string]any
	if err := json.Unmarshal([]byte(text[len(text)-1]), &record); err != nil || len(text) != 2 {
		t.Fatalf("%v in %q", err, text)
	}
	delete(record, "time")
	if len(record) != 4 || record["msg"] != "two" || record["cluster"] != "demo" || record["reason"] != "QuotaExceeded" ||
		record["level"] != "DEBUG" {
		t.Errorf("JSON: %v", record)
	}
}

// TestLibrary: what a library logs is seen at the level debug only, with its name.
func TestLibrary(t *testing.T) {
	var b bytes.Buffer
	h := logging.New(&b)
	log := slog.New(logging.Library(h, "client-go"))
	log.Error("cannot list")
	if b.Len() > 0 {
		t.Errorf("seen at level info: %s", b.String())
	}
	h.Configure(logging.Text, slog.LevelDebug)
	log.Error("cannot list")
	if got := lines(t, &b); len(got) != 1 || got[0] != `level=DEBUG msg="cannot list" library=client-go severity=ERROR` {
		t.Errorf("got %q", got)
	}
}

// TestNoSecrets: neither format shows a secret, breaks a line, or controls a terminal.
func TestNoSecrets(t *testing.T) {
	for _, f := range []logging.Format{logging.Text, logging.JSON} {
		var b bytes.Buffer
		h := logging.New(&b)
		h.Configure(f, slog.LevelInfo)
		log := slog.New(h).WithGroup("g").With("attr", redacttest.Text())
		for _, text := range []string{redacttest.Text(), "a\nb\x1b[31m\u202e\x7f##vso[x]y", "\xff"} {
			b.Reset()
			log.Error(text, "error", errors.New(text), "key\n", text, "list", []string{text})
			redacttest.Look(t, string(f), b.String())
			line := strings.TrimSuffix(b.String(), "\n")
			if strings.ContainsAny(line, "\n\x1b\x7f\u202e") || strings.Contains(line, "##vso[") {
				t.Errorf("%s: %q", f, line)
			}
			if f == logging.JSON && !json.Valid([]byte(line)) {
				t.Errorf("not valid: %q", line)
			}
		}
	}
}
