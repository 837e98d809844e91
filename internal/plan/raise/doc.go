// SPDX-License-Identifier: Apache-2.0

// Package raise computes by how much a change makes the fleet dearer in the end, and for which Workspaces.
package raise
