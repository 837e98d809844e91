// SPDX-License-Identifier: Apache-2.0

package memory

import (
	"math"
	"testing"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/preset"
)

// h100s is a node for layouts of any degree.
func h100s(t *testing.T) capacity.SKU {
	t.Helper()
	s, ok := capacity.LookupSKU("Standard_ND96isr_H100_v5")
	if !ok {
		t.Fatal("no H100")
	}
	return s
}

// TestCache works the cache of one sequence out by hand. A mebibyte per token over 32 layers is 32 KiB in each.
func TestCache(t *testing.T) {
	const tokens = 1 << 20 // so that the answers in GiB are those of a token in KiB
	gqa := preset.Model{Layers: 32, KVHeads: 8, Heads: 32, KVBytesPerToken: 1 << 20}
	// DeepSeek-V3: 61 layers x (512 + 64) values x 2 bytes, no factor of 2 for key and value.
	mla := preset.Model{Layers: 61, Heads: 128, KVHeads: 128, Attention: "mla", KVLatent: 576}
	// gpt-oss-20b: every other of 24 layers sees 128 tokens.
	window := preset.Model{Layers: 24, KVHeads: 8, HeadDim: 64, FullLayers: 12, WindowLayers: 12, SlidingWindow: 128}
	// 8 of 32 layers are attention, the others keep a state.
	hybrid := preset.Model{Layers: 32, KVHeads: 2, HeadDim: 256, FullLayers: 8}
	fp8 := map[string]string{"kv-cache-dtype": "fp8_e4m3"}
	for _, tt := range []struct {
		name     string
		model    preset.Model
		l        Layout
		settings map[string]string
		want     float64 // KiB per token
	}{
		{"grouped, one GPU", gqa, Layout{Nodes: 1, Tensor: 1, Pipeline: 1, Data: 1}, nil, 1024},
		{"grouped, 8 GPUs share the 8 heads", gqa, Layout{Nodes: 1, Tensor: 8, Pipeline: 1, Data: 1}, nil, 128},
		{"grouped, heads are copied beyond their number", gqa, Layout{Nodes: 2, Tensor: 16, Pipeline: 1, Data: 1}, nil, 128},
		{"grouped, two stages", gqa, Layout{Nodes: 2, Tensor: 8, Pipeline: 2, Data: 1}, nil, 64},
		{"copies share nothing", gqa, Layout{Nodes: 1, Tensor: 1, Pipeline: 1, Data: 8}, nil, 1024},
		{"grouped in fp8", gqa, Layout{Nodes: 1, Tensor: 8, Pipeline: 1, Data: 1}, fp8, 64},
		{
			name:  "one KV head",
			model: preset.Model{Layers: 32, KVHeads: 1, HeadDim: 64},
			l:     Layout{Nodes: 1, Tensor: 8, Pipeline: 1, Data: 1},
			want:  8,
		},
		{
			name:  "as many KV heads as heads",
			model: preset.Model{Layers: 32, KVHeads: 32, HeadDim: 96},
			l:     Layout{Nodes: 1, Tensor: 4, Pipeline: 1, Data: 1},
			want:  96,
		},
		{"latent", mla, Layout{Nodes: 1, Tensor: 1, Pipeline: 1, Data: 1}, nil, 70272.0 / 1024},
		{"latent is on every GPU", mla, Layout{Nodes: 1, Tensor: 8, Pipeline: 1, Data: 1}, nil, 70272.0 / 1024},
		{
			name:  "latent, 61 layers on two stages are 31",
			model: mla,
			l:     Layout{Nodes: 2, Tensor: 8, Pipeline: 2, Data: 1},
			want:  31 * 1152.0 / 1024,
		},
		{"latent in fp8", mla, Layout{Nodes: 1, Tensor: 8, Pipeline: 1, Data: 1}, fp8, 61 * 656.0 / 1024},
		{
			name:  "latent of which only the sum is known",
			model: preset.Model{Layers: 61, Attention: "mla", KVBytesPerToken: 70272},
			l:     Layout{Nodes: 1, Tensor: 8, Pipeline: 1, Data: 1},
			want:  70272.0 / 1024,
		},
		{
			name:  "windows keep 127 tokens, a batch of 8192, and a block that they fill in part",
			model: window,
			l:     Layout{Nodes: 1, Tensor: 1, Pipeline: 1, Data: 1},
			want:  24 + 24.0*8336/tokens,
		},
		{
			name:  "state does not grow, and there are two",
			model: hybrid,
			l:     Layout{Nodes: 1, Tensor: 1, Pipeline: 1, Data: 1},
			want:  16 + 2*24*4096.0/tokens,
		},
		{
			name:  "a window without a width holds all",
			model: preset.Model{Layers: 24, KVHeads: 8, HeadDim: 64, FullLayers: 12, WindowLayers: 12},
			l:     Layout{Nodes: 1, Tensor: 1, Pipeline: 1, Data: 1},
			want:  48,
		},
		{
			name:  "nothing known but the width",
			model: preset.Model{Layers: 32, HiddenSize: 4096},
			l:     Layout{Nodes: 1, Tensor: 1, Pipeline: 1, Data: 1},
			want:  512,
		},
		{
			name:  "nothing known but the weights",
			model: preset.Model{WeightBytes: 13476839424},
			l:     Layout{Nodes: 1, Tensor: 1, Pipeline: 1, Data: 1},
			want:  13476839424 * 4e-5 / 1024,
		},
	} {
		r := run{Preset: preset.Preset{Model: tt.model}, Context: tokens, Settings: tt.settings}
		if got := r.inference(h100s(t), tt.l).KVCacheGiB; math.Abs(got-tt.want) > 1e-3*tt.want {
			t.Errorf("%s: %.3f KiB per token, want %.3f", tt.name, got, tt.want)
		}
	}
	for name, r := range map[string]run{
		"an offload": {WholeCache: true},
		"the flag":   {Settings: map[string]string{"disable-hybrid-kv-cache-manager": ""}},
	} {
		r.Preset, r.Context = preset.Preset{Model: window}, tokens
		if got := r.inference(h100s(t), Layout{Nodes: 1, Tensor: 1, Pipeline: 1, Data: 1}).KVCacheGiB; got != 48 {
			t.Errorf("%s: without the hybrid cache manager %v KiB per token, want 48", name, got)
		}
	}
	r := run{Preset: preset.Preset{Model: gqa}, Context: 17}
	if got := r.inference(h100s(t), Layout{Nodes: 1, Tensor: 1, Pipeline: 1, Data: 1}).KVCacheGiB; got != 32.0/1024 {
		t.Errorf("17 tokens take %v GiB, want two blocks of 16", got)
	}
}

// TestHybridCacheOff: without the hybrid cache manager, the cache of gemma-3-27b is six times as large.
func TestHybridCacheOff(t *testing.T) {
	p, _ := catalog(t).Lookup("gemma-3-27b-it")
	a100, _ := capacity.LookupSKU("Standard_NC24ads_A100_v4")
	l := Layout{Nodes: 1, Tensor: 1, Pipeline: 1, Data: 1}
	on, off := run{Preset: p, Context: 131072}, run{Preset: p, Context: 131072, WholeCache: true}
	if got := on.inference(a100, l).KVCacheGiB; math.Abs(got-11.4) > 0.05 {
		t.Errorf("%.2f GiB, want 11.4: 10 layers of 131072 tokens, and 60 of 3088", got)
	}
	if got := off.inference(a100, l).KVCacheGiB; got != 62 {
		t.Errorf("%.2f GiB, want 62: 62 layers of 131072 tokens", got)
	}
}
