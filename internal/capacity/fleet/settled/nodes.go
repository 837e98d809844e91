// SPDX-License-Identifier: Apache-2.0

package settled

import (
	"slices"

	"syncer.dev/syncer/internal/capacity/fleet/question"
)

// Nodes are the nodes of a cluster with their sums by pool.
type Nodes struct {
	ByName map[string]*question.Node
	ByPool map[string][]*question.Node // in their order

	order  []*question.Node
	sums   map[string]*Sum
	unique bool // names are
}

// Sum is what a plan needs of the nodes of a pool on which pods run.
type Sum struct {
	InUse int
	Parts []Part
}

// Part is a number of such nodes that are alike.
type Part struct {
	Node  question.Node // one of them
	Count int
}

// NewNodes returns no nodes.
func NewNodes() *Nodes {
	return &Nodes{
		ByName: map[string]*question.Node{},
		ByPool: map[string][]*question.Node{},
		sums:   map[string]*Sum{},
		unique: true,
	}
}

// Unique reports whether no two nodes have one name.
func (n *Nodes) Unique() bool { return n.unique }

// Pool returns the pool of a node; ok is false if there is no such node.
func (n *Nodes) Pool(name string) (pool string, ok bool) {
	if at := n.ByName[name]; at != nil {
		return at.Pool, true
	}
	return "", false
}

// Update makes all the nodes. It returns the names of those that have changed, have come or have gone, and their pools.
func (n *Nodes) Update(all []question.Node) (changed []string, pools map[string]bool) {
	pools = map[string]bool{}
	note := func(at *question.Node) {
		changed = append(changed, at.Name)
		pools[at.Pool] = true
	}
	same := len(all) == len(n.order)
	for i := 0; same && i < len(all); i++ {
		same = all[i].Name == n.order[i].Name
	}
	if same {
		for i := range all {
			if was := n.order[i]; all[i] != *was {
				note(was)
				note(&all[i])
				n.order[i] = kept(all[i])
				n.ByName[all[i].Name] = n.order[i]
			}
		}
	} else {
		n.replace(all, note)
	}
	if len(pools) > 0 {
		n.gather(pools)
	}
	slices.Sort(changed)
	return slices.Compact(changed), pools
}

func kept(n question.Node) *question.Node { return &n }

// replace replaces all nodes, and takes over those that are equal.
func (n *Nodes) replace(all []question.Node, note func(*question.Node)) {
	was, before := n.ByName, n.order
	n.ByName, n.order = make(map[string]*question.Node, len(all)), make([]*question.Node, len(all))
	for i := range all {
		at := was[all[i].Name]
		if at == nil || *at != all[i] {
			if at != nil {
				note(at)
			}
			at = kept(all[i])
			note(at)
		}
		n.order[i], n.ByName[at.Name] = at, at
	}
	for name, at := range was {
		if n.ByName[name] == nil {
			note(at)
		}
	}
	n.unique = len(n.ByName) == len(all)
	if !n.inOrder(before) {
		for _, at := range n.order {
			note(at)
		}
	}
}

// inOrder reports whether the nodes that are as before follow each other as before.
func (n *Nodes) inOrder(before []*question.Node) bool {
	at := 0
	for _, was := range before {
		if n.ByName[was.Name] != was {
			continue
		}
		for at < len(n.order) && n.order[at] != was {
			at++
		}
		if at == len(n.order) {
			return false
		}
	}
	return true
}

// gather lists the nodes of some pools again.
func (n *Nodes) gather(pools map[string]bool) {
	for name := range pools {
		delete(n.ByPool, name)
		delete(n.sums, name)
	}
	last, wanted := "", pools[""]
	for _, at := range n.order {
		if at.Pool != last {
			last, wanted = at.Pool, pools[at.Pool]
		}
		if wanted {
			n.ByPool[at.Pool] = append(n.ByPool[at.Pool], at)
		}
	}
}

// Sum returns that of a pool.
func (n *Nodes) Sum(pool string) *Sum {
	if s := n.sums[pool]; s != nil {
		return s
	}
	s := &Sum{}
	index := map[question.Node]int{}
	for _, at := range n.ByPool[pool] {
		if at.Pods == 0 {
			continue
		}
		s.InUse++
		like := question.Node{Pool: pool, Ready: at.Ready, GPUs: at.GPUs, Used: at.Used, Pods: 1}
		i, known := index[like]
		if !known {
			i = len(s.Parts)
			index[like] = i
			s.Parts = append(s.Parts, Part{Node: like})
		}
		s.Parts[i].Count++
	}
	n.sums[pool] = s
	return s
}
