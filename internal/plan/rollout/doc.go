// SPDX-License-Identifier: Apache-2.0

// Package rollout decides which serving Workspaces may restart now, so that a change of many is no outage of all.
//
//	plan:  Due, whose change interrupts serving ─┐
//	live:  UnderWay, not healthy again ──────────┴─ Decide ─> Wait, of those that do not go now
//
// A Workspace that restarts takes one of the places that rollout.maxInterrupted gives, until it is healthy on its
// newest version. The next in order takes its place. If one fails, no other follows that the same fault may hit.
//
// Nothing is remembered. What is under way is seen on the live workloads, and what has served before in the last
// reports, so that another process continues where this one stopped. The order depends on the Workspaces alone, so that
// each pass gives the places to the same ones.
package rollout
