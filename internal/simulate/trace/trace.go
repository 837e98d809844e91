// SPDX-License-Identifier: Apache-2.0

// Package trace keeps what happened in a simulation, as lines and as a digest.
package trace

import (
	"crypto/sha256"
	"fmt"
	"hash"
	"slices"
	"strings"
	"time"
)

// kept is how many lines a failure shows.
const kept = 30

// Trace is what happened, a line for each step. It keeps the last lines and the digest of all.
type Trace struct {
	sum   hash.Hash
	lines []string
	Steps int
	began time.Time
}

// New returns an empty Trace that begins now.
func New() Trace { return Trace{sum: sha256.New(), began: time.Now()} }

// Step adds a line. who is the process, or "-" for the world.
func (t *Trace) Step(who, what, how string) {
	t.Steps++
	line := fmt.Sprintf("%6d %12s  %s  %-40s %s", t.Steps, time.Since(t.began).Truncate(time.Second), who, what, how)
	line = strings.TrimRight(line, " ")
	fmt.Fprintln(t.sum, line)
	if t.lines = append(t.lines, line); len(t.lines) > 2*kept {
		t.lines = slices.Delete(t.lines, 0, kept)
	}
}

// Note adds to the last line what came of the step.
func (t *Trace) Note(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	fmt.Fprintln(t.sum, text)
	if n := len(t.lines); n > 0 {
		t.lines[n-1] += " " + text
	}
}

// Digest identifies everything that happened.
func (t *Trace) Digest() string { return fmt.Sprintf("%x", t.sum.Sum(nil)) }

// Last returns the last lines.
func (t *Trace) Last() []string { return slices.Clone(t.lines[max(0, len(t.lines)-kept):]) }
