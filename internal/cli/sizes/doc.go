// SPDX-License-Identifier: Apache-2.0

// Package sizes answers "syncer size": how many nodes Workspaces or a preset need, and what speaks against a size. It
// counts as the planner does, and prints values of package answer.
//
//	PATH ─> source.Reader ─> engine.Offline ─> answer.Size
//	preset ─> sizing.Request ─> desired.NodeSource ─> answer.Size
//	either ─> kaito.Estimate ─> answer.Size (ByKAITO)
//	either ─> why.Verdict ─> answer.Verdict (Why)
package sizes
