// SPDX-License-Identifier: Apache-2.0

package simulate

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

// trace is what happened, a line for each step. It keeps the last lines and the digest of all.
type trace struct {
	sum   hash.Hash
	lines []string
	steps int
	began time.Time
}

func newTrace() trace { return trace{sum: sha256.New(), began: time.Now()} }

// step adds a line. who is the process, or "-" for the world.
func (t *trace) step(who, what, how string) {
	t.steps++
	line := fmt.Sprintf("%6d %12s  %s  %-40s %s", t.steps, time.Since(t.began).Truncate(time.Second), who, what, how)
	line = strings.TrimRight(line, " ")
	fmt.Fprintln(t.sum, line)
	if t.lines = append(t.lines, line); len(t.lines) > 2*kept {
		t.lines = slices.Delete(t.lines, 0, kept)
	}
}

// note adds to the last line what came of the step.
func (t *trace) note(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	fmt.Fprintln(t.sum, text)
	if n := len(t.lines); n > 0 {
		t.lines[n-1] += " " + text
	}
}

// digest identifies everything that happened.
func (t *trace) digest() string { return fmt.Sprintf("%x", t.sum.Sum(nil)) }

// last returns the last lines.
func (t *trace) last() []string { return slices.Clone(t.lines[max(0, len(t.lines)-kept):]) }
