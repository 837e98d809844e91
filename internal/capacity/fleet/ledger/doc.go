// SPDX-License-Identifier: Apache-2.0

// Package ledger counts what the nodes of a fleet use of quotas, limits and shares, and says in words what is short.
//
// A row is one limit over all pools: the vCPUs of a family, of the region or of spot, the nodes, or their hourly cost.
// For each namespace with a share every row has another one, for the part that the namespace may use. For example, a
// quota of 96 vCPUs of a family, of which nodes of others use 24, leaves 72; a size of 48 vCPUs fits once:
//
//	used := l.Taken                           // nothing yet
//	l.Shortages(Request{..., Nodes: 2}, used) // one row: 96 vCPUs are asked for, 24 of them are missing
//
// Rows come in a fixed order, so that package pack can count with their numbers.
package ledger
