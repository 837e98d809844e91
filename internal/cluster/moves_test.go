// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"testing"

	"syncer.dev/syncer/internal/workspace"
)

// TestMoves: over random changes, what has moved is each Workspace whose version differs, one that has come and one
// that has gone among them. A kept answer is that of the same two maps.
func TestMoves(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	key := func(i int) workspace.Key { return workspace.Key{Namespace: "default", Name: fmt.Sprint(i)} }
	var kept Moves
	states := []map[workspace.Key]uint64{nil, {}}
	for round := range 200 {
		next := maps.Clone(states[len(states)-1])
		for range rng.IntN(2 * few) {
			if k := key(rng.IntN(4 * few)); rng.IntN(3) == 0 {
				delete(next, k)
			} else {
				next[k] = uint64(round) + 1
			}
		}
		states = append(states, next)
		from, to := states[rng.IntN(len(states))], states[rng.IntN(len(states))]
		for range 2 {
			for _, m := range []Moved{kept.Between(from, to), (*Moves)(nil).Between(from, to)} {
				for i := range 4*few + 1 {
					if k := key(i); m.Has(k) != (from[k] != to[k]) {
						t.Fatalf("%v to %v: %s has moved: %t", from, to, k, m.Has(k))
					}
				}
				keys := map[workspace.Key]bool{}
				for _, k := range m.Keys() {
					keys[k] = true
				}
				for k := range keys {
					if !m.Has(k) || len(keys) != len(m.Keys()) {
						t.Fatalf("%v to %v: %v", from, to, m.Keys())
					}
				}
			}
		}
	}
}
