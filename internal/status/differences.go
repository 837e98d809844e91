// SPDX-License-Identifier: Apache-2.0

package status

import (
	"iter"
	"slices"

	"syncer.dev/syncer/internal/workspace"
)

// Find returns the place of the Report on a Workspace among Reports in the order of their keys, and whether there is
// one.
func Find(reports []*Report, k workspace.Key) (int, bool) {
	return slices.BinarySearchFunc(reports, k, func(r *Report, k workspace.Key) int { return r.Key.Compare(k) })
}

// Differences compares two sets of Reports, each in the order of its keys, and yields those of each Workspace that may
// differ: one of them is nil if only the other exists. Reports never change, so that the same pointer is the same
// Report, and costs nothing.
func Differences(before, after []*Report) iter.Seq2[*Report, *Report] {
	return func(yield func(was, is *Report) bool) {
		for len(before) > 0 || len(after) > 0 {
			var was, is *Report
			switch order := first(before, after); {
			case order < 0:
				was, before = before[0], before[1:]
			case order > 0:
				is, after = after[0], after[1:]
			default:
				was, is = before[0], after[0]
				before, after = before[1:], after[1:]
			}
			if was != is && !yield(was, is) {
				return
			}
		}
	}
}

// first says which of two sets has the first key.
func first(a, b []*Report) int {
	switch {
	case len(a) == 0:
		return 1
	case len(b) == 0:
		return -1
	case a[0] == b[0]:
		return 0
	}
	return a[0].Key.Compare(b[0].Key)
}
