// SPDX-License-Identifier: Apache-2.0

// Package upstream reads the branch, tag or commit that is followed: it fetches the tip, checks its signatures and its
// history, and identifies what syncer reads of it, so that a commit of anything else is no new input.
package upstream
