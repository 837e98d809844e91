// SPDX-License-Identifier: Apache-2.0

package reconcile

import (
	"maps"
	"slices"
	"strings"

	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/status"
)

// groups are the nodes that reports look at, by the name of what they have in common. The zero value has none.
type groups struct {
	nodes  []cluster.Node // of the cluster
	byName map[string]*group
	pass   uint64
}

// group is the nodes that some Workspaces may run on.
type group struct {
	where status.Where
	nodes []cluster.Node
	since uint64 // the pass since which they are the same to a report
}

// observe takes over the nodes of the cluster.
func (g *groups) observe(nodes []cluster.Node, pass uint64) {
	same := sameNodes(g.nodes, nodes)
	g.nodes, g.pass = nodes, pass
	if same {
		return
	}
	for _, group := range g.byName {
		if now := group.members(nodes); !sameNodes(group.nodes, now) {
			group.nodes, group.since = now, pass
		}
	}
}

// of returns the group at a place.
func (g *groups) of(where status.Where) *group {
	name := nameOf(where)
	if group, known := g.byName[name]; known {
		return group
	}
	out := &group{where: where, since: g.pass}
	out.nodes = out.members(g.nodes)
	if g.byName == nil {
		g.byName = map[string]*group{}
	}
	g.byName[name] = out
	return out
}

// keep forgets the groups that no report looks at any more, once they are many.
func (g *groups) keep(all []known) {
	if len(g.byName) <= 2*len(all)+1 {
		return
	}
	clear(g.byName)
	for i := range all {
		if group := all[i].nodes; group != nil {
			g.byName[nameOf(group.where)] = group
		}
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
func (g *group) members(nodes []cluster.Node) []cluster.Node {
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
