// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/workspace"
)

// TestHoldBeside: beside a refused object nothing of a Workspace that exists changes; another Workspace, a new one and
// plain objects go on.
func TestHoldBeside(t *testing.T) {
	old, other := workspace.Key{Namespace: "n", Name: "old"}, workspace.Key{Namespace: "n", Name: "other"}
	fresh := workspace.Key{Namespace: "n", Name: "fresh"}
	changes := []*Change{
		{Workspace: old, Target: "StatefulSet/old", Op: Hold, Refused: true},
		{Workspace: old, Target: "Service/old", Op: Update},
		{Workspace: old, Target: "ConfigMap/old", Op: Create},
		{Workspace: old, Target: "Job/old", Op: Replace},
		{Workspace: old, Target: "ConfigMap/same", Op: NoOp},
		{Workspace: other, Target: "Service/other", Op: Update},
		{Workspace: fresh, Target: "StatefulSet/fresh", Op: Hold, Refused: true},
		{Workspace: fresh, Target: "Service/fresh", Op: Create},
		{Target: "ConfigMap/plain", Op: Hold, Refused: true},
		{Target: "ConfigMap/plain-2", Op: Update},
	}
	holdBeside(changes, []*cluster.Object{{Workspace: old}, {Workspace: other}, {}})
	type row struct {
		Op   Op
		Held bool
		Why  string
	}
	var got []row
	for _, c := range changes {
		got = append(got, row{c.Op, c.Held, c.Reason})
	}
	held := row{Hold, true, "StatefulSet/old of the same Workspace is refused"}
	want := []row{
		{Op: Hold}, held, held, held, {Op: NoOp}, {Op: Update}, {Op: Hold}, {Op: Create}, {Op: Hold}, {Op: Update},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}
