// SPDX-License-Identifier: Apache-2.0

package status

import (
	"slices"

	"syncer.dev/syncer/internal/cluster"
)

// staying reports a Workspace that the source no longer asks for, and whose deletion is held back. Its file is gone, so
// the last report stays as far as what is live bears it out.
func staying(in Input, old Report) (State, []Condition) {
	var kept []Condition
	for _, c := range old.Conditions {
		if c.Type != Applied && c.Type != Reviewed {
			kept = append(kept, c)
		}
	}
	is := func(kind string) bool {
		return slices.ContainsFunc(kept, func(c Condition) bool { return c.Type == kind })
	}
	switch {
	case is(InferenceReady):
		return serverStays(in.Workload, old.State, kept)
	case is(JobStarted):
		return jobStays(in, old.State, kept)
	}
	return old.State, kept
}

// serverStays changes the conditions of a server that serves no more, or again.
func serverStays(w *cluster.Workload, was State, kept []Condition) (State, []Condition) {
	live := condition(InferenceReady, false, "WorkspaceInferenceStatusPending", "nothing runs")
	if w != nil {
		live = servesStill(w)
	}
	serves := live.Status == "True"
	if serves == (was == Ready) {
		return was, kept
	}
	if serves {
		return Ready, []Condition{
			condition(ResourceReady, true, "NodesReady", "the pods run on their nodes"),
			live,
			condition(WorkspaceSucceeded, true, "workspaceSucceeded", "the model is served"),
		}
	}
	return NotReady, []Condition{
		nodesStay(w, kept), live, condition(WorkspaceSucceeded, false, "workspacePending", live.Message),
	}
}

// nodesStay returns condition ResourceReady of a server that does not serve: what it was while each pod has a node.
func nodesStay(w *cluster.Workload, kept []Condition) Condition {
	placed := w != nil && !slices.ContainsFunc(w.Pods, func(p cluster.Pod) bool { return p.Node == "" })
	for _, c := range kept {
		if c.Type == ResourceReady && (placed || c.Status != "True") {
			return c
		}
	}
	return condition(ResourceReady, false, "NodeNotReady", "not every pod has a node")
}

// jobStays changes the conditions of a job that has gone on, or is gone.
func jobStays(in Input, was State, kept []Condition) (State, []Condition) {
	state, live := job(in, in.Workload)
	if state == was || was == Failed && state == Pending {
		return was, kept
	}
	for _, c := range kept {
		if c.Type == ResourceReady {
			live = append(live, c)
		}
	}
	return state, live
}
