// SPDX-License-Identifier: Apache-2.0

// Package memo keeps answers of sizing, so that Workspaces that ask for the same are sized once.
package memo
