// SPDX-License-Identifier: Apache-2.0

package hold

import (
	"maps"

	"syncer.dev/syncer/internal/workspace"
)

// By is what a Workspace waits for that is held, in the form of JSON.
type By string

// What holds a Workspace. A policy or a missing review, and what changes only together with a Workspace that they hold,
// is ByPolicy.
const (
	ByPolicy     By = ""
	ByTurn       By = "Rollout"        // it restarts once others are healthy again
	ByFailure    By = "RolloutStopped" // another one has failed before it
	ByDependency By = "Dependency"     // a Workspace that it depends on is not done
)

// Passes reports whether the hold ends without another change.
func (b By) Passes() bool { return b == ByTurn || b == ByDependency }

// Waits are the Workspaces that wait for others, in addition to what policies hold. These hold only what is their own:
// an object that they share, such as a ConfigMap, changes at once, or no Workspace with that object could go first.
type Waits struct {
	Why map[workspace.Key]string
	By  map[workspace.Key]By
}

// Add makes a Workspace wait.
func (w *Waits) Add(k workspace.Key, why string, by By) {
	if w.Why == nil {
		w.Why, w.By = map[workspace.Key]string{}, map[workspace.Key]By{}
	}
	w.Why[k], w.By[k] = why, by
}

// With returns the Workspaces that anything holds; the reason of a policy counts first.
func (w Waits) With(policies map[workspace.Key]string) map[workspace.Key]string {
	if len(w.Why) == 0 {
		return policies
	}
	out := maps.Clone(w.Why)
	maps.Copy(out, policies)
	return out
}
