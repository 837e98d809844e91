// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"fmt"
	"testing"

	"syncer.dev/syncer/internal/desired"
	"syncer.dev/syncer/internal/files/filestest"
	"syncer.dev/syncer/internal/plan"
	"syncer.dev/syncer/internal/render"
	"syncer.dev/syncer/internal/reviewed"
	"syncer.dev/syncer/internal/workspace"
	"syncer.dev/syncer/internal/workspace/load"
	"syncer.dev/syncer/presets"
)

var identifying = desired.Policy{Cluster: "demo", Region: "eastus"}

// served is a source of Workspaces m-0, m-1 and so on, with its desired state.
func served(t *testing.T, n int) (desired.Input, desired.Desired) {
	t.Helper()
	files := map[string]string{}
	for i := range n {
		files[fmt.Sprintf("m-%d.yaml", i)] = fmt.Sprintf("apiVersion: kaito.sh/v1beta1\nkind: Workspace\n"+
			"metadata: {name: m-%d}\ninference: {preset: {name: phi-4}}\n", i)
	}
	in, err := desired.Read(filestest.New(files), presets.FS, load.Options{}, workspace.Env{}, render.NewCache())
	if err != nil {
		t.Fatal(err)
	}
	d, err := Desire(t.Context(), in, identifying, desired.Observed{})
	if err != nil {
		t.Fatal(err)
	}
	return in, d
}

// TestIdentifiedLater identifies few Workspaces at once: first those that change, and those of which only the status
// branch says what was carried out; the others have the digest of their report until it is their turn.
func TestIdentifiedLater(t *testing.T) {
	const n = 9
	in, d := served(t, n)
	const changed, told, uses, unreported, goes = 8, 7, 6, 5, 3
	d.Workloads = append(d.Workloads[:goes:goes], d.Workloads[goes+1:]...) // its row has no Workload
	rows := func() []*plan.Workspace {
		var out []*plan.Workspace
		for i := range n {
			out = append(out, &plan.Workspace{
				Key: workspace.Key{Namespace: "default", Name: fmt.Sprintf("m-%d", i)}, Op: plan.NoOp,
			})
		}
		out[changed].Op, out[goes].Op, out[uses].Uses = plan.Update, plan.Delete, []string{"ConfigMap/conf"}
		return out
	}
	carried := func(_ int, k workspace.Key) reviewed.CarriedOut {
		switch k.Name {
		case fmt.Sprint("m-", unreported):
			return reviewed.CarriedOut{}
		case fmt.Sprint("m-", told):
			return reviewed.CarriedOut{Digest: "claimed", Told: true}
		}
		return reviewed.CarriedOut{Digest: "reported"}
	}
	all := Result{Plan: plan.Plan{Workspaces: rows()}, Desired: d}
	New(Settings{Policy: identifying}, nil).withDigests(t.Context(), in, &all, carried)
	if all.Unidentified != 0 || !all.Identified {
		t.Fatalf("%d of %d wait where 500 may be identified at once", all.Unidentified, n)
	}
	e := New(Settings{Policy: identifying}, nil)
	e.atOnce = 2
	for pass, waiting := range []int{2, 0, 0} { // of the calm ones m-0, m-1, m-2 and m-4
		got := Result{Plan: plan.Plan{Workspaces: rows()}, Desired: d}
		e.withDigests(t.Context(), in, &got, carried)
		if got.Unidentified != waiting {
			t.Errorf("pass %d: %d wait, want %d", pass, got.Unidentified, waiting)
		}
		for i, row := range got.Plan.Workspaces {
			want := all.Plan.Workspaces[i].Digest
			if i == goes || waiting > 0 && (i == 2 || i == 4) {
				want = "reported"
			}
			if row.Digest != want || len(want) != 64 && want != "reported" {
				t.Errorf("pass %d: %s has the digest %q, want %q", pass, row.Key, row.Digest, want)
			}
		}
	}
}

// TestMovesAreIdentified: what gets other nodes without a step of its own is compared with reviews, so that its inputs
// are identified at once. By the digest of its report, a review of what it was before would cover what it is now.
func TestMovesAreIdentified(t *testing.T) {
	in, d := served(t, 3)
	out := Result{Desired: d}
	for i := range in.Set.Workspaces {
		out.Plan.Workspaces = append(out.Plan.Workspaces, &plan.Workspace{
			Key: in.Set.Workspaces[i].Key, Op: plan.NoOp, Place: reviewed.Shown{InstanceType: "A", Nodes: 1},
		})
	}
	const moves = 2
	out.Plan.Workspaces[moves].Place.InstanceType = "B"
	e := New(Settings{Policy: identifying}, nil)
	e.atOnce = 1
	e.withDigests(t.Context(), in, &out, func(int, workspace.Key) reviewed.CarriedOut {
		return reviewed.CarriedOut{Digest: "reported", InstanceType: "A", Nodes: 1}
	})
	if out.Unidentified != 1 || out.Plan.Workspaces[1].Digest != "reported" {
		t.Errorf("%d wait", out.Unidentified)
	}
	if got := out.Plan.Workspaces[moves].Digest; len(got) != 64 {
		t.Errorf("the one that moves has the digest %q", got)
	}
}

// TestUnidentifiable: a Workspace whose digest cannot be computed has none, and waits for no turn.
func TestUnidentifiable(t *testing.T) {
	in, _ := served(t, 1)
	broken := in.Set.Workspaces[0]
	broken.Inference = nil // no base renders it
	row := &plan.Workspace{Key: broken.Key, Op: plan.NoOp}
	out := Result{
		Plan:    plan.Plan{Workspaces: []*plan.Workspace{row}},
		Desired: desired.Desired{Workloads: []*desired.Workload{{Key: broken.Key, Workspace: &broken}}},
	}
	e := New(Settings{Policy: identifying}, nil)
	for range 2 {
		row.Digest = "before"
		e.withDigests(t.Context(), in, &out, func(int, workspace.Key) reviewed.CarriedOut {
			return reviewed.CarriedOut{Digest: "reported"}
		})
		if row.Digest != "" || out.Unidentified > 0 {
			t.Errorf("the digest is %q, %d wait", row.Digest, out.Unidentified)
		}
	}
}
