// SPDX-License-Identifier: Apache-2.0

// Package fence keeps a process from writing after it may have lost its lease.
//
// An election alone cannot do that: a process that was stopped between its last look at the lease and a write does not
// know that another one leads meanwhile. So the adapters ask MayWrite right before each request that writes, and the
// answer follows from the age of the lease alone:
//
//	f.Renewed(sent)      the server has taken the lease that was sent then
//	f.MayWrite()         nil, until the lease is older than its limit
//	f.Close()            the lease is given back, or lost
//
// A request that is on its way cannot be called back. It is conditional: on a resourceVersion, an ETag, or the commit
// that a branch is at.
package fence
