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
	moved    *Moved // nil for no answer yet
}

// Moved are Workspaces of which something else is live. The zero value is none.
type Moved struct {
	keys  []workspace.Key
	index map[workspace.Key]bool // of keys, once there are more than few
}

// few is how many keys are compared one by one: plans ask about each Workspace, and most of them about one that moved.
const few = 8

// Has reports whether something else is live of a Workspace.
func (m Moved) Has(k workspace.Key) bool {
	if m.index != nil {
		return m.index[k]
	}
	for i := range m.keys {
		if m.keys[i].Name == k.Name && m.keys[i].Namespace == k.Namespace { // names differ more often
			return true
		}
	}
	return false
}

// Keys returns the Workspaces, in no order. The list is read only.
func (m Moved) Keys() []workspace.Key { return m.keys }

func (m *Moved) add(k workspace.Key) {
	m.keys = append(m.keys, k)
	switch {
	case m.index != nil:
		m.index[k] = true
	case len(m.keys) > few:
		m.index = make(map[workspace.Key]bool, 2*len(m.keys))
		for _, k := range m.keys {
			m.index[k] = true
		}
	}
}

// Between returns the Workspaces whose versions differ. Both maps count by their addresses, and must not change.
func (m *Moves) Between(from, to map[workspace.Key]uint64) Moved {
	if m == nil {
		return moved(from, to)
	}
	if m.moved == nil || !sameMap(m.from, from) || !sameMap(m.to, to) {
		all := moved(from, to)
		m.from, m.to, m.moved = from, to, &all
	}
	return *m.moved
}

func moved(from, to map[workspace.Key]uint64) Moved {
	var out Moved
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
			out.add(k)
		}
	}
	if stay == len(from) {
		return out
	}
	for k, version := range from {
		if _, ok := to[k]; !ok && version != 0 {
			out.add(k)
		}
	}
	return out
}

func sameMap(a, b map[workspace.Key]uint64) bool {
	return reflect.ValueOf(a).Pointer() == reflect.ValueOf(b).Pointer()
}
