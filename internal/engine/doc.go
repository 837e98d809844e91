// SPDX-License-Identifier: Apache-2.0

// Package engine makes the plan: it is the only composition of reading a revision, sizing, planning nodes, rendering
// and comparing.
//
//	Revision ─ Load ─> Input ─ Resolve ─> Input with the objects of the cluster that Workspaces name
//	                                        │ + Observed
//	                                      Desire ─> objects, pools
//	                                        │ Preview: the API server's verdict by dry run
//	                                      compare ─> Plan
//
// The loop acts on the Plan; the commands print it, or a named part of it. Both call the same functions, so that they
// agree.
package engine
