// SPDX-License-Identifier: Apache-2.0

package findings

import (
	"fmt"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/plan"
	"syncer.dev/syncer/internal/workspace"
	"syncer.dev/syncer/internal/workspace/dependency"
)

// rolledOut says how many Workspaces restart, and how many of them at once.
func rolledOut(r *review) {
	restart, serve := 0, 0
	for i := range r.Plan.Workspaces {
		w := r.Plan.Workspaces[i]
		if w.Before.Serves {
			serve++
		}
		if w.Interrupted && w.After.Serves && w.GivesWay == (workspace.Key{}) {
			restart++
		}
	}
	if restart < 2 {
		return
	}
	limit := r.Policy.Rollout
	how := "all at once"
	switch n := limit.Of(serve); {
	case limit.Off() || n >= restart:
	case n == 1:
		how = "one after another, each healthy before the next"
	default:
		how = fmt.Sprintf("at most %d at a time, each healthy before the next", n)
	}
	r.say(plan.RolledOut, diag.Off, fmt.Sprintf("%s serving Workspaces restart, %s (%s)",
		plan.Thousands(restart), how, limit), "")
}

// dependencies says which Workspaces must be done first, by the annotation.
func dependencies(r *review, s *subject) {
	if s.new == nil || r.After == nil || s.Op == plan.NoOp {
		return
	}
	named, _ := dependency.Named(s.new)
	for _, dep := range named {
		on := r.After.Find(dep.Key)
		if on == nil {
			continue // a Problem says so
		}
		text := fmt.Sprintf("it depends on %s", dep.Key)
		live, runs := r.Workloads[dep.Key]
		done := runs && live.Inputs == on.Digest && (live.Complete || live.Current && live.Replicas > 0 && live.Endpoints > 0)
		switch {
		case done:
			continue
		case !r.Asked.Cluster:
			text += "; whether that is done is unknown"
		case runs && live.Failed && live.Inputs == on.Digest:
			text += ", which failed"
		default:
			text += ", which is not done"
		}
		r.tell(s, plan.DependencyNotReady, diag.Off, text+"; nothing of the Workspace changes until it is", "")
	}
}
