// SPDX-License-Identifier: Apache-2.0

// Package validation checks Workspace files offline, as "syncer validate" and people's editors see them: it reads each
// PATH, applies the rules of admission, sizes and renders each Workspace, and compares it with an earlier state.
// It prints what it finds.
//
//	PATHs ─> source.Reader ─> workspace.Set ─> engine.Offline ─> Problems
//	--base, --old ─> the earlier workspace.Set ─> immutable.Changes ─> Problems
package validation
