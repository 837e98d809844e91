// SPDX-License-Identifier: Apache-2.0

package executor

import (
	"maps"
	"time"

	"syncer.dev/syncer/internal/capacity"
)

// patience is how many equal answers with a code that syncer does not know it takes until another size is tried. One
// may be an accident; the delays between three are a minute.
const patience = 3

// offering is what an answer with an unknown code was about.
type offering struct {
	size     string
	priority capacity.Priority
}

// streak counts equal answers in a row.
type streak struct {
	code string
	n    int
}

// repeated counts an answer with an unknown code, and reports whether it has come often enough to count as a refusal of
// the size.
func (e *Executor) repeated(size string, priority capacity.Priority, code string) bool {
	key := offering{size, priority}
	s := e.unknown[key]
	if s.code != code {
		s = streak{code: code}
	}
	s.n++
	e.unknown[key] = s
	return s.n >= patience
}

// Failure is an answer of Azure that ended or refused an operation on a pool.
type Failure struct {
	Code  string
	Class capacity.Class
}

// maxFailures bounds the distinct codes: a service that invents codes must not fill the memory.
const maxFailures = 200

// Failures returns how often each code has come since the process began.
func (e *Executor) Failures() map[Failure]int { return maps.Clone(e.failures) }

func (e *Executor) count(err *capacity.CloudError) {
	f := Failure{err.Code, err.Class}
	if _, known := e.failures[f]; !known && len(e.failures) >= maxFailures {
		f.Code = "other"
	}
	e.failures[f]++
}

// halt holds all writes of one kind back after an error that concerns the whole cluster: each other pool would only
// learn the same.
type halt struct {
	until time.Time
	err   *capacity.CloudError
	n     int // refusals in a row
}

// surfaceDelay returns the time until the next try of a write that only a person's action lets succeed, after n
// refusals in a row. Roles, policies and locks change without a notification.
func surfaceDelay(n int) time.Duration {
	return min(surfaceBackoff<<min(n, 8), maxSurfaceBackoff)
}

// halted returns the error that holds a change back because of the whole cluster, or nil. A pool whose own request has
// changed since it was refused is tried at once: its author may have acted.
func (e *Executor) halted(c capacity.PoolChange, now time.Time) error {
	h := e.halts[c.Op == capacity.Delete]
	if h.err == nil || !now.Before(h.until) {
		return nil
	}
	if p, refused := e.backoff[c.Name]; refused && p.request != "" && p.request != requestOf(c) {
		return nil
	}
	return h.err
}

// haltFor records an error that concerns the whole cluster.
func (e *Executor) haltFor(deletion bool, err *capacity.CloudError, now time.Time) {
	if !err.Class.ClusterWide() {
		return
	}
	h := e.halts[deletion]
	if h.err != nil && h.err.Class != err.Class {
		h.n = 0
	}
	h.until = now.Add(max(surfaceDelay(h.n), err.RetryAfter))
	h.err, h.n = err, h.n+1
	e.halts[deletion] = h
}
