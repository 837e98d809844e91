// SPDX-License-Identifier: Apache-2.0

package desired

import (
	"cmp"

	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/wellknown"
	"syncer.dev/syncer/internal/workspace"
)

// Offline returns what a command without a cluster observes: the existing nodes that the source or the facts of Read
// describe, and nothing else.
func (in Input) Offline() Observed {
	nodes, known := in.env.Nodes(in.Set)
	seen := Observed{NodesKnown: known, State: cluster.State{Workloads: map[workspace.Key]cluster.Workload{}}}
	for _, n := range nodes {
		instanceType := n.Labels[wellknown.LabelInstanceType]
		seen.State.Nodes = append(seen.State.Nodes, cluster.Node{
			Name:         n.Name,
			InstanceType: cmp.Or(instanceType, n.Labels[wellknown.LabelGPUProduct]),
			Ready:        !n.NotReady,
			Cordoned:     n.Cordoned,
			Labels:       n.Labels,
			GPUs:         n.GPUs,
			Slices:       n.Slices,
		})
	}
	return seen
}

// Placeable reports whether Workspaces can be placed without a cluster: existing nodes must be known for that.
func (in Input) Placeable() bool {
	_, known := in.env.Nodes(in.Set)
	return !in.env.BYO || known
}

// Obstacle returns the error that keeps a valid Workspace from running on what is observed, for commands without a
// cluster: a limit, or too few existing nodes. Where a cluster is live, it is the reason of condition ResourceReady
// instead, since nodes and limits come and go. It returns false if there is none.
func (w *Workload) Obstacle() (diag.Diagnostic, bool) {
	const field = "resource"
	reason, message := diag.Reason(w.NodeFailure.Reason), w.NodeFailure.Message
	if w.Held != "" {
		reason, message = diag.LimitReached, w.Held
	}
	if reason == "" || reason == diag.Moving || len(w.Blocked) > 0 {
		return diag.Diagnostic{}, false
	}
	d := diag.Errorf(reason, "%s", message).On(w.Workspace.Written(field)).Placed(w.Workspace.At(field)).For(w.Key)
	switch reason {
	case diag.LimitReached:
		d = d.Suggest("raise the limit, or remove or suspend other Workspaces")
	case diag.NodesMissing:
		d = d.Suggest("add or label nodes; syncer counts those in PATH, or else those in --facts")
	}
	return d, true
}
