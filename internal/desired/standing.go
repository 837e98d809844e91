// SPDX-License-Identifier: Apache-2.0

package desired

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/workspace"
)

// rank sets the priority of a Workload, and notes a cap.
func (w *Workload) rank(policy Policy) {
	w.Priority = w.Workspace.Priority()
	if most, capped := policy.MaxPriority[w.Namespace]; capped && w.Priority.Compare(most) > 0 {
		w.Notes = append(slices.Clone(w.Notes), fmt.Sprintf(
			"priority %s counts as %s, the highest of namespace %s (policy.priority.max)", w.Priority, most, w.Namespace))
		w.Priority = most
	}
}

// standing decides who goes first; see capacity.Standing.
func (w *Workload) standing(seen Observed) capacity.Standing {
	runs := false
	for _, p := range seen.State.Workloads[w.Key].Pods {
		runs = runs || p.Node != "" && !p.Ended()
	}
	return capacity.Standing{
		Priority:  w.Priority,
		Runs:      runs,
		FirstSeen: seen.FirstSeen[w.Key],
		DemandGiB: w.Demand.GiB(),
		Digest:    w.Workspace.Digest,
	}
}

// byStanding lists the places of Workloads in the order in which they are served. The key decides only between two with
// the same content.
func byStanding(workloads []*Workload, seen Observed) []int {
	standings := make([]capacity.Standing, len(workloads))
	order := make([]int, len(workloads))
	for i, w := range workloads {
		standings[i], order[i] = w.standing(seen), i
	}
	slices.SortFunc(order, func(a, b int) int {
		return cmp.Or(standings[a].Compare(standings[b]), workloads[a].Key.Compare(workloads[b].Key))
	})
	return order
}

// maxBehind is how many Workspaces a message names that go before another one.
const maxBehind = 3

// waitBehind sets who goes before a Workload that waits, and returns the end of a message that says so.
func (w *Workload) waitBehind(before []*Workload, seen Observed) string {
	var names []string
	w.Behind, w.More = nil, max(len(before)-maxBehind, 0)
	own := w.standing(seen)
	for _, b := range before[:min(len(before), maxBehind)] {
		a := capacity.Ahead{Workspace: b.Key, Why: "it has its nodes already"}
		if other := b.standing(seen); other.Compare(own) < 0 {
			a.Why = other.Ahead(own)
		}
		w.Behind = append(w.Behind, a)
		names = append(names, fmt.Sprintf("%s (%s)", a.Workspace, a.Why))
	}
	if w.More > 0 {
		names = append(names, fmt.Sprintf("%d more", w.More))
	}
	if len(names) == 0 {
		return ""
	}
	return "; it waits behind " + strings.Join(names, ", ")
}

// maxPriorities returns the caps of a configuration by namespace.
func maxPriorities(of map[string]string) map[string]workspace.Priority {
	out := map[string]workspace.Priority{}
	for ns, p := range of {
		out[ns] = workspace.Priority(p)
	}
	return out
}

// Ranked returns the policy with what a configuration says about who goes first: caps of priorities and shares of
// quotas and limits, by namespace.
func (p Policy) Ranked(highest map[string]string, shares map[string]int, preemption bool) Policy {
	p.MaxPriority, p.Limits.Shares, p.Preemption = maxPriorities(highest), shares, preemption
	return p
}
