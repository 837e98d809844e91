// SPDX-License-Identifier: Apache-2.0

package question

import "slices"

// EmptyNodes returns the nodes of a pool without pods, in the order of their removal: unready nodes first, then by
// descending name.
func EmptyNodes(pool string, nodes []Node) []string {
	var ready, broken []string
	for _, n := range nodes {
		switch {
		case n.Pool != pool || n.Pods > 0:
		case n.Ready:
			ready = append(ready, n.Name)
		default:
			broken = append(broken, n.Name)
		}
	}
	slices.Sort(ready)
	slices.Reverse(ready)
	slices.Sort(broken)
	slices.Reverse(broken)
	return append(broken, ready...)
}
