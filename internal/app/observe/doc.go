// SPDX-License-Identifier: Apache-2.0

// Package observe asks the cluster and Azure once, for a command that compares two commits. What does not answer is
// unknown.
package observe
