// SPDX-License-Identifier: Apache-2.0

package inputs

import (
	"testing"

	"syncer.dev/syncer/internal/podpolicy"
	"syncer.dev/syncer/internal/preset"
	"syncer.dev/syncer/internal/workspace"
)

// TestKeys: equal inputs have one key, also if others were asked for in between. A change of any gives another.
func TestKeys(t *testing.T) {
	with := func(edit func(*Common, *Own)) (*Common, Own) {
		flags := map[preset.Runtime]map[string]string{"vllm": {"a": "b"}}
		c := &Common{Preset: preset.Preset{Name: "phi", RunParameters: flags}}
		own := Own{Workspace: &workspace.Workspace{Key: workspace.Key{Namespace: "n", Name: "w"}}, At: 1, Cluster: "demo"}
		edit(c, &own)
		return c, own
	}
	edits := map[string]func(*Common, *Own){
		"nothing":         func(*Common, *Own) {},
		"a preset":        func(c *Common, _ *Own) { c.Preset.Name = "qwen" },
		"a flag":          func(c *Common, _ *Own) { c.Preset.RunParameters["vllm"]["a"] = "c" },
		"no Secrets":      func(c *Common, _ *Own) { c.Pods.Secrets = []string{} },
		"a level":         func(c *Common, _ *Own) { c.Pods.Level = podpolicy.Restricted },
		"a mirror":        func(c *Common, _ *Own) { c.Reach.HuggingFace = "https://x" },
		"a name":          func(_ *Common, o *Own) { o.Workspace.Name = "v" },
		"a label":         func(_ *Common, o *Own) { o.Workspace.Labels = map[string]string{"a": "b"} },
		"a patch":         func(_ *Common, o *Own) { o.Workspace.Patch = &workspace.Patch{Text: "x"} },
		"a placement":     func(_ *Common, o *Own) { o.At = 2 },
		"a cluster":       func(_ *Common, o *Own) { o.Cluster = "other" },
		"a source":        func(_ *Common, o *Own) { o.Source = "demo" },
		"a storage class": func(_ *Common, o *Own) { o.NVMeStorageClass = "x" },
		"a configuration": func(_ *Common, o *Own) { o.Config = map[string]string{"a": "b"} },
		"an empty one":    func(_ *Common, o *Own) { o.Config = map[string]string{} },
	}
	var keys Keys
	seen, again := map[string]string{}, map[string]string{}
	for range 2 {
		for what, edit := range edits {
			c, own := with(edit)
			of, err := keys.Of(c, own)
			if err != nil {
				t.Fatal(err)
			}
			key := of.Whole()
			if earlier, ok := again[what]; ok && earlier != key {
				t.Errorf("%s has two keys", what)
			}
			if other, ok := seen[key]; ok && other != what {
				t.Errorf("%s and %s have one key", what, other)
			}
			seen[key], again[what] = what, key
		}
	}
}

// TestShapes: Workspaces that differ in values alone have one shape, which is that of Marked inputs. All else gives
// another shape.
func TestShapes(t *testing.T) {
	inference := &workspace.Inference{Preset: &workspace.PresetSpec{Name: "phi"}}
	selector := func(labels map[string]string) *workspace.LabelSelector {
		return &workspace.LabelSelector{MatchLabels: labels}
	}
	with := func(edit func(*workspace.Workspace, *Own)) Own {
		w := &workspace.Workspace{Key: workspace.Key{Namespace: "n", Name: "w"}, Inference: inference, Digest: "d"}
		w.Resource.LabelSelector = selector(map[string]string{"pool": "1", "zone": "2"})
		own := Own{Workspace: w, Source: "a.yaml", Pool: "p", NodeLabels: map[string]string{"pool": "1"}}
		edit(w, &own)
		return own
	}
	var keys Keys
	shapeOf := func(own Own) Key {
		t.Helper()
		key, err := keys.Of(&Common{Preset: preset.Preset{Name: "phi"}}, own)
		if err != nil {
			t.Fatal(err)
		}
		return key
	}
	first := shapeOf(with(func(*workspace.Workspace, *Own) {}))
	for what, edit := range map[string]func(*workspace.Workspace, *Own){
		"a name":       func(w *workspace.Workspace, _ *Own) { w.Name = "v" },
		"a namespace":  func(w *workspace.Workspace, _ *Own) { w.Namespace = "m" },
		"a digest":     func(w *workspace.Workspace, _ *Own) { w.Digest = "e" },
		"a source":     func(_ *workspace.Workspace, o *Own) { o.Source = "b.yaml" },
		"a pool":       func(_ *workspace.Workspace, o *Own) { o.Pool = "q" },
		"a node label": func(_ *workspace.Workspace, o *Own) { o.NodeLabels = map[string]string{"pool": "2"} },
		"a selector": func(w *workspace.Workspace, _ *Own) {
			w.Resource.LabelSelector = selector(map[string]string{"pool": "1", "zone": "3"})
		},
	} {
		other := shapeOf(with(edit))
		if other.Shape != first.Shape || other.Whole() == first.Whole() {
			t.Errorf("%s: equal shape %v, equal key %v", what, other.Shape == first.Shape, other.Whole() == first.Whole())
		}
		if shapeOf(Marked(with(edit))).Shape != first.Shape {
			t.Errorf("%s: marked inputs have another shape", what)
		}
	}
	seen := map[string]string{first.Shape: "nothing"}
	for what, edit := range map[string]func(*workspace.Workspace, *Own){
		"another node label": func(_ *workspace.Workspace, o *Own) { o.NodeLabels = map[string]string{"zone": "1"} },
		"no node label":      func(_ *workspace.Workspace, o *Own) { o.NodeLabels = map[string]string{} },
		"no node labels":     func(_ *workspace.Workspace, o *Own) { o.NodeLabels = nil },
		"no pool":            func(_ *workspace.Workspace, o *Own) { o.Pool = "" },
		"no selector":        func(w *workspace.Workspace, _ *Own) { w.Resource.LabelSelector = nil },
		"no label":           func(w *workspace.Workspace, _ *Own) { w.Resource.LabelSelector = selector(nil) },
		"an empty selector": func(w *workspace.Workspace, _ *Own) {
			w.Resource.LabelSelector = selector(map[string]string{})
		},
		"an expression": func(w *workspace.Workspace, _ *Own) {
			w.Resource.LabelSelector = selector(w.Resource.LabelSelector.MatchLabels)
			w.Resource.LabelSelector.MatchExpressions = []workspace.LabelSelectorRequirement{{Key: "a"}}
		},
		"a count": func(w *workspace.Workspace, _ *Own) { w.Resource.Count = new(int) },
		"a configuration": func(w *workspace.Workspace, _ *Own) {
			w.Inference = &workspace.Inference{Preset: inference.Preset, Config: "c"}
		},
		"a configuration in a namespace": func(w *workspace.Workspace, _ *Own) {
			w.Namespace, w.Inference = "m", &workspace.Inference{Preset: inference.Preset, Config: "c"}
		},
	} {
		key := shapeOf(with(edit))
		if other, ok := seen[key.Shape]; ok {
			t.Errorf("%s and %s have one shape", what, other)
		}
		seen[key.Shape] = what
	}
}

// TestCutMark: a text is cut at its marks, and one that only looks like a mark is an error.
func TestCutMark(t *testing.T) {
	before, place, after, found, ok := CutMark("a" + Mark(12) + "b" + Mark(Name))
	if before != "a" || place != 12 || after != "b"+Mark(Name) || !found || !ok {
		t.Errorf("%q %d %q %v %v", before, place, after, found, ok)
	}
	if before, _, _, found, ok = CutMark("a"); before != "a" || found || !ok {
		t.Errorf("%q %v %v", before, found, ok)
	}
	for _, text := range []string{markStart, markStart + "1", markStart + "x" + markEnd, markStart + "-1" + markEnd} {
		if _, _, _, _, ok := CutMark(text); ok {
			t.Errorf("%q has a mark", text)
		}
	}
}
