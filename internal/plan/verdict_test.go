// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"testing"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/pools"
	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/workspace"
)

func rows(ops ...Op) []*Workspace {
	out := make([]*Workspace, len(ops))
	for i, op := range ops {
		out[i] = &Workspace{Key: keyOf(string(rune('a' + i))), Op: op}
	}
	return out
}

func costOf(before, after float64) CostChange {
	return CostChange{Before: capacity.Cost{USD: before, Known: true}, After: capacity.Cost{USD: after, Known: true}}
}

func short(family string, used, limit, needed int) pools.QuotaExceeded {
	return pools.QuotaExceeded{Family: family, Needed: needed, Limit: capacity.Limit{Used: used, Max: limit, Known: true}}
}

func TestVerdict(t *testing.T) {
	fail := func(kind FindingKind) Finding { return Finding{Kind: kind, Verdict: diag.Fail} }
	warn := func(kind FindingKind) Finding { return Finding{Kind: kind, Verdict: diag.Warn} }
	create := []*Change{{Op: Create, Workspace: keyOf("a")}}
	for name, tt := range map[string]struct {
		plan    Plan
		line    string
		outcome Outcome
	}{
		"nothing": {Plan{Workspaces: rows(NoOp, NoOp)}, "no changes", NoChanges},
		"a new model": {
			Plan{Workspaces: rows(Create, NoOp), Changes: create, Cost: costOf(0, 3.673)},
			"1 model created, +2,681 USD/month", Changed,
		},
		"several": {
			Plan{Workspaces: rows(Create, Create, Update, Delete, Replace), Changes: create, Cost: costOf(10, 7)},
			"2 models created, 1 model updated, 1 model replaced, 1 model deleted, -2,190 USD/month", Changed,
		},
		"the example": {
			Plan{
				Workspaces: rows(Replace), Changes: create, Cost: costOf(3.673, 7.343),
				Quota:    []pools.QuotaExceeded{short("f", 20, 36, 40), short(capacity.QuotaRegional, 20, 36, 40)},
				Findings: []Finding{fail(QuotaShort), warn(Interrupted)},
			},
			"1 model replaced, serving interrupted, +2,679 USD/month, quota short by 24 vCPU: blocked", Blocked,
		},
		"two interruptions": {
			Plan{
				Workspaces: rows(Update, Update), Changes: create,
				Findings: []Finding{warn(Interrupted), warn(Interrupted)},
			},
			"2 models updated, serving of 2 models interrupted: read the warnings", Warned,
		},
		"a deletion": {
			Plan{
				Workspaces: []*Workspace{
					{Key: keyOf("a"), Op: Delete, Before: Values{Serves: true}}, {Key: keyOf("b"), Op: Delete},
				},
				Changes: create,
			},
			"2 models deleted, serving stops for good", Changed,
		},
		"one replica of several": {
			Plan{
				Workspaces: []*Workspace{{Key: keyOf("a"), Op: Delete, Before: Values{Serves: true}}}, Changes: create,
				Findings: []Finding{{Workspace: keyOf("a"), Kind: Deleted, Text: "deleted: " + ReasonFewerReplicas}},
			},
			"1 model deleted", Changed,
		},
		"an unknown price": {
			Plan{
				Workspaces: rows(Create), Changes: create, Cost: CostChange{Before: capacity.Cost{Known: true}},
				Findings: []Finding{warn(CostUnknown), warn(QuotaUnknown)},
			},
			"1 model created, cost unknown, quota unknown: read the warnings", Warned,
		},
		"invalid": {
			Plan{Workspaces: []*Workspace{{Key: keyOf("a"), Op: Hold, Blocked: []string{"x"}}}},
			"1 model invalid: blocked", Blocked,
		},
		"without a place": {
			Plan{Workspaces: []*Workspace{
				{Key: keyOf("a"), Op: Hold, Unplaced: "x", Refused: true}, {Key: keyOf("b"), Op: Hold, Unplaced: "x"},
			}},
			"1 model without a place, 1 model held: blocked", Blocked,
		},
		"held by a policy": {
			Plan{
				Workspaces: []*Workspace{{Key: keyOf("a"), Op: Hold, Held: "policy"}},
				Findings:   []Finding{{Kind: Interrupted, Verdict: diag.Fail, Workspace: keyOf("a")}},
			},
			"1 model held, serving interrupted: blocked", Blocked,
		},
		"refused objects and files": {
			Plan{
				Changes:  []*Change{{Op: Hold, Refused: true}, {Op: Hold, Refused: true}},
				Problems: []diag.Diagnostic{{Severity: diag.Error}},
			},
			"2 objects refused, 1 error outside of models: blocked", Blocked,
		},
		"plain objects": {
			Plan{Changes: []*Change{{Op: Create}, {Op: Update}, {Op: Update}}},
			"1 object created, 2 objects updated", Changed,
		},
		"a warning about a file that does not change": {
			Plan{
				Workspaces: rows(NoOp),
				Problems:   []diag.Diagnostic{{Severity: diag.Warning, Workspace: keyOf("a")}},
			},
			"no changes", NoChanges,
		},
		"a warning about one that does": {
			Plan{
				Workspaces: rows(Create), Changes: create,
				Problems: []diag.Diagnostic{{Severity: diag.Warning, Workspace: keyOf("a")}},
			},
			"1 model created: read the warnings", Warned,
		},
	} {
		if got := tt.plan.Verdict(); got.Line != tt.line || got.Outcome != tt.outcome {
			t.Errorf("%s:\n got %+v\nwant {%s %s}", name, got, tt.line, tt.outcome)
		}
	}
}

// TestRefusedCountsOnce counts a Workspace that is refused for several reasons as one.
func TestRefusedCountsOnce(t *testing.T) {
	a := keyOf("a")
	p := Plan{
		Workspaces: []*Workspace{{Key: a, Refused: true, Held: "policy"}},
		Findings: []Finding{
			{Workspace: a, Kind: LimitExceeded, Verdict: diag.Fail},
			{Workspace: workspace.Key{}, Kind: CostRaised, Verdict: diag.Fail},
			{Workspace: keyOf("b"), Kind: Deleted, Verdict: diag.Fail},
			{Workspace: keyOf("c"), Kind: Deleted, Verdict: diag.Warn},
		},
	}
	if got := p.Refused(); got != 3 {
		t.Errorf("%d refused, want 3", got)
	}
}

func TestNumbers(t *testing.T) {
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", -1234567: "-1,234,567"} {
		if got := Thousands(n); got != want {
			t.Errorf("Thousands(%d) = %q, want %q", n, got, want)
		}
	}
	for usd, want := range map[float64]string{0.4: "0", -0.4: "0", 2679.1: "+2,679", -12: "-12"} {
		if got := SignedUSD(usd); got != want {
			t.Errorf("SignedUSD(%v) = %q, want %q", usd, got, want)
		}
	}
}
