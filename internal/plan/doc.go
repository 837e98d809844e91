// SPDX-License-Identifier: Apache-2.0

// Package plan holds the central value: all changes, and their reasons.
//
// AgainstLive compares the desired with the live state, Between compares two commits. Both are pure, so that the
// command line, a pull request and the loop give the same answer. A plan reports a fact that it does not have as
// unknown, and makes no assumption in its favour.
package plan
