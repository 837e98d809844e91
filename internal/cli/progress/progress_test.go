// SPDX-License-Identifier: Apache-2.0

package progress

import (
	"bytes"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestProgress says that a command that works for long shows that, and that its output takes the line away.
func TestProgress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var err, out bytes.Buffer
		p := &progress{err: &err, what: what([]string{"size", "a.yaml"}), start: time.Now(), done: make(chan struct{})}
		go p.run()
		said := func() string { // the line is written by another goroutine
			p.mu.Lock()
			defer p.mu.Unlock()
			return err.String()
		}
		talk, answer := &writer{p: p, w: &err}, &writer{p: p, w: &out, last: true}
		time.Sleep(after - time.Millisecond)
		synctest.Wait()
		if text := said(); text != "" {
			t.Errorf("too early: %q", text)
		}
		time.Sleep(1500 * time.Millisecond)
		synctest.Wait()
		if text := said(); strings.Count(text, "\r\x1b[Ksyncer size works, for ") != 2 {
			t.Errorf("%q", text)
		}
		_, _ = talk.Write([]byte("a warning\n"))
		if text := said(); !strings.HasSuffix(text, "Ctrl-C ends it\r\x1b[Ka warning\n") {
			t.Errorf("%q", text)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		_, _ = answer.Write([]byte("the answer\n"))
		before := said()
		time.Sleep(time.Minute)
		synctest.Wait()
		if p.stop(); said() != before || out.String() != "the answer\n" || answer.Unwrap() != &out {
			t.Errorf("%q, %q", strings.TrimPrefix(said(), before), out.String())
		}
	})
	for want, args := range map[string][]string{
		"syncer validate":     {"validate", "--prune", "."},
		"syncer presets show": {"presets", "show", "phi-4"},
		"syncer":              {"--help"},
	} {
		if got := what(args); got != want {
			t.Errorf("%q: %q", args, got)
		}
	}
	var out, talk bytes.Buffer
	if a, b, _ := Show(&out, &talk, []string{"size"}); a != &out || b != &talk {
		t.Error("without a terminal, the streams are not the same")
	}
}
