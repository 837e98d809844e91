// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"reflect"

	"syncer.dev/syncer/internal/workspace"
)

// Moves finds the Workspaces of which something else is live in one State than in another, by their Versions. It keeps
// the last answer, since several parts of a plan ask for the same. The zero value keeps none, and so does a nil Moves.
// Only one goroutine may use it.
type Moves struct {
	from, to map[workspace.Key]uint64
	moved    Moved
}

// Moved are Workspaces of which something else is live.
type Moved map[workspace.Key]bool

// Has reports whether something else is live of a Workspace.
func (m Moved) Has(k workspace.Key) bool { return len(m) > 0 && m[k] }

// Between returns the Workspaces whose versions differ. Both maps count by their addresses, and must not change.
func (m *Moves) Between(from, to map[workspace.Key]uint64) Moved {
	if m == nil {
		return moved(from, to)
	}
	if m.moved == nil || !sameMap(m.from, from) || !sameMap(m.to, to) {
		m.from, m.to, m.moved = from, to, moved(from, to)
	}
	return m.moved
}

func moved(from, to map[workspace.Key]uint64) Moved {
	out := Moved{}
	if sameMap(from, to) {
		return out
	}
	stay := 0
	for k, version := range to {
		was, ok := from[k]
		if ok {
			stay++
		}
		if was != version {
			out[k] = true
		}
	}
	if stay == len(from) {
		return out
	}
	for k, version := range from {
		if _, ok := to[k]; !ok && version != 0 {
			out[k] = true
		}
	}
	return out
}

func sameMap(a, b map[workspace.Key]uint64) bool {
	return reflect.ValueOf(a).Pointer() == reflect.ValueOf(b).Pointer()
}
