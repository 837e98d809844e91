// SPDX-License-Identifier: Apache-2.0

// Package podpolicy decides whether an object of the repository may be made: what its pods may do, which service
// accounts and Secrets it may name, and what its Services and selectors may reach.
//
//	decoded object ─ Policy.Judge ─> Findings, each with the path of its field ─ Exempt ─> those that remain
//
// The rules for pods are the checks of Kubernetes' Pod Security Standards, from k8s.io/pod-security-admission. This
// package adds where each fault is, and rules for what those standards leave to others.
//
// Callers judge objects that are decoded and final: plain objects after Kustomize (workspace/load), and rendered ones
// after templates, presets and patches (render). Exempt knows what the built-in presets need beyond a level.
package podpolicy
