// SPDX-License-Identifier: Apache-2.0

package summary

import (
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/diff"
	"syncer.dev/syncer/internal/plan"
	"syncer.dev/syncer/internal/workspace"
)

var (
	a = workspace.Key{Namespace: "default", Name: "a"}
	b = workspace.Key{Namespace: "default", Name: "b"}
)

func TestDifferences(t *testing.T) {
	before := plan.Values{
		Preset: "phi", Revision: "0123456789abcdef0123456789abcdef01234567", ContextLength: 8192, InstanceType: "A", Nodes: 1,
		Image: "x:1", Endpoint: "http://a",
	}
	after := before
	after.Revision, after.ContextLength, after.Spot, after.Nodes = "unpinned", 1, true, 2
	want := []Difference{
		{"revision", "0123456789ab", "unpinned"},
		{"context", "8,192 tokens", "1 token"},
		{"nodes", "1", "2"},
		{"capacity", "on demand", "spot, which Azure may evict"},
	}
	if d := cmp.Diff(want, Differences(before, after)); d != "" {
		t.Error(d)
	}
	if got := Differences(before, before); got != nil {
		t.Errorf("equal values differ: %v", got)
	}
	tuning := plan.Values{Preset: "phi", Image: "x:1"}
	serving := tuning
	serving.Endpoint = "http://a"
	want = []Difference{{"task", "tuning", "inference"}, {"endpoint", "", "http://a"}}
	if d := cmp.Diff(want, Differences(tuning, serving)); d != "" {
		t.Error(d)
	}
	if got := Differences(plan.Values{}, tuning); len(got) != 3 || got[0] != (Difference{"task", "", "tuning"}) {
		t.Errorf("created: %v", got)
	}
}

func TestServingOf(t *testing.T) {
	serves, not := plan.Values{Serves: true}, plan.Values{}
	for _, tt := range []struct {
		w    plan.Workspace
		want Serving
	}{
		{plan.Workspace{Op: plan.Create, After: serves}, ServingStarts},
		{plan.Workspace{Op: plan.Create}, NotServing},
		{plan.Workspace{Op: plan.Hold, After: serves}, NotServing},
		{plan.Workspace{Op: plan.Hold, Before: serves, After: serves, Interrupted: true}, ServingContinues},
		{plan.Workspace{Op: plan.Update, Before: serves, After: serves}, ServingContinues},
		{plan.Workspace{Op: plan.Update, Before: serves, After: serves, Interrupted: true}, ServingInterrupted},
		{plan.Workspace{Op: plan.Update, Before: serves, After: not}, ServingStops},
		{plan.Workspace{Op: plan.Delete, Before: serves}, ServingEnds},
		{plan.Workspace{Op: plan.Delete}, NotServing},
	} {
		if got := ServingOf(&tt.w); got != tt.want {
			t.Errorf("%s, interrupted %t: %q, want %q", tt.w.Op, tt.w.Interrupted, got, tt.want)
		}
	}
}

func TestStatements(t *testing.T) {
	all := []workspace.Key{a, b}
	p := plan.Plan{
		Workspaces: []*plan.Workspace{
			{Key: a, Blocked: []string{"a.yaml:1:2: error: no"}},
			{Key: b, Refused: true, Unplaced: "no quota"},
			{Key: workspace.Key{Name: "c"}, Refused: true, Unplaced: "no room"},
			{Key: workspace.Key{Name: "same"}, Op: plan.NoOp},
		},
		Changes: []*plan.Change{{Target: "ConfigMap/x", Reason: "refused", Refused: true}},
		Problems: []diag.Diagnostic{
			diag.Errorf("A", "no").For(a),
			diag.Errorf("A", "broken").In("x.yaml").Suggest("mend it"),
			diag.Warningf("A", "odd").In("y.yaml").At(1, 2).For(a),
			diag.Warningf("A", "old").In("z.yaml").At(1, 2).For(workspace.Key{Name: "same"}),
		},
		Warnings: []string{"held"},
		Findings: []plan.Finding{
			{Workspace: a, Kind: plan.GatedLicence, Verdict: diag.Fail, Text: "field no"}, // the Problem says so
			{Workspace: b, Kind: plan.LimitExceeded, Verdict: diag.Fail, Text: "no quota", Hint: "ask"},
			{Workspace: a, Kind: plan.SpotNodes, Verdict: diag.Warn, Text: "spot"},
			{Workspace: b, Kind: plan.SpotNodes, Verdict: diag.Warn, Text: "spot"},
			{Workspace: b, Kind: plan.SpotNodes, Verdict: diag.Warn, Text: "spot", Hint: "another"},
			{Kind: plan.NotCompared, Verdict: diag.Off, Text: "unknown"},
			{Workspace: a, Kind: plan.SizeChanged, Verdict: diag.Off, Text: "size A -> B"},
		},
	}
	for _, tt := range []struct {
		name      string
		got, want []Statement
	}{
		{"blockers", Blockers(&p), []Statement{
			{Workspaces: all[:1], Text: "a.yaml:1:2: error: no"},
			{Workspaces: []workspace.Key{{Name: "c"}}, Text: "no room"},
			{Text: "ConfigMap/x: refused"},
			{Text: "x.yaml: broken", Hint: "mend it"},
			{Kind: plan.LimitExceeded, Workspaces: all[1:], Text: "no quota", Hint: "ask"},
		}},
		{"cautions", Cautions(&p), []Statement{
			{Kind: plan.SpotNodes, Workspaces: all, Text: "spot"},
			{Kind: plan.SpotNodes, Workspaces: all[1:], Text: "spot", Hint: "another"},
			{Text: "held"},
			{Workspaces: all[:1], Text: "y.yaml:1:2: odd"},
		}},
		{"facts", Facts(&p), []Statement{
			{Kind: plan.NotCompared, Text: "unknown"},
			{Text: "1 warning about a Workspace that does not change; syncer validate prints it"},
		}},
	} {
		if d := cmp.Diff(tt.want, tt.got); d != "" {
			t.Errorf("%s: %s", tt.name, d)
		}
	}
}

func TestSteps(t *testing.T) {
	object := &unstructured.Unstructured{}
	p := plan.Plan{Changes: []*plan.Change{
		{Workspace: a, Op: plan.Create, Target: "Pool/a", Pool: &capacity.PoolChange{}},
		{Workspace: a, Op: plan.Update, Target: "Service/a", Object: object},
		{Workspace: a, Op: plan.Update, Target: "Service/a-headless", Object: object},
		{Workspace: a, Op: plan.Update, Target: "StatefulSet/a", Object: object, Texts: diff.Given(diff.Diff{Unified: "x"})},
		{Workspace: a, Op: plan.Update, Target: "Job/a", Object: object, Texts: diff.Given(diff.Diff{Unified: "x"})},
		{Workspace: a, Op: plan.NoOp, Target: "ConfigMap/a"},
		{Workspace: a, Op: plan.Hold, Target: "A/a", Reason: "one"},
		{Workspace: a, Op: plan.Hold, Target: "B/a", Reason: "one"},
		{Workspace: a, Op: plan.Hold, Target: "C/a", Reason: "two"},
		{Op: plan.Delete, Target: "ConfigMap/shared"},
		{Workspace: capacity.SetKey("default", "set"), Op: plan.Delete, Target: "Pool/set"},
	}}
	of, others := ChangesOf(&p)
	if len(of) != 1 || len(of[a]) != 8 || len(others) != 2 {
		t.Errorf("of %v, others %v", of, others)
	}
	var got []int
	for _, group := range Together(of[a]) {
		got = append(got, len(group))
	}
	if d := cmp.Diff([]int{1, 2, 1, 1, 2, 1}, got); d != "" {
		t.Error(d)
	}
	if got := Why(of[a][1]); got != "only what syncer notes on it" {
		t.Errorf("why: %q", got)
	}
}

func TestWords(t *testing.T) {
	if got := Month(capacity.Cost{USD: 3.673, Known: true}) + " " + Month(capacity.Cost{}); got != "2,681 unknown" {
		t.Error(got)
	}
	if got := Nodes(plan.Values{Nodes: 2, InstanceType: "A"}) + Title(plan.Values{Model: "m"}); got != "2 x Am" {
		t.Error(got)
	}
	if got := Short("main"); got != "main" {
		t.Error(got)
	}
}

// TestUnchanged names few, and counts many.
func TestUnchanged(t *testing.T) {
	p := &plan.Plan{Workspaces: []*plan.Workspace{{Key: workspace.Key{Namespace: "n", Name: "new"}, Op: plan.Create}}}
	for i, want := range []string{
		"", "1 Workspace does not change: <n/0>.", "2 Workspaces do not change: <n/0>, <n/1>.",
		"3 Workspaces do not change: <n/0>, <n/1>, <n/2>.", "4 Workspaces do not change.",
	} {
		if got := Unchanged(p, func(name string) string { return "<" + name + ">" }); got != want {
			t.Errorf("%d: %q, want %q", i, got, want)
		}
		key := workspace.Key{Namespace: "n", Name: strconv.Itoa(i)}
		p.Workspaces = append(p.Workspaces, &plan.Workspace{Key: key, Op: plan.NoOp})
	}
}
