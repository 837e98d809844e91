// SPDX-License-Identifier: Apache-2.0

// Package settled has what stays from one plan of the fleet to the next: the nodes with their sums by pool, and what
// else of a question decides which Workspaces stay where they run.
//
// For example, after one of many nodes has changed:
//
//	nodes := settled.NewNodes()
//	nodes.Update(all)
//	all[7].Ready = false
//	nodes.Update(all)            // the name of that node, and its pool
//	nodes.Sum(all[7].Pool).InUse // counted again, and only in that pool
package settled
