// SPDX-License-Identifier: Apache-2.0

// Package summary is what all texts of a plan have in common: which values of a Workspace differ, what becomes of
// serving, what blocks the change or should be read first, and which changes need only one line.
//
//	plan.Plan ─┬─> Differences, ServingOf        of one Workspace
//	           ├─> Blockers, Cautions, Facts     of all, those with equal words as one
//	           └─> ChangesOf, Together           the steps, by Workspace
//
// The texts are not escaped: package terminal and package markdown do that, each in its own way.
package summary
