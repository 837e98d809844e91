// SPDX-License-Identifier: Apache-2.0

package memo

import (
	"reflect"
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

// TestKeyOfAll: each field of a question is a part of its key, but for those that make no difference.
func TestKeyOfAll(t *testing.T) {
	c := NewSizes().Of()
	r := request(t, "phi-4-mini-instruct")
	first, ok := c.key(&r, nil)
	if !ok {
		t.Fatal("a request has no key")
	}
	fields := reflect.TypeFor[sizing.Request]()
	for i := range fields.NumField() {
		f := fields.Field(i)
		if !f.IsExported() || f.Name == "Preset" || f.Name == "Prices" {
			continue
		}
		other := r
		at := reflect.ValueOf(&other).Elem().Field(i)
		switch f.Type.Kind() {
		case reflect.Bool:
			at.SetBool(true)
		case reflect.Int:
			at.SetInt(7)
		case reflect.String:
			at.SetString("other")
		case reflect.Map:
			at.Set(reflect.MakeMap(f.Type))
			at.SetMapIndex(reflect.ValueOf("other"), reflect.Zero(f.Type.Elem()))
		case reflect.Struct:
			at.Field(0).Set(reflect.ValueOf(map[string]any{"Limits": 1.5, "Workspace": "other"}[f.Name]))
		default:
			t.Fatalf("field %s has type %s", f.Name, f.Type)
		}
		same := f.Name == "Workspace" || f.Name == "Selector"
		if k, ok := c.key(&other, nil); !ok || (k == first) != same {
			t.Errorf("field %s: equal key %v", f.Name, k == first)
		}
	}
	skus := reflect.TypeFor[capacity.SKU]()
	seen := map[key]string{first: "no nodes"}
	for i := -1; i < skus.NumField(); i++ {
		on, name := capacity.SKU{}, "no field"
		if i >= 0 {
			name = skus.Field(i).Name
			switch at := reflect.ValueOf(&on).Elem().Field(i); at.Kind() {
			case reflect.Bool:
				at.SetBool(true)
			case reflect.Int:
				at.SetInt(7)
			case reflect.Float64:
				at.SetFloat(7)
			default:
				at.SetString("other")
			}
		}
		k, ok := c.key(&r, &on)
		if other, known := seen[k]; !ok || known {
			t.Errorf("nodes with %s have the key of %s", name, other)
		}
		seen[k] = name
	}
}

// BenchmarkSizeOn asks a question whose answer is known, as each Workspace of a fleet does.
func BenchmarkSizeOn(b *testing.B) {
	catalog, err := preset.Load(presets.FS)
	if err != nil {
		b.Fatal(err)
	}
	p, _ := catalog.Lookup("phi-4-mini-instruct")
	sku, _ := capacity.LookupSKU("Standard_NC24ads_A100_v4")
	c := NewSizes().Of()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.SizeOn(sizing.Request{Preset: p, Region: "eastus"}, sku); err != nil {
			b.Fatal(err)
		}
	}
}
