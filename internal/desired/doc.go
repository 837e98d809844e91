// SPDX-License-Identifier: Apache-2.0

// Package desired computes the desired state of every Workspace from the source and the observed state.
//
//	Read: files -> Input ─ Desire ─> per Workspace: preset, Demand ─> nodes for all together ─> objects
//
// Nodes come from a NodeSource, one for each capacity.mode: AgentPools of AKS (pools.go), ExistingNodes (byo*.go), or
// the NodePools of Karpenter (karpenter.go).
package desired
