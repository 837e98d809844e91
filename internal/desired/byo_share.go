// SPDX-License-Identifier: Apache-2.0

package desired

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/render"
)

// Settle assigns each GPU of the nodes once: first to pods that have a node, then to pods without one, in the order of
// capacity.Standing. The scheduler decides which node a pod gets; Settle finds the Workspaces without a free GPU. One
// that does not exist yet is not created while another goes before it and waits for the same nodes: its pods could take
// the GPUs first.
func (ExistingNodes) Settle(workloads []*Workload, policy Policy, seen Observed) []string {
	if !seen.Live && !seen.NodesKnown {
		return nil
	}
	l := newLedger(seen, workloads)
	var order []int // that have pods without a node
	for i, w := range workloads {
		if len(w.Blocked) == 0 && w.Waiting == "" && !w.Finished && !w.Workspace.Suspended() {
			if l.settle(i); l.settled[i] < w.Placement.Nodes {
				order = append(order, i)
			}
		}
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Or(cmp.Compare(l.settled[b], l.settled[a]), l.compare(a, b)) })
	for k, i := range order {
		failure := l.assign(i)
		if failure.Reason == "" || workloads[i].NodeFailure.Reason != "" {
			continue
		}
		w := workloads[i].settling()
		if _, exists := seen.State.Workloads[w.Key]; !exists {
			if before := l.pending(order[:k], w); len(before) > 0 {
				failure.Message += w.waitBehind(before, seen)
				w.Waiting, w.Unplaced, w.Bundle = failure.Message, true, render.Bundle{}
			}
		}
		w.NodeFailure = failure
		workloads[i] = policy.same.settled(i, w)
	}
	return nil
}

// pending lists those of a higher priority with pods without a node that may run on a node of the Workload.
func (l *ledger) pending(before []int, w *Workload) []*Workload {
	var out []*Workload
	for _, i := range before {
		b := l.workloads[i]
		if b.Priority.Compare(w.Priority) <= 0 || l.settled[i] >= b.Placement.Nodes {
			continue
		}
		if slices.ContainsFunc(b.nodes, func(n cluster.Node) bool {
			return slices.ContainsFunc(w.nodes, func(m cluster.Node) bool { return m.Name == n.Name })
		}) {
			out = append(out, b)
		}
	}
	return out
}

// ledger counts the free GPUs of each node, and lists the pods that use the others.
type ledger struct {
	seen      Observed
	workloads []*Workload
	free      map[string]map[string]int64 // by node and profile; profile "" is whole GPUs
	first     map[string][]string         // what else takes GPUs of a node
	takers    map[string][]int            // the Workloads whose pods do, by node
	assigned  map[string][]int            // those that get some of the others
	settled   []int                       // pods that have their GPUs, of each Workload
}

func newLedger(seen Observed, workloads []*Workload) *ledger {
	l := &ledger{
		seen:      seen,
		workloads: workloads,
		free:      map[string]map[string]int64{},
		first:     map[string][]string{},
		takers:    map[string][]int{},
		assigned:  map[string][]int{},
		settled:   make([]int, len(workloads)),
	}
	for _, n := range seen.State.Nodes {
		l.free[n.Name] = map[string]int64{"": n.GPUs - n.Taken}
		for profile, count := range n.Slices {
			l.free[n.Name][profile] = count
		}
		if n.Cordoned {
			l.free[n.Name] = map[string]int64{}
			l.first[n.Name] = append(l.first[n.Name], "a cordon")
		}
		if n.Taken > 0 {
			l.first[n.Name] = append(l.first[n.Name], "unmanaged pods")
		}
	}
	return l
}

// share returns the number of slices or GPUs that the Workspace takes of each of its nodes.
func share(w *Workload) int64 {
	if w.Workspace.MIGProfile() != "" {
		return 1
	}
	return int64(w.Placement.GPUsPerNode)
}

// settle counts the pods that have a node.
func (l *ledger) settle(i int) {
	live := l.seen.State.Workloads[l.workloads[i].Key]
	for k := range live.Pods {
		if p := &live.Pods[k]; p.Node != "" && !p.Ended() && l.free[p.Node] != nil {
			l.take(p.Node, i)
			l.takers[p.Node] = append(l.takers[p.Node], i)
			l.settled[i]++
		}
	}
}

func (l *ledger) take(node string, i int) {
	w := l.workloads[i]
	l.free[node][w.Workspace.MIGProfile()] -= share(w)
}

// compare orders two Workloads by who is served first.
func (l *ledger) compare(i, j int) int {
	a, b := l.workloads[i], l.workloads[j]
	return cmp.Or(a.standing(l.seen).Compare(b.standing(l.seen)), a.Key.Compare(b.Key))
}

// assign takes free GPUs for the other pods of a Workspace. If too few are free, it returns a failure that names the
// pods that use them.
func (l *ledger) assign(i int) cluster.Failure {
	w := l.workloads[i]
	open := w.Placement.Nodes - l.settled[i]
	for k := range w.nodes {
		if name := w.nodes[k].Name; open > 0 && l.free[name][w.Workspace.MIGProfile()] >= share(w) {
			l.take(name, i)
			l.assigned[name] = append(l.assigned[name], i)
			open--
		}
	}
	if open <= 0 || len(w.nodes) < w.Placement.Nodes {
		return cluster.Failure{} // all pods have GPUs, or nodes are missing, which Place has reported
	}
	var full []string
	for k := range w.nodes {
		name := w.nodes[k].Name
		takers := slices.Clone(l.first[name])
		slices.SortStableFunc(l.takers[name], l.compare)
		for _, taker := range slices.Concat(l.takers[name], l.assigned[name]) {
			takers = append(takers, l.workloads[taker].Key.String())
		}
		if len(takers) > 0 {
			full = append(full, name+" by "+strings.Join(takers, ", "))
		}
	}
	what := cluster.ResourceGPU
	if profile := w.Workspace.MIGProfile(); profile != "" {
		what = cluster.ResourceMIG + profile
	}
	message := fmt.Sprintf(
		"%d of %d nodes: no other node that matches %s has %d %s free",
		w.Placement.Nodes-open,
		w.Placement.Nodes,
		selector(w.Workspace),
		share(w),
		what,
	)
	if len(full) > 0 {
		message += "; taken on " + strings.Join(full, "; ")
	}
	return cluster.Failure{Reason: gpusTaken, Message: message}
}
