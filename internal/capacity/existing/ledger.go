// SPDX-License-Identifier: Apache-2.0

package existing

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/workspace"
)

// Taker is a Workspace whose pods take GPUs of existing nodes.
type Taker struct {
	Workspace *workspace.Workspace
	Nodes     []cluster.Node // that its pods may run on
	Pods      int            // that it asks for
	Share     int64          // GPUs of each pod, or slices
	Live      []cluster.Pod
}

// Ledger counts the free GPUs of each node, and lists the pods that use the others.
type Ledger struct {
	// Compare orders two Takers by who is served first.
	Compare func(i, j int) int
	takers  []Taker
	free    map[string]map[string]int64 // by node and profile; profile "" is whole GPUs
	others  map[string][]string         // what else takes GPUs of a node
	bound   map[string][]int            // the Takers whose pods do, by node
	given   map[string][]int            // those that get some of the others
	settled []int                       // pods that have their GPUs, of each Taker
}

// NewLedger returns the Ledger of nodes on which nothing of a Taker runs yet.
func NewLedger(nodes []cluster.Node, takers []Taker) *Ledger {
	l := &Ledger{
		takers:  takers,
		free:    map[string]map[string]int64{},
		others:  map[string][]string{},
		bound:   map[string][]int{},
		given:   map[string][]int{},
		settled: make([]int, len(takers)),
	}
	for _, n := range nodes {
		l.free[n.Name] = map[string]int64{"": n.GPUs - n.Taken}
		for profile, count := range n.Slices {
			l.free[n.Name][profile] = count
		}
		if n.Cordoned {
			l.free[n.Name] = map[string]int64{}
			l.others[n.Name] = append(l.others[n.Name], "a cordon")
		}
		if n.Taken > 0 {
			l.others[n.Name] = append(l.others[n.Name], "unmanaged pods")
		}
	}
	return l
}

// Settle counts the pods of a Taker that have a node. It reports whether others have none.
func (l *Ledger) Settle(i int) (open bool) {
	for k := range l.takers[i].Live {
		if p := &l.takers[i].Live[k]; p.Node != "" && !p.Ended() && l.free[p.Node] != nil {
			l.take(p.Node, i)
			l.bound[p.Node] = append(l.bound[p.Node], i)
			l.settled[i]++
		}
	}
	return l.Waits(i)
}

// Waits reports whether pods of a Taker have no node.
func (l *Ledger) Waits(i int) bool { return l.settled[i] < l.takers[i].Pods }

// Order puts Takers in the order in which they get free GPUs: first those of which most pods have a node.
func (l *Ledger) Order(takers []int) {
	slices.SortFunc(takers, func(a, b int) int { return cmp.Or(cmp.Compare(l.settled[b], l.settled[a]), l.Compare(a, b)) })
}

func (l *Ledger) take(node string, i int) {
	l.free[node][l.takers[i].Workspace.MIGProfile()] -= l.takers[i].Share
}

// Assign takes free GPUs for the other pods of a Taker. If too few are free, it returns a failure that names the pods
// that use them.
func (l *Ledger) Assign(i int) cluster.Failure {
	t := &l.takers[i]
	profile, open := t.Workspace.MIGProfile(), t.Pods-l.settled[i]
	for k := range t.Nodes {
		if name := t.Nodes[k].Name; open > 0 && l.free[name][profile] >= t.Share {
			l.take(name, i)
			l.given[name] = append(l.given[name], i)
			open--
		}
	}
	if open <= 0 || len(t.Nodes) < t.Pods {
		return cluster.Failure{} // all pods have GPUs, or nodes are missing, which is reported
	}
	var full []string
	for k := range t.Nodes {
		name := t.Nodes[k].Name
		takers := slices.Clone(l.others[name])
		slices.SortStableFunc(l.bound[name], l.Compare)
		for _, taker := range slices.Concat(l.bound[name], l.given[name]) {
			takers = append(takers, l.takers[taker].Workspace.Key.String())
		}
		if len(takers) > 0 {
			full = append(full, name+" by "+strings.Join(takers, ", "))
		}
	}
	what := cluster.ResourceGPU
	if profile != "" {
		what = cluster.ResourceMIG + profile
	}
	message := fmt.Sprintf(
		"%d of %d nodes: no other node that matches %s has %d %s free",
		t.Pods-open,
		t.Pods,
		Selector(t.Workspace),
		t.Share,
		what,
	)
	if len(full) > 0 {
		message += "; taken on " + strings.Join(full, "; ")
	}
	return cluster.Failure{Reason: string(diag.GPUsTaken), Message: message}
}

// Meet reports whether pods of two Takers may run on one node.
func (l *Ledger) Meet(i, j int) bool {
	return slices.ContainsFunc(l.takers[i].Nodes, func(n cluster.Node) bool {
		return slices.ContainsFunc(l.takers[j].Nodes, func(m cluster.Node) bool { return m.Name == n.Name })
	})
}
