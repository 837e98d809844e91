// SPDX-License-Identifier: Apache-2.0

// Package reviewtest has a forge in memory, and the test that it and every adapter of package review pass.
//
// A [Repository] is what a forge keeps: pull requests, comments, statuses and environments. A [Client] is one process
// that speaks to it as review.Forge; a second Client knows nothing of what the first has read. Tests change the
// Repository behind the Client's back, and set its knobs: a rate limit, an answer that gets lost, an outage.
//
// An adapter calls [Conform] with a [Harness] that does the same on its emulator or its real server.
package reviewtest
