// SPDX-License-Identifier: Apache-2.0

// Package fleet plans the nodes of all Workspaces together: which pools should exist, and which Workspace runs
// on which.
//
// Plan is pure. The same Input always gives the same Result:
//
//	queue    the order in which Workspaces are served, by capacity.Standing
//	bind     running Workspaces stay, named sizes get a pool of their own
//	place    the rest shares pools, packed by package pack within quota and limits
//	serve    if not all found a place: one after another, in that order
//	preempt  a higher priority takes what a lower one has, if that is allowed
//	improve  servers move where the saving pays for the move, one group at a time
//	result   assignments become pools and bindings
//
// For example, Workspace a runs on one of the two GPUs of pool s1, Workspace b names a size, and Workspaces c and d are
// new and need one GPU each:
//
//	bind     a -> s1; b -> its own pool wb
//	place    c -> the free GPU of s1; d -> a new node, of the class with the lowest price that quota and limits allow
//	improve  nothing: moving a to the node of d saves less than the move costs
//	result   pools s1 (1 node), s2 (1 node), wb (1 node); bindings a: s1, b: wb, c: s1, d: s2
//
// The planner treats the fleet as bin packing: a nodeclass.Class is a kind of bin, an assignment is an item with its
// bin. Package ledger counts what the bins use of quotas and limits. Package question has the Input, package wanted
// makes the pools, and package words has what users read. An unplaced Workspace keeps the nodes on which it runs;
// Unplaced has the reason and what the user can do.
package fleet
