// SPDX-License-Identifier: Apache-2.0

package status

import (
	"strings"
	"testing"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/workspace"
)

// TestMessagesAgree: a message does not deny what its condition says.
func TestMessagesAgree(t *testing.T) {
	in := served()
	w := *in.Workload
	w.Endpoints = 0
	in.Workload = &w
	r := Observe(nil, in, t0)
	for _, c := range r.Conditions {
		if c.Type == InferenceReady && (c.Status != "False" || !strings.Contains(c.Message, "no address of them yet")) {
			t.Errorf("%+v", c)
		}
	}
	in = served()
	in.LiveNodes = nil
	for _, c := range Observe(nil, in, t0).Conditions {
		if c.Type == ResourceReady && (c.Status != "False" || strings.Contains(c.Message, "Succeeded")) {
			t.Errorf("%+v", c)
		}
	}
}

// TestWhyStays: that a Workspace stays on its size is no reason for the size, unless its inputs have changed.
func TestWhyStays(t *testing.T) {
	first := Observe(nil, chosen(), t0)
	in := chosen()
	in.Why = "it stays with " + in.InstanceType
	if r := Observe(&first, in, t1); r.Why != first.Why || r.Why == "" {
		t.Errorf("stays: %q", r.Why)
	}
	in.Inputs = "other"
	if r := Observe(&first, in, t1); r.Why != in.Why {
		t.Errorf("with other inputs: %q", r.Why)
	}
	in.InstanceType, in.Why = "Standard_NC40ads_H100_v5", "it is what the file names"
	if r := Observe(&first, in, t1); r.Why != in.Why {
		t.Errorf("with another size: %q", r.Why)
	}
}

// TestWhyWithoutNodes: a suspended Workspace has no reason for its size, and one that comes back has its own.
func TestWhyWithoutNodes(t *testing.T) {
	in := chosen()
	ws := *in.Workspace
	in.Workspace, in.Why = &ws, "suspended: no nodes"
	ws.Annotations = map[string]string{workspace.AnnotationSuspend: "true"}
	first := Observe(nil, in, t0)
	if first.Why != "" {
		t.Errorf("suspended: %q", first.Why)
	}
	again := chosen()
	back := Observe(&first, again, t1)
	if back.Why != again.Why || back.Why == "" {
		t.Errorf("back: %q", back.Why)
	}
	if r := Observe(&back, in, t1); r.Why != "" {
		t.Errorf("suspended again: %q", r.Why)
	}
	again.Why, again.NodeFailure.Reason = "gives way", string(diag.Preempted)
	if r := Observe(&back, again, t1); r.Why != "" {
		t.Errorf("preempted: %q", r.Why)
	}
}

// TestWhyOfAMoveThatEnds: who was about to move and stays, because its file is what it was, has its own reason again.
func TestWhyOfAMoveThatEnds(t *testing.T) {
	first := Observe(nil, chosen(), t0)
	moves := chosen()
	moves.Inputs, moves.Commit, moves.Why = "d2", "c2", "moves to pool wphi2 once it is ready"
	moves.NodeFailure.Reason, moves.NodeFailure.Message = Moving, moves.Why
	going := Observe(&first, moves, t1)
	if going.Why != moves.Why {
		t.Errorf("while it moves: %q", going.Why)
	}
	if r := Observe(&going, chosen(), t1); r.Why != first.Why || r.Why == "" {
		t.Errorf("once it stays: %q, want %q", r.Why, first.Why)
	}
}

// TestLargeOverview: of a large fleet the overview lists what a person may have to look at, and counts all.
func TestLargeOverview(t *testing.T) {
	s := Summary{Cluster: "demo", Reports: append(many(maxRows+100, Ready), report("zzz", Failed))}
	readme := string(Files(s)["README.md"])
	for _, want := range []string{
		"600 of 601 ready, 1 failed", "[default/zzz]", "600 more are not listed",
	} {
		if !strings.Contains(readme, want) {
			t.Errorf("it does not say %q:\n%s", want, readme)
		}
	}
	if strings.Contains(readme, "phi-001") || len(readme) > 4<<10 {
		t.Errorf("it has %d bytes", len(readme))
	}
}
