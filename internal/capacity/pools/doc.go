// SPDX-License-Identifier: Apache-2.0

// Package pools compares the desired agent pools with the live ones and plans the changes.
//
//	desired + live pools ─> Plan ─> rules (hold back, replace) ─> package executor
//
// Plan makes the PoolChanges. The other exported functions are rules that edit changes in place; package plan calls
// them in order. Neither Plan nor a rule changes a pool without this cluster's owner tag.
//
// For example, a Workspace changes its size, so pool w1 of 1 node is desired no more and w2 of 1 node is desired:
//
//	Plan             create w2; w1 waits while a pod of the Workspace runs on it (Input.InUse)
//	CheckQuota       w2 lacks 24 vCPUs of its family: HoldBack turns "create w2" into a wait with that reason
//	HoldUnavailable  Azure refused the size of w2 an hour ago: the change waits until the offering is due again
//	next passes      create w2; w1 shrinks to zero nodes once it has no pod, and the pass after that deletes it
package pools
