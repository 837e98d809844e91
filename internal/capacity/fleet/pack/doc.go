// SPDX-License-Identifier: Apache-2.0

// Package pack solves the bin packing problem behind the plan of a fleet: it puts items into bins so that as few items
// as possible are left out and the bins cost least. It has no notion of Workspaces and sizes.
//
// A bin is a kind of node, and any number of its nodes may be created. An item takes a power of two of the node's GPUs,
// or whole nodes. Powers of two make the number of nodes a function of the sums alone: items of 2^l GPUs and more fit
// exactly when they take no more than the nodes have in pieces of 2^l, in any order. So a solution only counts how many
// items of each group take each choice, and its size does not grow with the fleet.
//
//	Solve: relaxed (no caps) ─> greedy ─> descend ─> exact, a few steps ─> anneal ─> descend ─> exact or dual bound
//
// Solve is exact for small programs, and bounded by steps for all: the same program always has the same solution.
package pack
