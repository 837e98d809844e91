// SPDX-License-Identifier: Apache-2.0

// Package question has what a plan of the fleet decides on: the Workloads, the pools and nodes that exist, and the
// quotas, limits and offerings. It says what follows from a question alone, before anything is decided: which options
// satisfy a Workload, who owns its pool, and who is served first.
//
// For example, a Workload that names a size has one option, and a pool that it or its InferenceSet owns:
//
//	n := question.Workload{Workspace: key, Set: "llama", Demand: demand}
//	n.Options() // the first one of demand
//	n.Owner()   // the set llama, whose replicas share the pool
//
// Package fleet answers.
package question
