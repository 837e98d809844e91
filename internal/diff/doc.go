// SPDX-License-Identifier: Apache-2.0

// Package diff compares two Kubernetes objects. The result is the list of paths that differ, and a unified diff of the
// YAML.
//
//	before  {kind: Secret, data: {a: b25l}}  ┐
//	after   {kind: Secret, data: {a: dHdv}}  ┴─> Fields [data.a], Unified "-  a: [redacted] (before)", and so on
//
// Objects replaces secrets first, by package redact. The result still shows that they differ.
package diff
