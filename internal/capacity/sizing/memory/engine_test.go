// SPDX-License-Identifier: Apache-2.0

package memory

import (
	"testing"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/preset"
)

func TestEngine(t *testing.T) {
	h100 := Engine{batchedTokens: 8192, seqs: 1024, utilization: 0.84, cacheShare: 1, rules: image}
	a100 := Engine{batchedTokens: 2048, seqs: 256, utilization: 0.84, cacheShare: 1, rules: image}
	for _, tt := range []struct {
		name  string
		size  string
		mla   bool
		flags Settings
		want  Engine
	}{
		{"large", "Standard_NC40ads_H100_v5", false, nil, h100},
		{"the A100 is large, and has the small batch", "Standard_NC24ads_A100_v4", false, nil, a100},
		{
			name: "A10",
			size: "Standard_NV36ads_A10_v5",
			want: Engine{batchedTokens: 2048, seqs: 256, utilization: 0.82, cacheShare: 1, rules: image},
		},
		{
			name:  "given",
			size:  "Standard_NC40ads_H100_v5",
			flags: Settings{"max-num-batched-tokens": "4096", "max_num_seqs": "64"},
			want:  Engine{batchedTokens: 4096, seqs: 64, utilization: 0.84, cacheShare: 1, rules: image},
		},
		{
			name:  "no more sequences than tokens",
			size:  "Standard_NC40ads_H100_v5",
			flags: Settings{"max-num-batched-tokens": "512"},
			want:  Engine{batchedTokens: 512, seqs: 512, utilization: 0.84, cacheShare: 1, rules: image},
		},
		{
			name:  "nonsense is vLLM's to refuse",
			size:  "Standard_NC40ads_H100_v5",
			flags: Settings{"max-num-seqs": "many", "gpu-memory-utilization": "2"},
			want:  h100,
		},
		{
			name:  "utilization",
			size:  "Standard_NC40ads_H100_v5",
			flags: Settings{"gpu-memory-utilization": "0.95"},
			want:  Engine{batchedTokens: 8192, seqs: 1024, utilization: 0.95, cacheShare: 1, rules: image},
		},
		{
			name:  "cache in fp8",
			size:  "Standard_NC40ads_H100_v5",
			flags: Settings{"kv-cache-dtype": "fp8"},
			want:  Engine{batchedTokens: 8192, seqs: 1024, utilization: 0.84, cacheShare: 0.5, rules: image},
		},
		{"cache as the model", "Standard_NC40ads_H100_v5", false, Settings{"kv-cache-dtype": "auto"}, h100},
		{
			name:  "latent in fp8",
			size:  "Standard_NC40ads_H100_v5",
			mla:   true,
			flags: Settings{"kv-cache-dtype": "fp8"},
			want:  Engine{batchedTokens: 8192, seqs: 1024, utilization: 0.84, cacheShare: 656.0 / 1152, rules: image},
		},
		{
			name:  "eager",
			size:  "Standard_NC40ads_H100_v5",
			flags: Settings{"enforce-eager": ""},
			want:  Engine{batchedTokens: 8192, seqs: 1024, utilization: 0.84, cacheShare: 1, eager: true, rules: image},
		},
		{"not eager", "Standard_NC40ads_H100_v5", false, Settings{"enforce-eager": "false"}, h100},
		{
			name:  "throughput",
			size:  "Standard_NC24ads_A100_v4",
			flags: Settings{"performance-mode": "throughput"},
			want:  Engine{batchedTokens: 4096, seqs: 512, utilization: 0.84, cacheShare: 1, rules: image},
		},
		{
			name:  "throughput with a batch",
			size:  "Standard_NC24ads_A100_v4",
			flags: Settings{"performance-mode": "throughput", "max-num-seqs": "8"},
			want:  Engine{batchedTokens: 4096, seqs: 8, utilization: 0.84, cacheShare: 1, rules: image},
		},
		{"interactivity", "Standard_NC24ads_A100_v4", false, Settings{"performance-mode": "interactivity"}, a100},
	} {
		s, _ := capacity.LookupSKU(tt.size)
		if got := engineFor(s, tt.mla, SettingsOf(tt.flags)); got != tt.want {
			t.Errorf("%s: %+v, want %+v", tt.name, got, tt.want)
		}
	}
	s, _ := capacity.LookupSKU("Standard_NC40ads_H100_v5")
	if e := engineFor(s, false, SettingsOf(Settings{"max-num-seqs": "8"}, Settings{"max_num_seqs": "16"})); e.seqs != 16 {
		t.Errorf("the last one wins: %d", e.seqs)
	}
}

// TestActivationFollowsTheBatch: fewer sequences are less sampling, until the layers of a batch are more.
func TestActivationFollowsTheBatch(t *testing.T) {
	llama := run{Preset: llama8b(t)}
	at := func(seqs, tokens string) float64 {
		r := llama
		r.Settings = map[string]string{"max-num-seqs": seqs, "max-num-batched-tokens": tokens}
		return r.inference(h100s(t), Layout{Nodes: 1, Tensor: 1, Pipeline: 1, Data: 1}).ActivationGiB
	}
	full, quarter, few, long := at("1024", "8192"), at("256", "8192"), at("8", "2048"), at("8", "65536")
	if !(full > 2.5*quarter && quarter > few && few < 0.3 && long > 6) {
		t.Errorf("activations %.2f, %.2f, %.2f, %.2f", full, quarter, few, long)
	}
	mild := run{Preset: llama8b(t), Adapters: 4}
	if a := mild.inference(h100s(t), Layout{Nodes: 1, Tensor: 1, Pipeline: 1, Data: 1}).AdaptersGiB; a < 0.2 ||
		a > 0.5 { // 4 x rank 16 x 2 bytes x 32 layers x 81,920
		t.Errorf("adapters take %.2f GiB", a)
	}
}

// llama8b is Llama-3.1-8B.
func llama8b(t *testing.T) preset.Preset {
	t.Helper()
	p, ok := catalog(t).Lookup("llama-3.1-8b-instruct")
	if !ok {
		t.Fatal("no llama-3.1-8b-instruct")
	}
	return p
}
