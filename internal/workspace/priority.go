// SPDX-License-Identifier: Apache-2.0

package workspace

import (
	"cmp"
	"slices"
)

// AnnotationPriority says how urgent a Workspace is: "low", "normal" or "high". Where nodes, quota or a limit do not
// suffice for all, a higher priority goes first. The configuration caps it for each namespace.
const AnnotationPriority = "syncer.dev/priority"

// Priority is how urgent a Workspace is.
type Priority string

// The priorities.
const (
	Low    Priority = "low"
	Normal Priority = "normal"
	High   Priority = "high"
)

// Priorities lists all priorities, the lowest first.
var Priorities = []Priority{Low, Normal, High}

// Priority returns the priority that the Workspace asks for: Normal without a valid annotation.
func (w *Workspace) Priority() Priority {
	if p := Priority(w.Annotations[AnnotationPriority]); slices.Contains(Priorities, p) {
		return p
	}
	return Normal
}

// Compare returns -1 for a lower priority than the other, 1 for a higher one, 0 for the same. The zero value is Normal.
func (p Priority) Compare(other Priority) int { return cmp.Compare(p.level(), other.level()) }

func (p Priority) level() int {
	switch p {
	case Low:
		return 0
	case High:
		return 2
	}
	return 1
}
