// SPDX-License-Identifier: Apache-2.0

// Package kustomize builds kustomization folders safely: it is the only package that imports Kustomize.
//
// Kustomize decides by the look of a path whether to fetch it, and by the look of a field whether to run a program. So
// every build has two halves:
//
//	fs.FS ─ Check: only known fields, only files of the tree, within limits ─> Tree, re-encoded ─ Build ─> YAML
//
// Check judges the decoded value and hands Kustomize exactly that value, in memory.
package kustomize
