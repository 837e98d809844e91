// SPDX-License-Identifier: Apache-2.0

// Package webhook hears from a forge that something has changed, so that syncer looks at once instead of at the next
// poll.
//
// A webhook only hints at a poll: the Git poll after a push, the poll of pull requests after an event of one. Nothing
// that a request says is believed, so that a replayed or invented one costs a poll and changes nothing. A webhook that
// gets lost costs time until the next poll.
package webhook
