// SPDX-License-Identifier: Apache-2.0

// Package suspend writes and removes the documents that stop changes: in the repository of the working folder, or on
// the branch that is followed.
package suspend
