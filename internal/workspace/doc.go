// SPDX-License-Identifier: Apache-2.0

// Package workspace is the input language as values: Workspaces, InferenceSets, the objects beside them and what they
// mean.
//
// The types are those that KAITO users write. Package load reads files into them, package admission checks them.
package workspace
