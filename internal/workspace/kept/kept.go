// SPDX-License-Identifier: Apache-2.0

// Package kept remembers what was made of inputs, over several rounds of a work that is mostly the same.
package kept

import "sync"

// Rounds is the number of rounds for which a value stays that none of them asks for.
const Rounds = 8

// Values are values by keys of any comparable type. They are safe for concurrent use.
type Values struct {
	mu    sync.Mutex
	all   map[any]*entry
	round int
}

type entry struct {
	value any
	round int // the last that asked for it
}

// Begin starts a round.
func (v *Values) Begin() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.round++
	for key, e := range v.all {
		if e.round < v.round-Rounds {
			delete(v.all, key)
		}
	}
}

// Get returns a value, if it is there and of the type.
func Get[T any](v *Values, key any) (value T, ok bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	e := v.all[key]
	if e == nil {
		return value, false
	}
	e.round = v.round
	value, ok = e.value.(T)
	return value, ok
}

// Put keeps a value.
func (v *Values) Put(key, value any) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.all == nil {
		v.all = map[any]*entry{}
	}
	v.all[key] = &entry{value, v.round}
}
