// SPDX-License-Identifier: Apache-2.0

package nodeclass

import (
	"slices"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/fleet/pack"
)

// Bins are the pools of a class while Workspaces are packed into them, in the order of filling.
type Bins []*Bin

// Bin is a pool with the nodes that stay and what it has to hold beside them.
type Bin struct {
	Name string
	bin  pack.Bin
	load [pack.Levels]int
}

// Bins returns the pools of a class as empty bins: live ones first, then those that may be created.
func (s *Set) Bins(c *Class) Bins {
	names := slices.Clone(c.Pools)
	if !c.Closed {
		for i := range s.pools {
			if name := sharedName(s.cluster, c.Key, i); !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	out := make(Bins, len(names))
	for i, name := range names {
		out[i] = &Bin{Name: name, bin: pack.Bin{Units: c.Units()}}
	}
	return out
}

// Keep adds n nodes that stay, each with so many free units.
func (b *Bin) Keep(n, free int) { b.bin.Keep(n, free) }

// Nodes is the number of nodes that the pool needs.
func (b *Bin) Nodes() int { return b.bin.Stay + b.bin.NodesFor(&b.load) }

// Add puts n items of a level into a pool, or takes them off if n is negative. The first pool stands for an unknown
// one.
func (w Bins) Add(pool string, level, n int) {
	at := max(slices.IndexFunc(w, func(b *Bin) bool { return b.Name == pool }), 0)
	w[at].load[level] += n
}

// Choose puts n items of a level into the first pool where they need no new node, or else into the first that may grow.
// It returns the name of the pool.
func (w Bins) Choose(level, n int) string {
	var grow *Bin
	for _, x := range w {
		before := x.bin.NodesFor(&x.load)
		x.load[level] += n
		after := x.bin.NodesFor(&x.load)
		if after == before {
			return x.Name
		}
		x.load[level] -= n
		if grow == nil && x.bin.Stay+after <= capacity.MaxNodesPerPool {
			grow = x
		}
		if before == 0 && x.bin.Stay == 0 {
			break // this pool and all following ones are empty
		}
	}
	if grow == nil {
		grow = w[len(w)-1]
	}
	grow.load[level] += n
	return grow.Name
}
