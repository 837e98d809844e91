// SPDX-License-Identifier: Apache-2.0

package sizing

import (
	"errors"
	"strings"
	"testing"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/sizing/memory"
	"syncer.dev/syncer/internal/preset"
	"syncer.dev/syncer/presets"
)

// catalog is the built-in one.
func catalog(t *testing.T) *preset.Catalog {
	t.Helper()
	c, err := preset.Load(presets.FS)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestHalf: what a GPU must be able to do follows from the type that is asked for.
func TestHalf(t *testing.T) {
	const t4, v100 = "Standard_NC4as_T4_v3", "Standard_ND40rs_v2"
	const a100 = "Standard_NC24ads_A100_v4"
	brain := map[string]string{"dtype": "bfloat16"}
	wide := map[string]string{"dtype": "float"}
	half := map[string]string{"dtype": "half"}
	stored := func(quantization, dtype string) preset.Preset {
		p := preset.Preset{Name: "ours", Model: llama70.Model}
		p.Model.WeightBytes, p.Model.Layers, p.Model.HiddenSize = 4<<30, 32, 4096
		p.Model.Quantization, p.Model.StoredDType = quantization, dtype
		p.RunParameters = map[preset.Runtime]map[string]string{preset.VLLM: {"dtype": "auto"}}
		return p
	}
	small := stored("", "bfloat16")
	small.Model.WeightBytes, small.Model.Architecture = 2<<30, "Gemma3ForCausalLM"
	small.Model.Parameters, small.Model.KVBytesPerToken = 1<<30, 16<<10
	c := catalog(t)
	named := func(name string) preset.Preset {
		p, _ := c.Lookup(name)
		return p
	}
	for _, tt := range []struct {
		name     string
		preset   preset.Preset
		settings map[string]string
		size     string
		refused  string // fragments of the message
		also     string
	}{
		{"as rendered", named("phi-4-mini-instruct"), nil, t4, "bfloat16", ""},
		{"half", named("phi-4-mini-instruct"), half, t4, "", ""},
		{"float16", named("phi-4-mini-instruct"), map[string]string{"dtype": "float16"}, t4, "", ""},
		{"bfloat16", named("phi-4-mini-instruct"), brain, t4, "dtype: bfloat16", "cannot compute in bfloat16"},
		{"float32", named("phi-4-mini-instruct"), wide, "Standard_NC16as_T4_v3", "", ""},
		{"float32 on an older GPU", small, wide, v100, "dtype: float", "needs compute capability 7.5"},
		{"float32 of a model that overflows in half", small, wide, t4, "", ""},
		{"float32 of AWQ", stored("awq", "float16"), wide, t4, "dtype: float", "awq in float32"},
		{"float32 of fp8, on any GPU", stored("fp8", "bfloat16"), wide, a100, "dtype: float", "in float32"},
		{"float32 of fp8, where syncer chooses", stored("fp8", "bfloat16"), wide, "", "dtype: float", "in float32"},
		{"GPTQ in float16", stored("gptq", "float16"), nil, t4, "", ""},
		{"GPTQ in bfloat16", stored("gptq", "bfloat16"), nil, t4, "bfloat16", ""},
		{"fp8", stored("fp8", "bfloat16"), half, t4, "dtype: half", "weights in fp8 need compute capability 8.0"},
		{"an older GPU", named("phi-4-mini-instruct"), half, v100, "dtype: half", "needs compute capability 7.5"},
		{"a model that overflows", named("gemma-3-4b-it"), half, t4, "float16", "overflow"},
		{"a model that overflows, on any GPU", named("gemma-3-4b-it"), half, "Standard_NC24ads_A100_v4", "float16", ""},
	} {
		r := Request{Preset: tt.preset, Settings: tt.settings, InstanceType: tt.size, Region: "eastus", Context: 4096}
		_, err := Size(r)
		var refused *capacity.RefusedError
		switch {
		case err == nil && tt.refused == "":
		case !errors.As(err, &refused) || tt.refused == "" || !strings.Contains(refused.Message, tt.refused) ||
			!strings.Contains(refused.Message, tt.also):
			t.Errorf("%s: %v, want %q", tt.name, err, tt.refused)
		}
	}
	// Without a name the cheapest size is one with old GPUs, if they do.
	d, err := Size(Request{Preset: named("phi-4-mini-instruct"), Settings: half, Region: "eastus", Context: 4096})
	if err != nil || d.Options[0].SKU.Name != t4 {
		t.Errorf("%v, %v", d.Options, err)
	}
	// The same holds for nodes that exist.
	s, _ := capacity.LookupSKU(t4)
	if _, err := SizeOn(Request{Preset: named("phi-4-mini-instruct"), Settings: half, Context: 4096}, s); err != nil {
		t.Error(err)
	}
}

// TestFloat32 takes twice the memory for what is not quantized.
func TestFloat32(t *testing.T) {
	p, _ := catalog(t).Lookup("phi-4-mini-instruct")
	l := memory.Layout{Nodes: 1, Tensor: 1, Pipeline: 1, Data: 1}
	narrow := Request{Preset: p, Context: 4096}
	wide := Request{Preset: p, Context: 4096, Settings: map[string]string{"dtype": "float32"}}
	s, _ := capacity.LookupSKU("Standard_ND96isr_H100_v5")
	n, w := narrow.inference(s, l), wide.inference(s, l)
	if w.WeightsGiB < 1.99*n.WeightsGiB || w.KVCacheGiB != 2*n.KVCacheGiB || w.ActivationGiB <= n.ActivationGiB {
		t.Errorf("%+v in 32 bit, %+v in 16", w, n)
	}
}

// TestWholeGroups: each GPU gets whole groups of the inputs of quantized layers.
func TestWholeGroups(t *testing.T) {
	model := func(quantization string, group, intermediate int) preset.Model {
		return preset.Model{
			Layers:           48,
			Heads:            40,
			KVHeads:          8,
			HeadDim:          128,
			HiddenSize:       5120,
			IntermediateSize: intermediate,
			Quantization:     quantization,
			QuantGroupSize:   group,
			TensorParallel:   true,
		}
	}
	for _, tt := range []struct {
		name   string
		model  preset.Model
		tensor int
		want   bool
	}{
		{"not quantized", model("", 0, 13824), 8, true},
		{"13824 / 8 is 13.5 groups", model("awq", 128, 13824), 8, false},
		{"13824 / 4 is 27 groups", model("awq", 128, 13824), 4, true},
		{"128 where config.json does not say it", model("awq", 0, 13824), 8, false},
		{"GPTQ", model("gptq_marlin", 0, 13824), 8, false},
		{"smaller groups", model("gptq", 64, 13824), 8, true},
		{"no groups", model("gptq", 1, 13824), 8, true},
		{"a group of another method", model("compressed-tensors", 128, 13824), 8, false},
		{"fp8", model("fp8", 0, 13824), 8, true},
	} {
		if got := splits(tt.model, tt.tensor); got != tt.want {
			t.Errorf("%s: %v", tt.name, got)
		}
	}
	narrow := model("awq", 128, 16384)
	narrow.HeadDim = 64 // 40 x 64 / 4 is 5 groups, / 8 is 2.5
	if splits(narrow, 8) || !splits(narrow, 4) {
		t.Error("the output of attention does not count")
	}
	experts := model("gptq", 128, 0)
	experts.MoEIntermediateSize = 768 // 1.5 groups on each of four
	if splits(experts, 4) || !splits(experts, 2) {
		t.Error("experts do not count")
	}
	s, _ := capacity.LookupSKU("Standard_ND96asr_v4")
	large := model("awq", 128, 13824)
	large.WeightBytes, large.Distributed = 60<<30, true
	want := memory.Layout{Nodes: 1, Tensor: 4, Pipeline: 2, Data: 1}
	if got := layouts(large, s, 8, 1); len(got) == 0 || got[0] != want {
		t.Errorf("%+v", got)
	}
}
