// SPDX-License-Identifier: Apache-2.0

// Package lease elects the one process that writes, by a Lease of Kubernetes and client-go's election.
//
// Run alternates between two phases, which never overlap: in one the process follows, in the other it leads. The lease
// is given back only when leading has ended, so that the next leader starts with nothing of this one under way. What
// cannot be waited for, because the process was stopped or the API server was away, is refused by a fence.Fence, which
// every successful renewal opens for the life of the lease.
package lease
