// SPDX-License-Identifier: Apache-2.0

package terminal_test

import (
	"regexp"
	"strings"
	"testing"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/pools"
	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/diff"
	"syncer.dev/syncer/internal/golden"
	"syncer.dev/syncer/internal/plan"
	"syncer.dev/syncer/internal/plan/terminal"
	"syncer.dev/syncer/internal/workspace"
)

func key(name string) workspace.Key { return workspace.Key{Namespace: "default", Name: name} }

// sample has each kind of Workspace and change once.
func sample() plan.Plan {
	small := plan.Values{
		Preset: "phi", Model: "team/phi", Revision: "one", InstanceType: "Standard_A", Nodes: 1, GPUs: 1, ContextLength: 8192,
		Serves: true, Endpoint: "http://phi.default.svc:80", HourlyCost: capacity.Cost{USD: 3.673, Known: true},
	}
	large := small
	large.Revision, large.InstanceType, large.Nodes, large.GPUs, large.Spot = "two", "Standard_B", 2, 2, true
	large.HourlyCost = capacity.Cost{}
	p := plan.Plan{
		Cluster: "demo", Base: strings.Repeat("a", 40), Head: "topic",
		Workspaces: []*plan.Workspace{
			{Key: key("blocked"), Op: plan.Hold, Before: small, After: small, Blocked: []string{"a.yaml:1:2: error: no"}},
			{Key: key("gone"), Op: plan.Delete, Before: small},
			{Key: key("new"), Op: plan.Create, After: small, Pool: "wnew", Reason: "it is cheap", Notes: []string{"a note"}},
			{
				Key: key("replaced"), Op: plan.Replace, Before: small, After: large, Interrupted: true, Pool: "s", Shared: true,
				Reason: "it fits", Interrupts: []workspace.Key{key("low")},
			},
			{Key: key("same"), Op: plan.NoOp},
			{Key: key("waits"), Op: plan.Hold, Refused: true, Unplaced: "no quota", Sizes: []capacity.Verdict{{
				SKU: capacity.SKU{Name: "Standard_A"}, Option: capacity.Option{Nodes: 1},
				Obstacles: []capacity.Obstacle{{Check: "quota", Message: "24 vCPU short"}},
			}}},
			{Key: key("kept"), Op: plan.Hold, Before: small, After: small, Held: "policy.deletion is fail"},
		},
		Changes: []*plan.Change{
			{Workspace: key("gone"), Op: plan.Delete, Target: "Service/gone"},
			{Workspace: key("gone"), Op: plan.Delete, Target: "StatefulSet/gone"},
			{
				Workspace: key("new"), Op: plan.Create, Target: "Pool/wnew", Reason: "1 x Standard_A", Pool: &capacity.PoolChange{},
			},
			{
				Workspace: key("replaced"), Op: plan.Update, Target: "StatefulSet/replaced",
				Texts: diff.Given(diff.Diff{Unified: "x", Fields: []diff.Field{
					{Path: "spec.replicas", Lines: []string{"-1", "+2"}},
					{Path: "data", Lines: []string{" same\x1b[0m", "-old", "+new ##[error]"}},
				}}),
			},
			{Op: plan.Hold, Target: "ConfigMap/shared", Reason: "refused by\nthe server", Refused: true},
			{Op: plan.NoOp, Target: "ConfigMap/same"},
		},
		Warnings: []string{"a warning"},
		Findings: []plan.Finding{
			{Kind: plan.QuotaUnknown, Verdict: diag.Warn, Text: "quota: unknown", Hint: "ask Azure"},
			{Kind: plan.NotCompared, Verdict: diag.Off, Text: "nothing was asked"},
		},
		Quota: []pools.QuotaExceeded{
			{Family: "fam", Needed: 24, Limit: capacity.Limit{Used: 40, Max: 48, Known: true}}, {Family: "other", Needed: 8},
		},
		Cost: plan.CostChange{
			Before: capacity.Cost{USD: 3.673, Known: true}, After: capacity.Cost{USD: 7.346, Known: true},
		},
		PricesDate: "2026-06-18",
	}
	for range 10 {
		name := strings.Repeat("n", len(p.Findings))
		p.Findings = append(p.Findings, plan.Finding{
			Workspace: key(name), Kind: plan.SpotNodes, Verdict: diag.Warn, Text: "it runs on spot nodes",
		})
	}
	return p
}

var code = regexp.MustCompile("\x1b\\[[0-9]+m")

// TestWrite: colours are the only difference between the two forms, and nothing from a file controls the terminal.
func TestWrite(t *testing.T) {
	p := sample()
	var plain, colored strings.Builder
	if err := terminal.Write(&plain, &p, terminal.Options{}); err != nil {
		t.Fatal(err)
	}
	if err := terminal.Write(&colored, &p, terminal.Options{Color: true}); err != nil {
		t.Fatal(err)
	}
	golden.Equal(t, "testdata/plan.txt", plain.String())
	if strings.Contains(plain.String(), "\x1b") {
		t.Error("the plain text has escapes")
	}
	if got := code.ReplaceAllString(colored.String(), ""); got != plain.String() {
		t.Errorf("the coloured text differs:\n%s", got)
	}
	for _, want := range []string{
		"\x1b[1m\x1b[31m" + p.Verdict().Line + "\x1b[0m", "\x1b[32m+\x1b[0m \x1b[1mdefault/new\x1b[0m",
		"\x1b[31m- 1\x1b[0m", "\x1b[32m+ 2\x1b[0m", "\x1b[31mBlocked:\x1b[0m",
	} {
		if !strings.Contains(colored.String(), want) {
			t.Errorf("the coloured text lacks %q:\n%q", want, colored.String())
		}
	}
}

// TestWriteNothing is a plan without a change.
func TestWriteNothing(t *testing.T) {
	p := plan.Plan{Cluster: "demo", Base: "a", Head: "b", Workspaces: []*plan.Workspace{{Key: key("a")}, {Key: key("b")}}}
	for i := range p.Workspaces {
		p.Workspaces[i].Op = plan.NoOp
	}
	var got strings.Builder
	if err := terminal.Write(&got, &p, terminal.Options{}); err != nil {
		t.Fatal(err)
	}
	want := "no changes\nPlan for cluster demo: a -> b\n\n2 Workspaces do not change: default/a, default/b.\n"
	if got.String() != want {
		t.Errorf("got %q, want %q", got.String(), want)
	}
}
