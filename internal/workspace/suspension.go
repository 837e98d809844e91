// SPDX-License-Identifier: Apache-2.0

package workspace

import (
	"time"

	"syncer.dev/syncer/internal/diag"
)

// Suspension is one document of kind Suspend: while it holds, nothing of what it selects changes. It is not the
// annotation AnnotationSuspend, which scales a Workspace to zero.
type Suspension struct {
	Name     string
	Reason   string    // for people; empty if it cannot be read
	Until    time.Time // when it ends; zero: when its document is removed
	Selector SuspensionSelector
	Source   diag.Position
	// Unreadable is why the document, or the file that may hold one, cannot be read in full. What cannot be read selects
	// everything, and does not end.
	Unreadable string
}

// SuspensionSelector selects Workspaces; each list or map that is not empty must match. The zero value selects all.
type SuspensionSelector struct {
	Namespaces []string
	// Names are globs as of path.Match, on the name of a Workspace or of its InferenceSet.
	Names       []string
	MatchLabels map[string]string
}

// All reports whether it selects everything, and not only some Workspaces.
func (s SuspensionSelector) All() bool {
	return len(s.Namespaces) == 0 && len(s.Names) == 0 && len(s.MatchLabels) == 0
}
