// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"maps"

	"syncer.dev/syncer/internal/desired/depends"
	"syncer.dev/syncer/internal/plan/rollout"
	"syncer.dev/syncer/internal/workspace"
)

// told reports whether the status branch says what it said before.
func (b *before) told(seen Observed) bool {
	return b != nil && rollout.Same(b.seen.Reported, seen.Reported)
}

// dependsAs returns what follows for Workspaces that depend on others: the same as before, if all that it follows from
// is the same.
func (b *before) dependsAs(set *workspace.Set, seen Observed, told bool) depends.Result {
	if told && b.set == set && b.seen.State.Version != 0 && b.seen.State.Version == seen.State.Version {
		return b.dependent
	}
	return depends.Of(depends.Input{Set: set, Workloads: seen.State.Workloads, Reported: seen.Reported})
}

// with returns held and the Workspaces that wait for others; the reasons of held count.
func with(held, waits map[workspace.Key]string) map[workspace.Key]string {
	if len(waits) == 0 {
		return held
	}
	out := maps.Clone(waits)
	maps.Copy(out, held)
	return out
}
