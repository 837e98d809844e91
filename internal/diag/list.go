// SPDX-License-Identifier: Apache-2.0

package diag

import "slices"

// List is several Diagnostics.
type List []Diagnostic

// Unique returns the list in the order of places, with each text once.
func (l List) Unique() List {
	sorted := slices.SortedStableFunc(slices.Values(l), Diagnostic.Compare)
	return slices.CompactFunc(sorted, func(a, b Diagnostic) bool { return a.String() == b.String() })
}

// Errors counts the errors: warnings do not count.
func (l List) Errors() int {
	n := 0
	for _, d := range l {
		if d.Severity == Error {
			n++
		}
	}
	return n
}
