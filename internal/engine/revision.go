// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"io/fs"
	"time"
)

// Revision is one commit of the source, seen as files.
type Revision struct {
	Commit string // hash
	// CommittedAt is when it was committed; zero if that is not known.
	CommittedAt time.Time
	Subject     string // first paragraph of its message; "" if that is not known
	Files       fs.FS  // of the whole commit; never nil
	Root        string // source.path, the folder of Files that is read; all of Files when empty
	// Inputs identifies the content of Root, and of what Root refers to elsewhere. Two Revisions with equal Inputs have
	// the same desired state, even from other authors. A change of Inputs makes a pass due; a new commit does not.
	Inputs string
	// AllowEmpty reports that the author of the commit confirmed the removal of the last Workspace.
	AllowEmpty bool
	// AllowDelete is how many deletions its author allows at once; see package mass.
	AllowDelete int
	// Notices are messages about the revision for the log, such as a rewritten branch.
	Notices []string
}
