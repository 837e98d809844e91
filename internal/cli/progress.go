// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"syncer.dev/syncer/internal/cli/color"
)

// quiet are the commands that talk all the time, or wait for a person.
var quiet = []string{"run", "completion", "__complete", "help"}

// progressAfter is how long a command may take before the terminal shows that it works.
const progressAfter = 2 * time.Second

// withProgress shows on standard error how long a command has been working, if that is a terminal and it takes longer
// than two seconds. The line goes when the command prints anything. stop ends it.
func withProgress(std Stdio, args []string) (with Stdio, stop func()) {
	if len(args) == 0 || slices.Contains(quiet, args[0]) || !color.Terminal(std.Err) {
		return std, func() {}
	}
	p := &progress{err: std.Err, what: what(args), start: time.Now(), done: make(chan struct{})}
	std.Err = &progressWriter{p: p, w: std.Err}
	std.Out = &progressWriter{p: p, w: std.Out, last: true}
	go p.run()
	return std, p.stop
}

// what names a command for people: its words without flags and paths.
func what(args []string) string {
	words := []string{"syncer"}
	for _, a := range args[:min(2, len(args))] {
		if strings.HasPrefix(a, "-") || len(words) > 1 && args[0] != "presets" && args[0] != "prices" {
			break
		}
		words = append(words, a)
	}
	return strings.Join(words, " ")
}

// progress is a line of a terminal.
type progress struct {
	err   io.Writer
	what  string
	start time.Time
	done  chan struct{}

	mu    sync.Mutex
	shown bool // the line is there
	over  bool // it does not come again
}

func (p *progress) run() {
	timer := time.NewTimer(progressAfter)
	defer timer.Stop()
	for {
		select {
		case <-p.done:
			return
		case <-timer.C:
			p.show()
			timer.Reset(time.Second)
		}
	}
}

func (p *progress) show() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.over {
		fmt.Fprintf(p.err, "\r\x1b[K%s works, for %d s; Ctrl-C ends it", p.what, int(time.Since(p.start).Seconds()))
		p.shown = true
	}
}

// clear takes the line away, so that something else can be printed.
func (p *progress) clear(forGood bool) {
	if p.shown {
		fmt.Fprint(p.err, "\r\x1b[K")
	}
	p.shown = false
	if forGood && !p.over {
		p.over = true
		close(p.done)
	}
}

func (p *progress) stop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clear(true)
}

// progressWriter is a stream of a command that shows progress.
type progressWriter struct {
	p    *progress
	w    io.Writer
	last bool // after the first output, no progress is shown
}

// Write takes the line of progress away, and writes.
func (w *progressWriter) Write(b []byte) (int, error) {
	w.p.mu.Lock()
	defer w.p.mu.Unlock()
	w.p.clear(w.last)
	return w.w.Write(b)
}

// Unwrap returns the stream itself.
func (w *progressWriter) Unwrap() io.Writer { return w.w }
