// SPDX-License-Identifier: Apache-2.0

package limit

import (
	"slices"
	"time"
)

// The size of a window: at first and at most. A change of a few Workspaces is over before a window has grown. The last
// is below the 100 streams of one HTTP/2 connection that the API server allows, so that watches find room.
const (
	First = 32
	Most  = 64
)

// How many requests may wait at the server: with fewer the window grows, with more it shrinks, but not below manyWait:
// one very fast answer cannot hold it down. As in TCP Vegas, with much more room: writes that wait together are written
// together, since etcd syncs its log once for all of them. On a server of two cores 4,000 bare requests took 20.4 s
// with 4 in flight, 18.8 with 8, 14.6 with 16, 11.1 with 32 and 9.2 with 64 (measured: BenchmarkCold in
// internal/apply).
const (
	fewWait  = 40
	manyWait = 56
)

// Answer is how a request has ended.
type Answer struct {
	Class string        // requests of one class take about as long: the method, and whether it is a dry run
	Took  time.Duration // until the first byte of the answer
	// RetryAfter is the pause that the server asks for. Zero is none.
	RetryAfter time.Duration
	Failed     bool // no answer: it says nothing about the server
}

// window is the decision. It reads no clock.
type window struct {
	size    float64
	fastest map[string]time.Duration // by class
	ratios  []float64                // how much longer the answers took since the last decision
	full    bool                     // a request had to wait since then
	started bool                     // the first answer that waited has been seen: it grows slowly from here
	cut     time.Time                // when it was halved; requests sent before do not halve it again
}

// places returns how many requests may be in flight.
func (w *window) places() int { return max(1, int(w.size)) }

// answered takes the answer to a request that was sent at a time into account.
func (w *window) answered(sent, now time.Time, a Answer) {
	switch {
	case a.Failed:
		return
	case a.RetryAfter > 0:
		w.started = true
		if sent.After(w.cut) {
			w.size, w.cut = max(1, w.size/2), now
		}
		w.ratios, w.full = w.ratios[:0], false
		return
	}
	took := max(a.Took, time.Microsecond)
	fastest, ok := w.fastest[a.Class]
	if !ok || took < fastest {
		fastest = took
	}
	w.ratios = append(w.ratios, float64(took)/float64(fastest))
	w.fastest[a.Class] = fastest
	if len(w.ratios) >= w.places() {
		w.decide()
	}
}

// decide looks at one window of answers.
func (w *window) decide() {
	slices.Sort(w.ratios)
	waiting := w.size * (1 - 1/w.ratios[len(w.ratios)/2])
	switch {
	case waiting > manyWait:
		w.size, w.started = max(1, w.size-1), true
	case waiting >= fewWait || !w.full:
		w.started = w.started || w.full
	case w.started:
		w.size = min(Most, w.size+1)
	default:
		w.size = min(Most, w.size*2)
	}
	w.ratios, w.full = w.ratios[:0], false
}
