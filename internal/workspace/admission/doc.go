// SPDX-License-Identifier: Apache-2.0

// Package admission applies KAITO's rules of admission to a workspace.Set, without a cluster.
//
// Validate checks every Workspace by itself; what may not change between two versions is up to package immutable. Each
// rule is a function over a check, one file per part of the Workspace. Where a rule is stricter or kinder than KAITO,
// docs/kaito-differences.md says why.
package admission
