// SPDX-License-Identifier: Apache-2.0

// Package snapshot shows the tree of a commit as a file system, from objects in memory: what is read is decoded then,
// and counts towards the limits. Names and content are hostile input. Pure.
//
//	s, err := snapshot.New(snapshot.Source{...}, limits, "workspaces")   // all below workspaces can be read, or an error
//	data, err := fs.ReadFile(s, "workspaces/phi-4.yaml")
package snapshot
