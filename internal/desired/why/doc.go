// SPDX-License-Identifier: Apache-2.0

// Package why answers why a Workspace gets one size or not: a verdict that takes sizing, limits and all other
// Workspaces into account.
package why
