// SPDX-License-Identifier: Apache-2.0

package desired

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/render"
	"syncer.dev/syncer/internal/workspace"
)

// Settle assigns each GPU of the nodes once: first to pods that have a node, then to pods without one, in the order of
// capacity.Standing. The scheduler decides which node a pod gets; Settle finds the Workspaces without a free GPU. One
// that does not exist yet is not created while another goes before it and waits for the same nodes: its pods could take
// the GPUs first.
func (ExistingNodes) Settle(workloads []Workload, _ Policy, seen Observed) []string {
	if !seen.Live && !seen.NodesKnown {
		return nil
	}
	l := newLedger(seen.State)
	order := make([]*Workload, 0, len(workloads))
	for _, w := range byStanding(workloads, seen) {
		if len(w.Blocked) == 0 && w.Waiting == "" && !w.Finished && !w.Workspace.Suspended() {
			order = append(order, w)
			l.settle(w)
		}
	}
	slices.SortStableFunc(order, func(a, b *Workload) int { return cmp.Compare(l.settled[b.Key], l.settled[a.Key]) })
	for i, w := range order {
		failure := l.assign(w)
		if failure.Reason == "" || w.NodeFailure.Reason != "" {
			continue
		}
		if _, exists := seen.State.Workloads[w.Key]; !exists {
			if before := l.pending(order[:i], w); len(before) > 0 {
				failure.Message += w.waitBehind(before, seen)
				w.Waiting, w.Unplaced, w.Bundle = failure.Message, true, render.Bundle{}
			}
		}
		w.NodeFailure = failure
	}
	return nil
}

// pending lists those of a higher priority with pods without a node that may run on a node of the Workload.
func (l *ledger) pending(before []*Workload, w *Workload) []*Workload {
	var out []*Workload
	for _, b := range before {
		if b.Priority.Compare(w.Priority) <= 0 || l.settled[b.Key] >= b.Placement.Nodes {
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
	state   cluster.State
	free    map[string]map[string]int64 // by node and profile; profile "" is whole GPUs
	takers  map[string][]string         // by node
	settled map[workspace.Key]int       // pods that have their GPUs
}

func newLedger(s cluster.State) *ledger {
	l := &ledger{
		state:   s,
		free:    map[string]map[string]int64{},
		takers:  map[string][]string{},
		settled: map[workspace.Key]int{},
	}
	for _, n := range s.Nodes {
		l.free[n.Name] = map[string]int64{"": n.GPUs - n.Taken}
		for profile, count := range n.Slices {
			l.free[n.Name][profile] = count
		}
		if n.Cordoned {
			l.free[n.Name] = map[string]int64{}
			l.takers[n.Name] = append(l.takers[n.Name], "a cordon")
		}
		if n.Taken > 0 {
			l.takers[n.Name] = append(l.takers[n.Name], "unmanaged pods")
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
func (l *ledger) settle(w *Workload) {
	for _, p := range l.state.Workloads[w.Key].Pods {
		if p.Node != "" && !p.Ended() && l.free[p.Node] != nil {
			l.take(p.Node, w)
			l.settled[w.Key]++
		}
	}
}

func (l *ledger) take(node string, w *Workload) {
	l.free[node][w.Workspace.MIGProfile()] -= share(w)
	l.takers[node] = append(l.takers[node], w.Key.String())
}

// assign takes free GPUs for the other pods of the Workspace. If too few are free, it returns a failure that names the
// pods that use them.
func (l *ledger) assign(w *Workload) cluster.Failure {
	open := w.Placement.Nodes - l.settled[w.Key]
	for _, n := range w.nodes {
		if open > 0 && l.free[n.Name][w.Workspace.MIGProfile()] >= share(w) {
			l.take(n.Name, w)
			open--
		}
	}
	if open <= 0 || len(w.nodes) < w.Placement.Nodes {
		return cluster.Failure{} // all pods have GPUs, or nodes are missing, which Place has reported
	}
	var full []string
	for _, n := range w.nodes {
		if takers := l.takers[n.Name]; len(takers) > 0 {
			full = append(full, n.Name+" by "+strings.Join(takers, ", "))
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
