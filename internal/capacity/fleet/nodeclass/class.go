// SPDX-License-Identifier: Apache-2.0

package nodeclass

import (
	"math/bits"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/fleet/pack"
)

// Class is a bin type of the packing problem: the nodes of shared pools with one key, one shared pool that only drains,
// or the nodes of pools that belong to one Workspace each.
type Class struct {
	Key      Key // of shared pools that accept Workspaces
	SKU      capacity.SKU
	Priority capacity.Priority
	Pools    []string // live ones, in the order of filling
	Closed   bool     // the pool drains: it accepts no new Workspace
	Own      bool     // pools belong to one Workspace each
}

// PowerOfTwo reports whether n is one: only powers of two pack without loss.
func PowerOfTwo(n int) bool { return n > 0 && n&(n-1) == 0 }

// Units is the number of parts into which a node of the class divides.
func (c *Class) Units() int {
	if c.Own || !PowerOfTwo(c.SKU.GPUs) || c.SKU.GPUs > 1<<(pack.Levels-1) {
		return 1
	}
	return c.SKU.GPUs
}

// Level is the power of two that an option takes of a node.
func (c *Class) Level(o *capacity.Option) int {
	if c.Units() == 1 || o.GPUsPerNode >= c.SKU.GPUs {
		return bits.Len(uint(c.Units())) - 1
	}
	return bits.Len(uint(o.GPUsPerNode - 1))
}

// ownKey identifies the class of pools that belong to one Workspace each.
type ownKey struct {
	size     string
	priority capacity.Priority
}

// Set has the classes of a fleet, by number.
type Set struct {
	All   []Class
	Named map[string]int // class of a shared pool, by its name

	cluster string
	pools   int // that a class may have
	live    map[string]*capacity.LivePool
	index   map[Key]int
	own     map[ownKey]int
}

// NewSet returns the empty set of a cluster with a number of Workspaces and the live pools of syncer, by name.
func NewSet(cluster string, workspaces int, live map[string]*capacity.LivePool) *Set {
	return &Set{
		Named:   map[string]int{},
		cluster: cluster,
		pools:   workspaces/capacity.MaxNodesPerPool + 2,
		live:    live,
		index:   map[Key]int{},
		own:     map[ownKey]int{},
	}
}

// Of returns the class of a key, and creates it the first time.
func (s *Set) Of(k Key, sku capacity.SKU) int {
	if i, ok := s.index[k]; ok {
		return i
	}
	i := len(s.All)
	s.index[k] = i
	c := Class{Key: k, SKU: sku, Priority: k.Priority}
	for j := range s.pools {
		name := sharedName(s.cluster, k, j)
		s.Named[name] = i
		if s.live[name] != nil {
			c.Pools = append(c.Pools, name)
		}
	}
	s.All = append(s.All, c)
	return i
}

// OwnOf returns the class of pools that belong to one Workspace each, and creates it the first time.
func (s *Set) OwnOf(sku capacity.SKU, priority capacity.Priority) int {
	k := ownKey{sku.Name, priority}
	i, ok := s.own[k]
	if !ok {
		i = len(s.All)
		s.own[k] = i
		s.All = append(s.All, Class{SKU: sku, Priority: priority, Own: true})
	}
	return i
}

// Close makes a class of a shared pool whose key no Workspace produces any more: it stays while pods run on it. Close
// leaves pools of the other classes as they are.
func (s *Set) Close(l *capacity.LivePool) {
	if _, known := s.Named[l.Name]; known || s.live[l.Name] == nil || !l.Shared() {
		return
	}
	sku, _ := capacity.LookupSKU(l.Size)
	s.Named[l.Name] = len(s.All)
	s.All = append(s.All, Class{SKU: sku, Priority: l.Priority(), Pools: []string{l.Name}, Closed: true})
}
