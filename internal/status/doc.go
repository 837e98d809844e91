// SPDX-License-Identifier: Apache-2.0

// Package status reports the state of each Workspace, with KAITO's conditions, and writes it as files for a Git branch.
//
// Observe returns a Report, Files turns Reports into bytes that depend on the values alone, Message into the message of
// the commit. The package reads no clock and counts nothing: without a change the bytes are the same.
package status
