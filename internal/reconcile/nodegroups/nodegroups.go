// SPDX-License-Identifier: Apache-2.0

// Package nodegroups keeps the nodes that reports look at, in groups, and since when each is the same. Pure.
package nodegroups

import (
	"iter"
	"maps"
	"slices"
	"strings"

	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/status"
)

// Groups are the nodes that reports look at, by the name of what they have in common. The zero value has none.
type Groups struct {
	nodes  []cluster.Node // of the cluster
	byName map[string]*Group
	pass   uint64
}

// Group is the nodes that some Workspaces may run on.
type Group struct {
	Nodes []cluster.Node
	Since uint64 // the pass since which they are the same to a report

	where status.Where
}

// Observe takes over the nodes of the cluster in a pass.
func (g *Groups) Observe(nodes []cluster.Node, pass uint64) {
	same := sameNodes(g.nodes, nodes)
	g.nodes, g.pass = nodes, pass
	if same {
		return
	}
	for _, group := range g.byName {
		if now := group.members(nodes); !sameNodes(group.Nodes, now) {
			group.Nodes, group.Since = now, pass
		}
	}
}

// Of returns the group at a place.
func (g *Groups) Of(where status.Where) *Group {
	name := nameOf(where)
	if group, known := g.byName[name]; known {
		return group
	}
	out := &Group{where: where, Since: g.pass}
	out.Nodes = out.members(g.nodes)
	if g.byName == nil {
		g.byName = map[string]*Group{}
	}
	g.byName[name] = out
	return out
}

// Keep forgets the groups that are none of those in use, once they are many.
func (g *Groups) Keep(n int, used iter.Seq[*Group]) {
	if len(g.byName) <= 2*n+1 {
		return
	}
	clear(g.byName)
	for group := range used {
		g.byName[nameOf(group.where)] = group
	}
}

func nameOf(where status.Where) string {
	switch {
	case where.Selected:
		var b strings.Builder
		b.WriteString("labels/")
		for _, k := range slices.Sorted(maps.Keys(where.Labels)) {
			b.WriteString("\n" + k + "=" + where.Labels[k])
		}
		return b.String()
	case where.NodePool != "":
		return "nodepool/" + where.NodePool
	}
	return "pools/" + strings.Join(where.Pools, "\n")
}

// members returns those of the nodes that are in the group.
func (g *Group) members(nodes []cluster.Node) []cluster.Node {
	var out []cluster.Node
	add := func(is func(n *cluster.Node) bool) {
		for i := range nodes {
			if is(&nodes[i]) {
				out = append(out, nodes[i])
			}
		}
	}
	switch {
	case g.where.Selected:
		add(func(n *cluster.Node) bool { return covers(n.Labels, g.where.Labels) })
	case g.where.NodePool != "":
		add(func(n *cluster.Node) bool { return n.Labels[cluster.LabelNodePool] == g.where.NodePool })
	}
	for _, name := range g.where.Pools {
		add(func(n *cluster.Node) bool { return n.Pool == name })
	}
	return out
}

func covers(have, want map[string]string) bool {
	for k, v := range want {
		if have[k] != v {
			return false
		}
	}
	return true
}

// sameNodes compares what reports read of nodes. The pods on them are none of it.
func sameNodes(a, b []cluster.Node) bool {
	if len(a) != len(b) {
		return false
	}
	if len(a) == 0 || &a[0] == &b[0] {
		return true
	}
	for i := range a {
		x, y := &a[i], &b[i]
		if x.Name != y.Name || x.Pool != y.Pool || x.Ready != y.Ready || x.GPUs != y.GPUs ||
			!maps.Equal(x.Slices, y.Slices) || !maps.Equal(x.Labels, y.Labels) {
			return false
		}
	}
	return true
}

// Counts counts the nodes of each pool, once for each version of the State. The zero value has counted none.
type Counts struct {
	version       uint64
	ready, joined map[string]int
}

// Of returns the numbers of nodes with GPUs that are ready, and of all that have joined, by pool.
func (c *Counts) Of(s cluster.State) (ready, joined map[string]int) {
	if s.Version != 0 && s.Version == c.version {
		return c.ready, c.joined
	}
	c.version, c.ready, c.joined = s.Version, map[string]int{}, map[string]int{}
	for i := range s.Nodes {
		n := &s.Nodes[i]
		c.joined[n.Pool]++
		if n.Ready && n.GPUs > 0 {
			c.ready[n.Pool]++
		}
	}
	return c.ready, c.joined
}
