// SPDX-License-Identifier: Apache-2.0

// Package existing describes the GPUs of nodes that exist, and the part of a node that a Workspace takes.
package existing
