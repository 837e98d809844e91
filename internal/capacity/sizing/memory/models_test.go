// SPDX-License-Identifier: Apache-2.0

package memory

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"strings"
	"testing"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/preset"
)

// checkedFact is one fact of testdata/models.json, which was checked against a source that is independent of KAITO.
type checkedFact struct {
	Model, Field, Unit, Confidence, Source string
	Value                                  json.RawMessage
}

// number returns the value as a number.
func (f checkedFact) number(t *testing.T) float64 {
	t.Helper()
	var n float64
	if err := json.Unmarshal(f.Value, &n); err != nil {
		t.Fatalf("%s %s: %v", f.Model, f.Field, err)
	}
	return n
}

// fieldOf maps fields of the facts to those of preset.yaml, where they have other names; an empty one is computed.
var fieldOf = map[string]string{
	"cacheFullLayers":        "fullLayers",
	"cacheWindowLayers":      "windowLayers",
	"compressRatios":         "csaLayers",
	"fullBytesPerToken":      "",
	"kvGiBPerRequest":        "",
	"loadedWeightsGiB":       "loadedWeights",
	"loadedWeightsGiBMarlin": "loadedWeightsMarlin",
	"windowBytesPerToken":    "",
}

// TestModels holds every checked fact against the catalogue, or against what the estimate computes from it, and its
// source and confidence against those that the preset states.
func TestModels(t *testing.T) {
	data, err := os.ReadFile("testdata/models.json")
	if err != nil {
		t.Fatal(err)
	}
	var all []checkedFact
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&all); err != nil {
		t.Fatal(err)
	}
	if len(all) != 153 {
		t.Errorf("%d facts", len(all))
	}
	c := catalog(t)
	for _, f := range all {
		p, ok := c.Lookup(f.Model)
		if !ok {
			t.Errorf("no preset %s", f.Model)
			continue
		}
		if have, want, within := f.compare(t, p); math.Abs(have-want) > within {
			t.Errorf("%s: %s is %v, want %s (%s)", f.Model, f.Field, have, f.Value, f.Unit)
		}
		field, renamed := fieldOf[f.Field]
		if renamed && field == "" {
			continue
		}
		source := p.Sources["model."+cmp.Or(field, f.Field)]
		marked := f.Confidence == "high" || strings.HasSuffix(source, fmt.Sprintf("(confidence: %s)", f.Confidence))
		if !marked || field == "" && !strings.HasPrefix(source, f.Source) || source == "" {
			t.Errorf("%s: the source of %s is %q, want %q (%s)", f.Model, f.Field, source, f.Source, f.Confidence)
		}
	}
}

// compare returns what the catalogue has for a fact, what it should have, and how far apart they may be.
func (f checkedFact) compare(t *testing.T, p preset.Preset) (have, want, within float64) {
	t.Helper()
	m := p.Model
	exact := map[string]float64{
		"parameters":           float64(m.Parameters),
		"contextLength":        float64(m.ContextLength),
		"intermediateSize":     float64(m.IntermediateSize),
		"moeIntermediateSize":  float64(m.MoEIntermediateSize),
		"vocabSize":            float64(m.VocabSize),
		"experts":              float64(m.Experts),
		"fullLayers":           float64(m.FullLayers),
		"cacheFullLayers":      float64(m.FullLayers),
		"windowLayers":         float64(m.WindowLayers),
		"cacheWindowLayers":    float64(m.WindowLayers),
		"slidingWindow":        float64(m.SlidingWindow),
		"fullKVHeads":          float64(m.FullKVHeads),
		"fullHeadDim":          float64(m.FullHeadDim),
		"kvSharedLayers":       float64(m.KVSharedLayers),
		"cachePaddingLayers":   float64(m.CachePaddingLayers),
		"stateLayers":          float64(m.StateLayers),
		"stateBytesPerLayer":   float64(m.StateBytesPerLayer),
		"indexerLayers":        float64(m.IndexerLayers),
		"indexerBytesPerToken": float64(m.IndexerBytes),
	}
	if have, ok := exact[f.Field]; ok {
		return have, f.number(t), 0
	}
	facts := FactsOf(m)
	switch f.Field {
	case "loadedWeightsGiB":
		return float64(m.LoadBytes) / GiB, f.number(t), 0.001
	case "loadedWeightsGiBMarlin":
		return float64(m.MarlinBytes) / GiB, f.number(t), 0.001
	case "windowBytesPerToken":
		return float64(facts.window) * facts.cachePerLayer, f.number(t), 0
	case "fullBytesPerToken":
		if facts.csa > 0 { // entries of 584 bytes for 4 tokens, with an index of 132, and for 128
			return float64(facts.csa)*(csaEntryFP8+132)/csaRatio + float64(facts.hca)*csaEntryFP8/hcaRatio, f.number(t), 1
		}
		return float64(facts.full) * facts.fullPerLayer, f.number(t), 0
	case "kvGiBPerRequest":
		e := engineFor(h100s(t), facts.mla, Settings{"kv-cache-dtype": "fp8"})
		l := Layout{Nodes: 1, Tensor: 8, Pipeline: 1, Data: 1}
		return cacheOn(&facts, e, l, 262144) / GiB, f.number(t), 0.01 * f.number(t)
	}
	text, none := string(f.Value), m.Layers-m.CSALayers-m.HCALayers
	wanted := map[string]string{
		"attention":      m.Attention,
		"attentionKEqV":  fmt.Sprint(m.AttentionKEqV),
		"compressRatios": fmt.Sprintf(`{"4": %d, "128": %d, "0": %d}`, m.CSALayers, m.HCALayers, none),
		"weights":        fmt.Sprintf(`"%.2fGi"`, float64(m.WeightBytes)/GiB),
	}[f.Field]
	if f.Field == "attention" && strings.HasPrefix(text, `"compressed sparse `) {
		text = "csa"
	}
	if wanted == "" || wanted != text {
		t.Errorf("%s: %s is %s, want %s", f.Model, f.Field, wanted, text)
	}
	return 0, 0, 0
}

// TestPadding: the layers that vLLM was seen to add follow from its rule for groups of layers.
func TestPadding(t *testing.T) {
	for _, tt := range []struct {
		full, window, state float64
		want                cacheKinds
	}{
		{10, 52, 0, cacheKinds{full: 10, window: 60}}, // gemma-3-27b: "8 padding layers"
		{18, 18, 0, cacheKinds{full: 18, window: 18}},
		{10, 0, 30, cacheKinds{full: 10, state: 30}},
		{6, 0, 23, cacheKinds{full: 6, state: 24}},
		{10, 11, 0, cacheKinds{full: 11, window: 11}}, // nearly as many
		{32, 0, 0, cacheKinds{full: 32}},
	} {
		got := cacheKinds{full: tt.full, window: tt.window, state: tt.state}
		if got.pad(0); got != tt.want {
			t.Errorf("%v and %v and %v: %+v, want %+v", tt.full, tt.window, tt.state, got, tt.want)
		}
	}
	known := cacheKinds{full: 10, window: 52}
	if known.pad(12); known.window != 64 {
		t.Errorf("12 layers are known to be added: %+v", known)
	}
	for _, p := range catalog(t).All() {
		f := FactsOf(p.Model)
		c := cacheKinds{full: float64(f.full), window: float64(f.window), state: float64(f.states)}
		before := c.full + c.window + c.state
		if c.pad(0); f.padding > 0 && c.full+c.window+c.state-before != float64(f.padding) {
			t.Errorf("%s: the rule adds %v layers, and %d are known", p.Name, c.full+c.window+c.state-before, f.padding)
		}
	}
}

// TestMXFP4 packs weights for the kernels of the GPU.
func TestMXFP4(t *testing.T) {
	c := catalog(t)
	for _, tt := range []struct {
		preset, size string
		want         float64
	}{
		{"gpt-oss-120b", "Standard_NC40ads_H100_v5", 61.29},
		{"gpt-oss-120b", "Standard_NC24ads_A100_v4", 65.97},
		{"gpt-oss-20b", "Standard_NV36ads_A10_v5", 13.72},
		{"gpt-oss-20b", "Standard_NC40ads_H100_v5", 12.95}, // not measured: as the large one
	} {
		p, _ := c.Lookup(tt.preset)
		s, ok := capacity.LookupSKU(tt.size)
		r := run{Preset: p, Context: 4096}
		m := r.inference(s, Layout{Nodes: 1, Tensor: 1, Pipeline: 1, Data: 1})
		if !ok || math.Abs(m.WeightsGiB-tt.want) > 0.02 {
			t.Errorf("%s on %s: weights of %.2f GiB, want %v", tt.preset, tt.size, m.WeightsGiB, tt.want)
		}
	}
}
