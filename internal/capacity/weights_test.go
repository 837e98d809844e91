package capacity

import (
	"math"
	"testing"

	"syncer.dev/syncer/internal/preset"
)

func TestWeights(t *testing.T) {
	llama := preset.Model{WeightBytes: 141107412992, Parameters: 70553706496, HiddenSize: 8192, Layers: 80, Heads: 64, KVHeads: 8, HeadDim: 128, VocabSize: 128256, IntermediateSize: 28672}
	table := 2.0 * 128256 * 8192
	deepseek := preset.Model{WeightBytes: 688 << 30, Parameters: 671 << 30, HiddenSize: 7168, Layers: 61, Heads: 128, KVLatent: 576, Attention: "mla", VocabSize: 129280, IntermediateSize: 18432, Experts: 256}
	for _, tt := range []struct {
		name   string
		model  preset.Model
		l      layout
		want   float64 // bytes
		within float64 // relative
	}{
		{"all on one", llama, layout{1, 1, 1, 1}, 141107412992, 0},
		{"copies", llama, layout{1, 1, 1, 4}, 141107412992, 0},
		{"a quarter", llama, layout{1, 4, 1, 1}, 141107412992 / 4.0, 1e-3},
		{"an eighth, as there are 8 KV heads", llama, layout{1, 8, 1, 1}, 141107412992 / 8.0, 1e-3},
		// On 16 GPUs each KV head is there twice: 80 layers x 2 projections x 8192 x 1024 x 2 bytes once more.
		{"heads are copied", llama, layout{2, 16, 1, 1}, (141107412992 + 80*2*8192*1024*2.0) / 16, 1e-3},
		// Three stages have 27, 27 and 26 layers, and the last one the head.
		{"uneven stages", llama, layout{3, 1, 3, 1}, (141107412992-table)*27/80 + table, 1e-9},
		{"stages and heads", llama, layout{2, 8, 2, 1}, ((141107412992-table)/2 + table) / 8, 1e-3},
		// The projections to the latents are on every GPU: about 61 x 7168 x 2304 bytes in fp8.
		{"latents are copied", deepseek, layout{1, 8, 1, 1}, 688<<30/8.0 + 61*7168*2304*7.0/8, 5e-3},
	} {
		f := factsOf(tt.model)
		got := weightsOn(&f, tt.l)
		if math.Abs(got-tt.want) > tt.within*tt.want {
			t.Errorf("%s: %.4g bytes, want %.4g", tt.name, got, tt.want)
		}
	}
}

// TestFactsAreGuessedOnTheSafeSide compares what is estimated of models of which little is known with what is known of them.
func TestFactsAreGuessedOnTheSafeSide(t *testing.T) {
	for _, m := range runs {
		if m.tensor > 1 {
			continue // without the number of heads nothing is split
		}
		blind := preset.Model{Architecture: m.model.Architecture, WeightBytes: m.model.WeightBytes, Quantization: m.model.Quantization}
		known := Request{Preset: preset.Preset{Model: m.model}}
		guessed := Request{Preset: preset.Preset{Model: blind}}
		l := layout{1, m.tensor, 1, 1}
		k, g := known.inference(h100s(t), l), guessed.inference(h100s(t), l)
		if g.ActivationGiB < k.ActivationGiB || g.RequiredGiB-g.KVCacheGiB < k.RequiredGiB-k.KVCacheGiB {
			t.Errorf("%s: guessed %.2f GiB, known %.2f", m.name, g.RequiredGiB-g.KVCacheGiB, k.RequiredGiB-k.KVCacheGiB)
		}
	}
	f := factsOf(preset.Model{WeightBytes: 13476839424}) // Llama-2-7B: 32 layers, hidden size 4096
	if f.layers != 32 || math.Abs(float64(f.hidden-4096)) > 200 || f.vocabulary != 262144 || f.intermediate != 4*f.hidden {
		t.Errorf("%+v", f)
	}
	if empty := factsOf(preset.Model{}); empty.layers == 0 || math.IsNaN(empty.cachePerLayer) {
		t.Errorf("%+v", empty)
	}
}
