// SPDX-License-Identifier: Apache-2.0

// Package wanted makes the pools that a plan of the fleet wants, with their labels, taints, zones, disk and cost.
//
// A pool is that of a class of shared nodes, that of one Workspace or set, or a live pool with another number of nodes.
// The caller has decided which one, and how many nodes it has. For example:
//
//	pools := wanted.Pools{Question: &in, Prices: prices}
//	pools.Own(workload, option, 2)                // a pool of two nodes that the Workspace or its set owns
//	pools.Live(&in.Pools[0], in.Pools[0].Count-1) // the pool that exists, with one node less
package wanted
