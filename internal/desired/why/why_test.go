// SPDX-License-Identifier: Apache-2.0

package why

import (
	"errors"
	"slices"
	"testing"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/sizing"
	"syncer.dev/syncer/internal/desired"
	"syncer.dev/syncer/internal/preset"
	"syncer.dev/syncer/internal/workspace"
	"syncer.dev/syncer/presets"
)

func request(t *testing.T) sizing.Request {
	t.Helper()
	catalog, err := preset.Load(presets.FS)
	if err != nil {
		t.Fatal(err)
	}
	p, _ := catalog.Lookup("phi-4-mini-instruct")
	return sizing.Request{Preset: p, Region: "eastus", Workspace: workspace.Key{Namespace: "default", Name: "w"}}
}

func checks(of ...capacity.Check) []capacity.Check { return of }

// TestVerdict asks about a size alone, and beside other Workspaces.
func TestVerdict(t *testing.T) {
	sku, _ := capacity.LookupSKU("Standard_NC24ads_A100_v4")
	const h100 = "Standard_ND96isr_H100_v5"
	limit := []capacity.Obstacle{{Check: capacity.CheckLimit, Message: "too dear"}}
	other := desired.Workload{Sizes: []capacity.Verdict{{SKU: sku, Option: capacity.Option{Nodes: 1}, Obstacles: limit}}}
	for name, tt := range map[string]struct {
		change func(r *sizing.Request)
		among  *desired.Workload
		want   []capacity.Check
	}{
		"alone":             {func(*sizing.Request) {}, nil, nil},
		"names another":     {func(r *sizing.Request) { r.InstanceType = h100 }, nil, checks(capacity.CheckPolicy)},
		"beyond its limits": {func(r *sizing.Request) { r.Limits.HourlyCost = 0.01 }, nil, checks(capacity.CheckLimit)},
		"beside others":     {func(*sizing.Request) {}, &other, checks(capacity.CheckLimit)},
	} {
		t.Run(name, func(t *testing.T) {
			r := request(t)
			tt.change(&r)
			v, err := Verdict(r, desired.Policy{Cluster: "demo", Region: "eastus"}, sku, tt.among)
			if err != nil {
				t.Fatal(err)
			}
			var got []capacity.Check
			for _, o := range v.Obstacles {
				got = append(got, o.Check)
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("got %v, want %v", v.Obstacles, tt.want)
			}
		})
	}
}

// TestWithin drops the options that a limit refuses, and says so if none is left.
func TestWithin(t *testing.T) {
	r := request(t)
	d, err := sizing.Size(r)
	if err != nil || len(d.Options) < 2 {
		t.Fatalf("%d options, %v", len(d.Options), err)
	}
	r.Limits.HourlyCost = d.Options[0].HourlyCost.USD + 0.01
	left, err := Within(d, r, desired.Policy{})
	if err != nil || len(left.Options) == 0 || len(left.Options) >= len(d.Options) {
		t.Errorf("%d of %d options are left, %v", len(left.Options), len(d.Options), err)
	}
	r.Limits.HourlyCost = 0.01
	_, err = Within(d, r, desired.Policy{})
	if refused := (*capacity.RefusedError)(nil); !errors.As(err, &refused) {
		t.Error("nothing is refused")
	}
}
