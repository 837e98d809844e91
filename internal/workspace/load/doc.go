// SPDX-License-Identifier: Apache-2.0

// Package load reads the files of a repository into a workspace.Set.
//
// It reads a tree of YAML files strictly and keeps the position of every field. A file that is wrong becomes
// Diagnostics and costs only the documents in it: one bad document never hides another. It performs no I/O of its own;
// the caller hands in an fs.FS, and all that comes out of it counts as hostile.
//
//	files ─ find ─> documents ─ decode ─> Workspaces, InferenceSets, objects ─> references between them, digests
package load
