// SPDX-License-Identifier: Apache-2.0

package capacity

// Priority is the priority of nodes: Azure may evict spot nodes at any time, and sells them at another price, from a
// quota of their own.
type Priority string

// The priorities.
const (
	OnDemand Priority = "on-demand"
	Spot     Priority = "spot"
)

// PriorityOf returns Spot or OnDemand.
func PriorityOf(spot bool) Priority {
	if spot {
		return Spot
	}
	return OnDemand
}
