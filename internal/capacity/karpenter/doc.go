// SPDX-License-Identifier: Apache-2.0

// Package karpenter turns the Demands of Workspaces into NodePools, from which Karpenter creates nodes.
package karpenter
