// SPDX-License-Identifier: Apache-2.0

// Package inquiry asks the API server what the page of syncer needs to know: whose a token is, what its owner may list,
// and what has happened to the objects of a Workspace. Nothing of it writes, so that every replica asks, also one that
// may not write.
package inquiry
