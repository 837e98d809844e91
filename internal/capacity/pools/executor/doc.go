// SPDX-License-Identifier: Apache-2.0

// Package executor carries out changes to agent pools. It decides how many operations run at once, when to retry after
// an error, and which offerings an error makes unavailable.
//
// A pass of the reconciler calls it in this order:
//
//	Complete ─> Observe ─> Quota, Unavailable, Unprovisionable (inputs of the plan) ─> Ensure, Release
//
// For example, with a change that creates pool w1:
//
//	pass 1  Ensure    the limiter has room: Azure accepts the create, and the quota reserves its vCPUs
//	pass 2  Observe   w1 is Creating. Ensure starts nothing for w1
//	pass 3  Observe   w1 is Failed with AllocationFailed: the size becomes unavailable, and the plan takes another one
//
// Operations start and return; the next Observe reads their end from the list of pools. Memory holds pacing only. A
// restart finds everything else in the state and tags of the pools, and in Unavailable, which the caller persists.
package executor
