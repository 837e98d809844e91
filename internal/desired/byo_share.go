// SPDX-License-Identifier: Apache-2.0

package desired

import (
	"cmp"

	"syncer.dev/syncer/internal/capacity/existing"
	"syncer.dev/syncer/internal/desired/livenodes"
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
	if policy.same.settles(workloads, seen) {
		return nil
	}
	takers := make([]existing.Taker, len(workloads))
	for i, w := range workloads {
		takers[i] = existing.Taker{
			Workspace: w.Workspace,
			Nodes:     w.nodes,
			Pods:      w.Placement.Nodes,
			Share:     share(w),
			Live:      seen.State.Workloads[w.Key].Pods,
		}
	}
	l := existing.NewLedger(seen.State.Nodes, takers)
	l.Compare = func(i, j int) int {
		a, b := workloads[i], workloads[j]
		return cmp.Or(a.standing(seen).Compare(b.standing(seen)), a.Key.Compare(b.Key))
	}
	var order []int // that have pods without a node
	for i, w := range workloads {
		if w.runsOnNodes() && l.Settle(i) {
			order = append(order, i)
		}
	}
	if len(order) == 0 {
		policy.same.keepCalm()
		return nil
	}
	l.Order(order)
	for k, i := range order {
		failure := l.Assign(i)
		if failure.Reason == "" || workloads[i].NodeFailure.Reason != "" {
			continue
		}
		w := workloads[i].settling()
		if _, exists := seen.State.Workloads[w.Key]; !exists {
			var before []*Workload // those of a higher priority that wait for the same nodes
			for _, j := range order[:k] {
				if b := workloads[j]; b.Priority.Compare(w.Priority) > 0 && l.Waits(j) && l.Meet(i, j) {
					before = append(before, b)
				}
			}
			if len(before) > 0 {
				failure.Message += w.waitBehind(before, seen)
				w.Waiting, w.Unplaced, w.Bundle = failure.Message, true, render.Bundle{}
			}
		}
		w.NodeFailure = failure
		workloads[i] = policy.same.settled(i, w)
	}
	return nil
}

// runsOnNodes reports whether a Workload is to have pods on existing nodes.
func (w *Workload) runsOnNodes() bool {
	return len(w.Blocked) == 0 && w.Waiting == "" && !w.Finished && !w.Workspace.Suspended()
}

// settles reports whether all pods of all Workloads have a node, so that there is nothing to settle. It looks only at
// what has changed since the answer before, and errs on the side of false. A Workload is another one if something else
// is live of it.
func (s *same) settles(workloads []*Workload, seen Observed) bool {
	if s.none() || !s.around || !s.Earlier.calm || s.Earlier.rendered == nil {
		return false
	}
	for i, w := range workloads {
		if i < len(s.Earlier.rendered) && s.Earlier.rendered[i] == w {
			continue
		}
		if w.runsOnNodes() && livenodes.Bound(seen.State, w.Key) < w.Placement.Nodes {
			return false
		}
	}
	s.keepCalm()
	return true
}

// keepCalm notes that there was nothing to settle.
func (s *same) keepCalm() {
	if s != nil {
		s.calm = true
	}
}

// share returns the number of slices or GPUs that the Workspace takes of each of its nodes.
func share(w *Workload) int64 {
	if w.Workspace.MIGProfile() != "" {
		return 1
	}
	return int64(w.Placement.GPUsPerNode)
}
