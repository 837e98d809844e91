// SPDX-License-Identifier: Apache-2.0

package memory

import (
	"math"
	"testing"

	"syncer.dev/syncer/internal/preset"
)

func TestWeights(t *testing.T) {
	llama := preset.Model{
		WeightBytes:      141107412992,
		Parameters:       70553706496,
		HiddenSize:       8192,
		Layers:           80,
		Heads:            64,
		KVHeads:          8,
		HeadDim:          128,
		VocabSize:        128256,
		IntermediateSize: 28672,
	}
	table := 2.0 * 128256 * 8192
	deepseek := preset.Model{
		WeightBytes:      688 << 30,
		Parameters:       671 << 30,
		HiddenSize:       7168,
		Layers:           61,
		Heads:            128,
		KVLatent:         576,
		Attention:        "mla",
		VocabSize:        129280,
		IntermediateSize: 18432,
		Experts:          256,
	}
	for _, tt := range []struct {
		name   string
		model  preset.Model
		l      Layout
		want   float64 // bytes
		within float64 // relative
	}{
		{"all on one", llama, Layout{Nodes: 1, Tensor: 1, Pipeline: 1, Data: 1}, 141107412992, 0},
		{"copies", llama, Layout{Nodes: 1, Tensor: 1, Pipeline: 1, Data: 4}, 141107412992, 0},
		{"a quarter", llama, Layout{Nodes: 1, Tensor: 4, Pipeline: 1, Data: 1}, 141107412992 / 4.0, 1e-3},
		{
			name:   "an eighth, as there are 8 KV heads",
			model:  llama,
			l:      Layout{Nodes: 1, Tensor: 8, Pipeline: 1, Data: 1},
			want:   141107412992 / 8.0,
			within: 1e-3,
		},
		// On 16 GPUs each KV head exists twice: another 80 layers x 2 projections x 8192 x 1024 x 2 bytes.
		{
			name:   "heads are copied",
			model:  llama,
			l:      Layout{Nodes: 2, Tensor: 16, Pipeline: 1, Data: 1},
			want:   (141107412992 + 80*2*8192*1024*2.0) / 16,
			within: 1e-3,
		},
		// Three stages have 27, 27 and 26 layers, and the last one the head.
		{"uneven stages", llama, Layout{Nodes: 3, Tensor: 1, Pipeline: 3, Data: 1}, (141107412992-table)*27/80 + table, 1e-9},
		{
			name:   "stages and heads",
			model:  llama,
			l:      Layout{Nodes: 2, Tensor: 8, Pipeline: 2, Data: 1},
			want:   ((141107412992-table)/2 + table) / 8,
			within: 1e-3,
		},
		// The projections to the latents are on every GPU: about 61 x 7168 x 2304 bytes in fp8.
		{
			name:   "latents are copied",
			model:  deepseek,
			l:      Layout{Nodes: 1, Tensor: 8, Pipeline: 1, Data: 1},
			want:   688<<30/8.0 + 61*7168*2304*7.0/8,
			within: 5e-3,
		},
	} {
		f := FactsOf(tt.model)
		got := weightsOn(&f, f.Bytes, tt.l)
		if math.Abs(got-tt.want) > tt.within*tt.want {
			t.Errorf("%s: %.4g bytes, want %.4g", tt.name, got, tt.want)
		}
	}
}

// TestFactsAreGuessedOnTheSafeSide compares what is estimated of models of which little is known with what is known of
// them.
func TestFactsAreGuessedOnTheSafeSide(t *testing.T) {
	for _, m := range starts(t) {
		if m.Shape == nil || m.TensorParallel > 1 {
			continue // without the number of heads nothing is split
		}
		whole := m.model(t, nil).Model
		blind := preset.Model{
			Architecture: whole.Architecture,
			WeightBytes:  whole.WeightBytes,
			Quantization: whole.Quantization,
		}
		known := run{Preset: preset.Preset{Model: whole}}
		guessed := run{Preset: preset.Preset{Model: blind}}
		l := Layout{Nodes: 1, Tensor: 1, Pipeline: 1, Data: 1}
		k, g := known.inference(h100s(t), l), guessed.inference(h100s(t), l)
		if g.ActivationGiB < k.ActivationGiB || g.RequiredGiB-g.KVCacheGiB < k.RequiredGiB-k.KVCacheGiB {
			t.Errorf("%s: guessed %.2f GiB, known %.2f", m.ID, g.RequiredGiB-g.KVCacheGiB, k.RequiredGiB-k.KVCacheGiB)
		}
	}
	f := FactsOf(preset.Model{WeightBytes: 13476839424}) // Llama-2-7B: 32 layers, hidden size 4096
	if f.Layers != 32 || math.Abs(float64(f.Hidden-4096)) > 200 || f.Vocabulary != 262144 || f.Intermediate != 4*f.Hidden {
		t.Errorf("%+v", f)
	}
	if empty := FactsOf(preset.Model{}); empty.Layers == 0 || math.IsNaN(empty.cachePerLayer) {
		t.Errorf("%+v", empty)
	}
}
