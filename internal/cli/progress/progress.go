// SPDX-License-Identifier: Apache-2.0

// Package progress shows on a terminal that a command is working, and for how long.
//
//	out, err, stop := progress.Show(os.Stdout, os.Stderr, []string{"plan", "--base", "main"})
//	defer stop()
package progress

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

// after is how long a command may take before the terminal shows that it works.
const after = 2 * time.Second

// Show shows on standard error how long the command of a command line has been working, if that is a terminal and it
// takes longer than two seconds. The line goes when the command prints anything to the streams that Show returns. stop
// ends it.
func Show(out, err io.Writer, args []string) (showingOut, showingErr io.Writer, stop func()) {
	if len(args) == 0 || slices.Contains(quiet, args[0]) || !color.Terminal(err) {
		return out, err, func() {}
	}
	p := &progress{err: err, what: what(args), start: time.Now(), done: make(chan struct{})}
	go p.run()
	return &writer{p: p, w: out, last: true}, &writer{p: p, w: err}, p.stop
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
	timer := time.NewTimer(after)
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

// writer is a stream of a command that shows progress.
type writer struct {
	p    *progress
	w    io.Writer
	last bool // after the first output, no progress is shown
}

// Write takes the line of progress away, and writes.
func (w *writer) Write(b []byte) (int, error) {
	w.p.mu.Lock()
	defer w.p.mu.Unlock()
	w.p.clear(w.last)
	return w.w.Write(b)
}

// Unwrap returns the stream itself.
func (w *writer) Unwrap() io.Writer { return w.w }
