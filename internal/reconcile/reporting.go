// SPDX-License-Identifier: Apache-2.0

package reconcile

import (
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/desired"
	"syncer.dev/syncer/internal/plan"
	"syncer.dev/syncer/internal/status"
	"syncer.dev/syncer/internal/workspace"
)

// reporter keeps the reports of a pass with what they follow from, so that the next pass reports again only on
// Workspaces of which something has changed. The zero value has kept none.
type reporter struct {
	known  map[workspace.Key]knownReport
	groups map[string][]cluster.Node
}

// knownReport is a report with its inputs.
type knownReport struct {
	input  status.Input
	live   uint64 // cluster.State.Versions
	bundle string // digest
	report status.Report
	// stable says that the same inputs give the same report again, at any time: it has repeated itself.
	stable bool
}

// reporting is what the reports of one pass have in common: what is live, by Workspace.
type reporting struct {
	last, next reporter

	versions  map[workspace.Key]uint64
	pools     map[workspace.Key][]capacity.LivePool
	byName    map[string]capacity.LivePool // owned pools
	at        map[string]int               // place of a pool in the list
	held      map[string]string            // why a pool is not changed, by name
	contests  map[workspace.Key][]string
	nodePools map[workspace.Key][]cluster.NodePool
	nodes     []cluster.Node
	inPool    map[string][]cluster.Node // by agent pool
	inClaim   map[string][]cluster.Node // by NodePool
}

// begin sorts what is live by Workspaces.
func (r reporter) begin(l *Loop, p *pass) *reporting {
	out := &reporting{
		last:      r,
		next:      reporter{make(map[workspace.Key]knownReport, len(r.known)), map[string][]cluster.Node{}},
		versions:  p.state.Versions,
		pools:     map[workspace.Key][]capacity.LivePool{},
		byName:    map[string]capacity.LivePool{},
		at:        map[string]int{},
		held:      map[string]string{},
		contests:  map[workspace.Key][]string{},
		nodePools: map[workspace.Key][]cluster.NodePool{},
		nodes:     p.state.Nodes,
		inPool:    map[string][]cluster.Node{},
		inClaim:   map[string][]cluster.Node{},
	}
	for i, pool := range l.listed {
		if out.at[pool.Name] = i; pool.Owned {
			out.byName[pool.Name] = pool
			out.pools[pool.Workspace] = append(out.pools[pool.Workspace], pool)
		}
	}
	for i := range p.plan.Changes {
		if c := p.plan.Changes[i]; c.Pool != nil && c.Op == plan.Hold && !c.Later {
			out.held[c.Pool.Name] = c.Reason
		}
	}
	for _, c := range p.state.Contests {
		if key := p.workspaceOf(c.Ref); key != (workspace.Key{}) {
			out.contests[key] = append(out.contests[key], c.String())
		}
	}
	for _, pool := range p.state.NodePools {
		out.nodePools[pool.Workspace] = append(out.nodePools[pool.Workspace], pool)
	}
	for _, n := range p.state.Nodes {
		out.inPool[n.Pool] = append(out.inPool[n.Pool], n)
		if name := n.Labels[cluster.LabelNodePool]; name != "" {
			out.inClaim[name] = append(out.inClaim[name], n)
		}
	}
	return out
}

// end returns what the next pass may use again.
func (r *reporting) end() reporter { return r.next }

// report returns the report on one Workspace: that of the pass before if nothing has changed.
func (r *reporting) report(old *status.Report, in status.Input, now time.Time) status.Report {
	known, exists := r.last.known[in.Key]
	is := knownReport{input: in, live: r.versions[in.Key], bundle: r.next.known[in.Key].bundle}
	if exists && known.stable && old != nil && r.same(&known, &is) && known.report.Same(old) {
		is.report, is.stable = *old, true
	} else {
		is.report = status.Observe(old, in, now)
		is.stable = old != nil && is.report.Same(old)
	}
	r.next.known[in.Key] = is
	return is.report
}

// same reports whether two inputs give the same report, on the same earlier one. The commit makes no difference to a
// report that has repeated itself: it names the one that has changed the Workspace.
func (r *reporting) same(was, is *knownReport) bool {
	a, b := &was.input, &is.input
	switch {
	case r.versions == nil && !reflect.DeepEqual(a.Workload, b.Workload),
		was.live != is.live, (a.Workload == nil) != (b.Workload == nil):
		return false
	case !sameWorkspace(a.Workspace, b.Workspace), !sameNodes(a.LiveNodes, b.LiveNodes):
		return false
	}
	x, y := *a, *b
	for _, in := range []*status.Input{&x, &y} {
		in.Commit, in.Workload, in.Workspace, in.LiveNodes = "", nil, nil, nil
	}
	return reflect.DeepEqual(x, y)
}

// sameWorkspace compares what a report reads of a Workspace; the digests of the inputs are compared as well.
func sameWorkspace(a, b *workspace.Workspace) bool {
	if a == b || a == nil || b == nil {
		return a == b
	}
	return (a.Tuning == nil) == (b.Tuning == nil) && a.Suspended() == b.Suspended() &&
		maps.Equal(a.NodeLabels(), b.NodeLabels())
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

// objects names the objects of a Workspace.
func (r *reporting) objects(w *desired.Workload) []string {
	known, exists := r.last.known[w.Key]
	r.next.known[w.Key] = knownReport{bundle: w.Bundle.Digest}
	if exists && w.Bundle.Digest != "" && known.bundle == w.Bundle.Digest {
		return known.input.Objects
	}
	var out []string
	for _, o := range w.Bundle.List() {
		out = append(out, o.Kind+"/"+o.Name)
	}
	return out
}

// nodesOf returns the nodes that a Workspace may run on.
func (r *reporting) nodesOf(in *status.Input) []cluster.Node {
	where := in.Where()
	switch {
	case where.Selected:
		return r.labelled(where.Labels)
	case where.NodePool != "":
		return r.group("nodepool/"+where.NodePool, r.inClaim[where.NodePool])
	}
	var out []cluster.Node
	for i, name := range where.Pools {
		if group := r.group("pool/"+name, r.inPool[name]); i == 0 {
			out = group
		} else {
			out = slices.Concat(out, group)
		}
	}
	return out
}

// labelled returns the nodes that have all these labels.
func (r *reporting) labelled(labels map[string]string) []cluster.Node {
	var b strings.Builder
	for _, k := range slices.Sorted(maps.Keys(labels)) {
		b.WriteString("\n" + k + "=" + labels[k])
	}
	key := "labels/" + b.String()
	if group, known := r.next.groups[key]; known {
		return group
	}
	var nodes []cluster.Node
	for _, n := range r.nodes {
		if covers(n.Labels, labels) {
			nodes = append(nodes, n)
		}
	}
	return r.group(key, nodes)
}

func covers(have, want map[string]string) bool {
	for k, v := range want {
		if have[k] != v {
			return false
		}
	}
	return true
}

// group returns a group of nodes: that of the pass before if it is the same to a report.
func (r *reporting) group(key string, nodes []cluster.Node) []cluster.Node {
	if group, known := r.next.groups[key]; known {
		return group
	}
	if before, known := r.last.groups[key]; known && sameNodes(before, nodes) {
		nodes = before
	}
	r.next.groups[key] = nodes
	return nodes
}

// workspaceOf returns the Workspace of a live object; the zero Key when it has none.
func (p *pass) workspaceOf(ref cluster.Ref) workspace.Key {
	byRef := func(o cluster.Object, r cluster.Ref) int { return o.Ref.Compare(r) }
	i, ok := slices.BinarySearchFunc(p.state.Objects, ref, byRef)
	if !ok {
		return workspace.Key{}
	}
	return p.state.Objects[i].Workspace
}
