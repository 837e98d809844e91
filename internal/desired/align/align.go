// SPDX-License-Identifier: Apache-2.0

// Package align walks the objects of two desired states side by side.
package align

import "syncer.dev/syncer/internal/desired"

// Objects walks two lists of objects, each in the order of Desired.Objects, side by side. It calls pair with the places
// of each object, by address, that both have: i in a, and j in b. One that it finds in a alone has a j below 0, and one
// in b alone an i below 0. An object that the lists have at different places may count as two.
func Objects(a, b []desired.Object, pair func(i, j int)) {
	i, j := 0, 0
	for i < len(a) && j < len(b) {
		if a[i].Content == b[j].Content {
			pair(i, j)
			i, j = i+1, j+1
			continue
		}
		order := a[i].Workspace.Compare(b[j].Workspace)
		if order <= 0 {
			pair(i, -1)
			i++
		}
		if order >= 0 {
			pair(-1, j)
			j++
		}
	}
	for ; i < len(a); i++ {
		pair(i, -1)
	}
	for ; j < len(b); j++ {
		pair(-1, j)
	}
}
