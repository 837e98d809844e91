// SPDX-License-Identifier: Apache-2.0

// Package document knows Workspaces and InferenceSets as users write them, in both API versions of KAITO: it decodes
// them strictly, says what the CRD of their version makes of them, and describes them as JSON schemas. Pure.
//
//	node ─ Workspace, InferenceSet ─> values with the position of every field, and errors
package document
