package capacity

import (
	"math"
	"testing"

	"syncer.dev/syncer/internal/preset"
)

// h100s is a node for layouts of any degree.
func h100s(t *testing.T) SKU {
	t.Helper()
	s, ok := LookupSKU("Standard_ND96isr_H100_v5")
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
		l        layout
		settings map[string]string
		want     float64 // KiB per token
	}{
		{"grouped, one GPU", gqa, layout{1, 1, 1, 1}, nil, 1024},
		{"grouped, 8 GPUs share the 8 heads", gqa, layout{1, 8, 1, 1}, nil, 128},
		{"grouped, heads are copied beyond their number", gqa, layout{2, 16, 1, 1}, nil, 128},
		{"grouped, two stages", gqa, layout{2, 8, 2, 1}, nil, 64},
		{"copies share nothing", gqa, layout{1, 1, 1, 8}, nil, 1024},
		{"grouped in fp8", gqa, layout{1, 8, 1, 1}, fp8, 64},
		{"one KV head", preset.Model{Layers: 32, KVHeads: 1, HeadDim: 64}, layout{1, 8, 1, 1}, nil, 8},
		{"as many KV heads as heads", preset.Model{Layers: 32, KVHeads: 32, HeadDim: 96}, layout{1, 4, 1, 1}, nil, 96},
		{"latent", mla, layout{1, 1, 1, 1}, nil, 70272.0 / 1024},
		{"latent is on every GPU", mla, layout{1, 8, 1, 1}, nil, 70272.0 / 1024},
		{"latent, 61 layers on two stages are 31", mla, layout{2, 8, 2, 1}, nil, 31 * 1152.0 / 1024},
		{"latent in fp8", mla, layout{1, 8, 1, 1}, fp8, 61 * 656.0 / 1024},
		{"latent of which only the sum is known", preset.Model{Layers: 61, Attention: "mla", KVBytesPerToken: 70272}, layout{1, 8, 1, 1}, nil, 70272.0 / 1024},
		{"windows keep 127 tokens and a batch of 8192", window, layout{1, 1, 1, 1}, nil, 24 + 24.0*8320/tokens},
		{"state does not grow", hybrid, layout{1, 1, 1, 1}, nil, 16 + 24*4096.0/tokens},
		{"a window without a width holds all", preset.Model{Layers: 24, KVHeads: 8, HeadDim: 64, FullLayers: 12, WindowLayers: 12}, layout{1, 1, 1, 1}, nil, 48},
		{"nothing known but the width", preset.Model{Layers: 32, HiddenSize: 4096}, layout{1, 1, 1, 1}, nil, 512},
		{"nothing known but the weights", preset.Model{WeightBytes: 13476839424}, layout{1, 1, 1, 1}, nil, 13476839424 * 4e-5 / 1024},
	} {
		r := Request{Preset: preset.Preset{Model: tt.model}, Context: tokens, Settings: tt.settings}
		if got := r.inference(h100s(t), tt.l).KVCacheGiB; math.Abs(got-tt.want) > 1e-3*tt.want {
			t.Errorf("%s: %.3f KiB per token, want %.3f", tt.name, got, tt.want)
		}
	}
	r := Request{Preset: preset.Preset{Model: gqa}, Context: 17}
	if got := r.inference(h100s(t), layout{1, 1, 1, 1}).KVCacheGiB; got != 32.0/1024 {
		t.Errorf("17 tokens take %v GiB, want two blocks of 16", got)
	}
}
