// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"maps"
	"slices"
)

// Last is a question to Plan with its answer, for the next question: most are the same. It is for one list of prices.
// It is read only, and safe for concurrent use.
type Last struct {
	in     Input
	order  []int // of in.Workloads, as they are served
	result Result
}

// Plan is the function Plan, which may return the answer of the last question; last is nil for none. next is for the
// question after this one; it keeps the Workloads and Nodes of in, which must not change.
func (l *Last) Plan(in Input) (result Result, next *Last) {
	result, order := Result{}, []int(nil)
	if l.answers(&in) {
		result, order = l.result, l.order
	} else if result, order = plan(in); len(result.Verdicts) > 0 { // callers complete them
		return result, nil
	}
	// Callers may keep and change these.
	in.Pools, in.Unprovisionable = slices.Clone(in.Pools), maps.Clone(in.Unprovisionable)
	return result, &Last{in, order, result}
}

// answers reports whether the last answer is that of in: all that Plan looks at is equal. The digests of Workloads only
// decide in which order they are served.
func (l *Last) answers(in *Input) bool {
	if l == nil {
		return false
	}
	same, digests := in.Same(&l.in)
	return same && (!digests || len(l.result.Unplaced) == 0 && in.InOrder(l.order))
}
