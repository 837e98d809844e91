// SPDX-License-Identifier: Apache-2.0

package reconcile

import (
	"cmp"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/plan/hold"
	"syncer.dev/syncer/internal/plan/rollout"
	"syncer.dev/syncer/internal/status"
	"syncer.dev/syncer/internal/workspace"
)

// heldReasons are the reasons of the condition Applied, by what a Workspace waits for.
var heldReasons = map[hold.By]string{
	hold.ByTurn:       status.RolloutWaiting,
	hold.ByFailure:    status.RolloutStopped,
	hold.ByDependency: status.DependencyNotReady,
}

// reported returns what the last reports say that a plan depends on; nil before they could be read.
func (l *Loop) reported() map[workspace.Key]rollout.Reported {
	if l.recorded == nil {
		return nil
	}
	out := make(map[workspace.Key]rollout.Reported, len(l.reports))
	for i := range l.reports {
		r := &l.reports[i]
		is := rollout.Reported{
			Served:     r.State == status.Ready || r.State == status.NotReady,
			Commit:     cmp.Or(r.DesiredCommit, r.ObservedCommit),
			Inputs:     cmp.Or(r.DesiredInputs, r.Inputs),
			CarriedOut: r.ObservedCommit,
		}
		for _, c := range r.Conditions {
			switch {
			case c.Type == status.Applied:
				is.TooMany = c.Status == "False" && c.Reason == string(diag.MassDeletion)
			case c.Type != status.InferenceReady:
			case c.Status == "True":
				is.Served = true
			case is.Served:
				is.NotReadySince = c.LastTransitionTime
			}
		}
		is.Output, is.OutputOf = r.Pushed()
		out[r.Key] = is
	}
	return out
}
