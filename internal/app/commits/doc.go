// SPDX-License-Identifier: Apache-2.0

// Package commits looks up the two sides of a comparison of commits, by names and ranges as Git writes them.
package commits
