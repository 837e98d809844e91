// SPDX-License-Identifier: Apache-2.0

// Package find tells which files of a tree count as input, and how each is read: alone, as a patch, or as a part of a
// kustomization. It reads only the files that decide about this: IgnoreFiles, and what kustomizations refer to. It
// performs no I/O of its own; names and content count as hostile.
package find
