// SPDX-License-Identifier: Apache-2.0

package reconcile

import (
	"syncer.dev/syncer/internal/plan/hold"
	"syncer.dev/syncer/internal/plan/rollout"
	"syncer.dev/syncer/internal/status"
	"syncer.dev/syncer/internal/status/shared"
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
		out[l.reports[i].Key] = shared.Reported(&l.reports[i])
	}
	l.others.AddTo(out)
	return out
}
