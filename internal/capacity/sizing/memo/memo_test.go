// SPDX-License-Identifier: Apache-2.0

package memo

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/sizing"
	"syncer.dev/syncer/internal/preset"
	"syncer.dev/syncer/internal/workspace"
	"syncer.dev/syncer/presets"
)

func request(t *testing.T, name string) sizing.Request {
	t.Helper()
	catalog, err := preset.Load(presets.FS)
	if err != nil {
		t.Fatal(err)
	}
	p, ok := catalog.Lookup(name)
	if !ok {
		t.Fatalf("no preset %s", name)
	}
	return sizing.Request{Preset: p, Region: "eastus", Workspace: workspace.Key{Namespace: "default", Name: "one"}}
}

func size(t *testing.T, c *Catalogue, r sizing.Request) capacity.Demand {
	t.Helper()
	d, err := c.Size(r)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// TestSizes: an answer from the memo is the answer of sizing, with the Workspace that asks.
func TestSizes(t *testing.T) {
	s := NewSizes()
	c := s.Of()
	r := request(t, "phi-4-mini-instruct")
	first := size(t, c, r)
	r.Workspace.Name = "two"
	second := size(t, c, r)
	if len(s.answers) != 1 {
		t.Errorf("%d answers for one question", len(s.answers))
	}
	if second.Workspace != r.Workspace || &first.Options[0] != &second.Options[0] {
		t.Errorf("%s gets the Demand of %s, which is not shared", r.Workspace, second.Workspace)
	}
	if diff := cmp.Diff(size(t, nil, r), second); diff != "" {
		t.Errorf("not what sizing answers (-sizing +memo):\n%s", diff)
	}
}

// TestSizesOnNodes: so is an answer about nodes of one description; other nodes are another question.
func TestSizesOnNodes(t *testing.T) {
	s := NewSizes()
	c := s.Of()
	r := request(t, "phi-4-mini-instruct")
	for _, name := range []string{"Standard_NC24ads_A100_v4", "Standard_NC48ads_A100_v4", "Standard_NC24ads_A100_v4"} {
		sku, ok := capacity.LookupSKU(name)
		if !ok {
			t.Fatal(name)
		}
		want, err := sizing.SizeOn(r, sku)
		if err != nil {
			t.Fatal(err)
		}
		got, err := c.SizeOn(r, sku)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%s: not what sizing answers (-sizing +memo):\n%s%v", name, diff, err)
		}
	}
	if len(s.answers) != 2 {
		t.Errorf("%d answers for two questions", len(s.answers))
	}
	none, _ := capacity.LookupSKU("Standard_NC24ads_A100_v4")
	none.GPUs, none.GPUMemoryGiB, none.GPUUsableGiB = 1, 1, 1
	if _, err := c.SizeOn(r, none); err == nil || len(s.answers) != 2 {
		t.Errorf("nodes that are too small: %v, %d answers", err, len(s.answers))
	}
}

// TestSizesTellApart: another context, another preset of the same name, and another region are other questions.
func TestSizesTellApart(t *testing.T) {
	s := NewSizes()
	c := s.Of()
	r := request(t, "phi-4-mini-instruct")
	size(t, c, r)
	longer, elsewhere, changed := r, r, r
	longer.Context, elsewhere.Region = 4096, "westeurope"
	changed.Preset.Revision += "0"
	size(t, c, longer)
	size(t, c, elsewhere)
	size(t, s.Of(), changed) // a catalogue has one preset of a name
	if len(s.answers) != 4 {
		t.Errorf("%d answers for four questions", len(s.answers))
	}
}

// TestSizesKeepNoError: a request that no size satisfies is asked again.
func TestSizesKeepNoError(t *testing.T) {
	s := NewSizes()
	r := request(t, "phi-4-mini-instruct")
	r.InstanceType = "Standard_NC0"
	if _, err := s.Of().Size(r); err == nil {
		t.Error("a size that does not exist is taken")
	}
	r.Preset, r.InstanceType = preset.Preset{}, ""
	_, _ = s.Of().Size(r) // a template, which may succeed: it is never kept
	if len(s.answers) != 0 {
		t.Errorf("%d answers are kept", len(s.answers))
	}
}
