// SPDX-License-Identifier: Apache-2.0

package markdown_test

import (
	"fmt"
	"strings"
	"testing"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/plan"
	"syncer.dev/syncer/internal/plan/markdown"
	"syncer.dev/syncer/internal/workspace"
)

// TestHead says below the headline what all nodes cost, and which models stop serving.
func TestHead(t *testing.T) {
	serves, suspended := plan.Values{Preset: "phi", Serves: true}, plan.Values{Preset: "phi"}
	changed := func(op plan.Op, n int, after plan.Values) (out []*plan.Workspace) {
		for i := range n {
			key := workspace.Key{Namespace: "default", Name: fmt.Sprintf("%s-%d", op, i)}
			out = append(out, &plan.Workspace{Key: key, Op: op, Before: serves, After: after, Interrupted: true})
		}
		return out
	}
	hourly := func(usd float64) capacity.Cost { return capacity.Cost{USD: usd, Known: true} }
	replica := []plan.Finding{{
		Workspace: workspace.Key{Namespace: "default", Name: "delete-0"}, Kind: plan.Deleted,
		Text: "the Workspace is deleted: " + plan.ReasonFewerReplicas,
	}}
	for _, tt := range []struct {
		name          string
		plan          plan.Plan
		cost, serving string
	}{
		{
			"nothing",
			plan.Plan{Cost: plan.CostChange{Before: hourly(0), After: hourly(0)}},
			"nothing is bought.", "no model is known to stop.",
		},
		{
			"the same cost",
			plan.Plan{
				Cost: plan.CostChange{Before: hourly(1), After: hourly(1)}, PricesDate: "2026-06-18",
				Workspaces: changed(plan.Update, 1, serves),
			},
			"730 USD/month (1.00 USD/h), as before, by prices of 2026-06-18.",
			"`default/update-0` **stops** until its new pods are ready.",
		},
		{
			"unknown",
			plan.Plan{Workspaces: changed(plan.Update, 1, suspended)},
			"unknown USD/month (unknown USD/h).", "`default/update-0` **stops**.",
		},
		{
			"many",
			plan.Plan{
				Cost:       plan.CostChange{Before: hourly(1), After: hourly(2)},
				Workspaces: append(changed(plan.Delete, 5, plan.Values{}), changed(plan.Replace, 2, serves)...),
			},
			"730 → 1,460 USD/month (1.00 → 2.00 USD/h).",
			"`default/delete-0`, `default/delete-1`, `default/delete-2` and 2 more **stop for good**; " +
				"`default/replace-0`, `default/replace-1` **stop** until their new pods are ready.",
		},
		{
			"one replica of several",
			plan.Plan{Workspaces: changed(plan.Delete, 1, plan.Values{}), Findings: replica},
			"unknown USD/month (unknown USD/h).", "no model is known to stop.",
		},
	} {
		got := markdown.Render(tt.plan, markdown.Options{})
		want := "\n- **Cost** of all nodes: " + tt.cost + "\n- **Serving**: " + tt.serving + "\n"
		if !strings.Contains(got, want) {
			t.Errorf("%s: got\n%s\nwant%s", tt.name, got, want)
		}
	}
}

// TestDeletionIsAWarning has the warning about a deletion at the list of what is deleted.
func TestDeletionIsAWarning(t *testing.T) {
	p := fleet(0, 1, 0)
	if got := markdown.Render(p, markdown.Options{}); !strings.Contains(got, "\n**Deleted**\n") {
		t.Errorf("no warning: %s", got)
	}
	p.Findings = []plan.Finding{{Workspace: p.Workspaces[0].Key, Kind: plan.Deleted, Verdict: diag.Warn, Text: "gone"}}
	if got := markdown.Render(p, markdown.Options{}); !strings.Contains(got, "\n**Warning: deleted**\n") {
		t.Errorf("a warning: %s", got)
	}
}
