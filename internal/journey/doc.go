// SPDX-License-Identifier: Apache-2.0

// Package journey follows each commit from the push until all Workspaces that it changes are ready, and says its way as
// spans: one trace a commit. It only looks at the outcomes of passes, as metrics and notifications do, so that no pass
// knows of it.
//
//	commit 9be0d11 ─┬─ fetch, plan
//	                ├─ pool     wphi4x7k2m9: from its creation until all its nodes are ready
//	                ├─ rollout  default/phi waits for its turn to restart
//	                ├─ wait     default/phi waits for something else: a place, a review, a switch
//	                ├─ apply    default/phi: its objects are written
//	                ├─ health   default/phi: from then until it is Ready, Running, Succeeded or Failed
//	                └─ record   a status commit is pushed
//
// A commit that changes nothing has no trace. The trace ends when each Workspace that the commit changed is done, has
// failed, or is overtaken: a newer commit changes it again.
//
// The identifiers follow from the cluster, the commit and what a span is about. So a process that continues after
// another one, by the status branch, adds to the same trace, and nothing is kept for it. The whole way is sent by the
// process that sees its end.
package journey
