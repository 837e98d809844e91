// SPDX-License-Identifier: Apache-2.0

package capacity

import (
	"strings"
	"testing"
	"time"

	"syncer.dev/syncer/internal/workspace"
)

// TestWhoGoesBefore lists Workspaces in their order; each differs from the next in what decides between the two.
func TestWhoGoesBefore(t *testing.T) {
	at := func(hour int) time.Time { return time.Date(2026, 1, 1, hour, 0, 0, 0, time.UTC) }
	list := []struct {
		standing Standing
		why      string // it goes before the next one
	}{
		{Standing{Priority: workspace.High, DemandGiB: 999}, "priority high before normal"},
		{Standing{Priority: workspace.Normal, Runs: true, FirstSeen: at(9), DemandGiB: 999}, "it has its nodes already"},
		{Standing{Priority: workspace.Normal, FirstSeen: at(1), DemandGiB: 999}, "first seen 2026-01-01T01:00:00Z"},
		{Standing{Priority: workspace.Normal, FirstSeen: at(2), DemandGiB: 24}, "it needs less: 24 GiB of GPU memory"},
		{Standing{Priority: workspace.Normal, FirstSeen: at(2), DemandGiB: 80, Digest: "a"}, "the digest of its content"},
		{Standing{Priority: workspace.Normal, FirstSeen: at(2), DemandGiB: 80, Digest: "b"}, "first seen"},
		{Standing{Priority: workspace.Normal, DemandGiB: 1}, "priority normal before low"}, // it is new
		{Standing{Priority: workspace.Low, Runs: true, FirstSeen: at(0)}, ""},
	}
	for i := range list {
		for j := range list {
			if got := list[i].standing.Compare(list[j].standing); (got < 0) != (i < j) || (got == 0) != (i == j) {
				t.Errorf("%d and %d: %d", i, j, got)
			}
		}
		if i+1 < len(list) {
			if got := list[i].standing.Ahead(list[i+1].standing); !strings.Contains(got, list[i].why) {
				t.Errorf("%d goes before the next one because %q, want %q", i, got, list[i].why)
			}
		}
	}
}

func TestFindSize(t *testing.T) {
	for name, want := range map[string]string{
		"standard_nc24ads_a100_V4": "",
		"NC24_ads_A100_v4":         "did you mean Standard_NC24ads_A100_v4?",
		"Standard_NC24ads_A10_v4":  "did you mean Standard_NC24ads_A100_v4?",
		"Standard_D4s_v5":          "it has no GPUs",
		"Standard_NX1_quantum":     "syncer prices --all lists the sizes",
	} {
		if _, hint, ok := FindSize(name); ok != (want == "") || !strings.Contains(hint, want) {
			t.Errorf("%s: %q, %v", name, hint, ok)
		}
	}
}

func TestShareOfLimits(t *testing.T) {
	l := Limits{Nodes: 10, HourlyCost: 100, Shares: map[string]int{"lab": 40}}
	usd := func(x float64) Cost { return Cost{USD: x, Known: true} }
	for _, tt := range []struct {
		namespace   string
		nodes, more int
		cost, extra float64
		want        string
	}{
		{"lab", 3, 1, 30, 10, ""},
		{"lab", 4, 1, 0, 1, "namespace lab may use 40% of capacity.limits.nodes, which is 10"},
		{"lab", 0, 1, 39, 2, "namespace lab may use 40% of capacity.limits.hourlyCost, which is 100.00"},
		{"prod", 9, 1, 99, 1, ""},
	} {
		got := l.RefuseShare(tt.namespace, tt.nodes, usd(tt.cost), tt.more, usd(tt.extra))
		if (got == "") != (tt.want == "") || !strings.Contains(got, tt.want) {
			t.Errorf("%+v: %q", tt, got)
		}
	}
}
