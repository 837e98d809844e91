// SPDX-License-Identifier: Apache-2.0

// Package statusbranch reads and writes the status of one cluster on the status branch, and keeps its history short.
//
// A Recorder serves the loop, and writes. A Reader serves commands, which may also have the branch in a clone only.
package statusbranch
