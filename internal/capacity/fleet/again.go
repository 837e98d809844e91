// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"maps"
	"reflect"
	"slices"

	"syncer.dev/syncer/internal/capacity"
)

// Last is a question to Plan with its answer, for the next question: most are the same. It is for one list of prices.
// It is read only, and safe for concurrent use.
type Last struct {
	in     Input
	order  []int // of in.Workloads, as they are served
	result Result
}

// Plan is the function Plan, which may return the answer of the last question; last is nil for none. next is for the
// question after this one; it keeps the Workloads and Nodes of in, which must not change.
func (l *Last) Plan(in Input) (result Result, next *Last) {
	result, order := Result{}, []int(nil)
	if l.answers(&in) {
		result, order = l.result, l.order
	} else if result, order = plan(in); len(result.Verdicts) > 0 { // callers complete them
		return result, nil
	}
	// Callers may keep and change these.
	in.Pools, in.Unprovisionable = slices.Clone(in.Pools), maps.Clone(in.Unprovisionable)
	return result, &Last{in, order, result}
}

// answers reports whether the last answer is that of in: all that Plan looks at is equal. The digests of Workloads only
// decide in which order they are served.
func (l *Last) answers(in *Input) bool {
	if l == nil || len(in.Workloads) != len(l.in.Workloads) {
		return false
	}
	if !in.sameAround(&l.in) {
		return false
	}
	digests := false
	for i := range in.Workloads {
		a, b := &in.Workloads[i], &l.in.Workloads[i]
		if !a.same(b) {
			return false
		}
		digests = digests || a.Digest != b.Digest
	}
	return !digests || len(l.result.Unplaced) == 0 && in.inOrder(l.order)
}

// sameAround reports whether all is equal but for the Workloads.
func (in *Input) sameAround(was *Input) bool {
	return in.Cluster == was.Cluster && in.Region == was.Region && in.Horizon == was.Horizon &&
		in.Eventual == was.Eventual && in.Preemption == was.Preemption && in.Explain == was.Explain &&
		in.Now.Equal(was.Now) && slices.Equal(in.Nodes, was.Nodes) && slices.Equal(in.Reserved, was.Reserved) &&
		maps.Equal(in.Unprovisionable, was.Unprovisionable) && reflect.DeepEqual(in.Pools, was.Pools) &&
		reflect.DeepEqual(in.Quota, was.Quota) && reflect.DeepEqual(in.Limits, was.Limits) &&
		reflect.DeepEqual(in.Unavailable, was.Unavailable)
}

// same reports whether two Workloads differ at most in their digests.
func (n *Workload) same(o *Workload) bool {
	return n.Workspace == o.Workspace && n.Automatic == o.Automatic && n.Shared == o.Shared && n.Set == o.Set &&
		n.Tuning == o.Tuning && n.Idle == o.Idle && n.Spot == o.Spot && n.OSSKU == o.OSSKU && n.Priority == o.Priority &&
		n.FirstSeen.Equal(o.FirstSeen) && n.DiskGiB == o.DiskGiB && n.Pool == o.Pool && n.GPUs == o.GPUs &&
		n.Paused == o.Paused && slices.Equal(n.Pods, o.Pods) && maps.Equal(n.Labels, o.Labels) &&
		sameOptions(n.Demand.Options, o.Demand.Options) && sameOptions(n.Demand.Shares, o.Demand.Shares)
}

// sameOptions reports whether two lists are equal. Workspaces that ask for the same share one list.
func sameOptions(a, b []capacity.Option) bool {
	return len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0] || reflect.DeepEqual(a, b))
}

// inOrder reports whether Workloads are served in this order.
func (in *Input) inOrder(order []int) bool {
	hosts := make(map[string]string, len(in.Nodes))
	for i := range in.Nodes {
		hosts[in.Nodes[i].Name] = in.Nodes[i].Pool
	}
	pool := func(node string) (string, bool) { p, ok := hosts[node]; return p, ok }
	for k := 1; k < len(order); k++ {
		a, b := &in.Workloads[order[k-1]], &in.Workloads[order[k]]
		if before(a, a.standing(a.runs(pool) != ""), b, b.standing(b.runs(pool) != "")) > 0 {
			return false
		}
	}
	return true
}
