// SPDX-License-Identifier: Apache-2.0

// Package folders reads the folders of a preset catalogue: each with everything it refers to, checked once, and with
// what decides whether Workspaces may share what is built from it.
package folders
