package capacity

import (
	"testing"

	"syncer.dev/syncer/internal/preset"
)

func TestEngine(t *testing.T) {
	h100 := engine{batchedTokens: 8192, seqs: 1024, utilization: 0.84, cacheShare: 1}
	a100 := engine{batchedTokens: 2048, seqs: 256, utilization: 0.84, cacheShare: 1}
	for _, tt := range []struct {
		name  string
		size  string
		mla   bool
		flags settings
		want  engine
	}{
		{"large", "Standard_NC40ads_H100_v5", false, nil, h100},
		{"the A100 is large, and has the small batch", "Standard_NC24ads_A100_v4", false, nil, a100},
		{"A10", "Standard_NV36ads_A10_v5", false, nil, engine{2048, 256, 0.82, 1, false}},
		{"given", "Standard_NC40ads_H100_v5", false, settings{"max-num-batched-tokens": "4096", "max_num_seqs": "64"}, engine{4096, 64, 0.84, 1, false}},
		{"no more sequences than tokens", "Standard_NC40ads_H100_v5", false, settings{"max-num-batched-tokens": "512"}, engine{512, 512, 0.84, 1, false}},
		{"nonsense is vLLM's to refuse", "Standard_NC40ads_H100_v5", false, settings{"max-num-seqs": "many", "gpu-memory-utilization": "2"}, h100},
		{"utilization", "Standard_NC40ads_H100_v5", false, settings{"gpu-memory-utilization": "0.95"}, engine{8192, 1024, 0.95, 1, false}},
		{"cache in fp8", "Standard_NC40ads_H100_v5", false, settings{"kv-cache-dtype": "fp8"}, engine{8192, 1024, 0.84, 0.5, false}},
		{"cache as the model", "Standard_NC40ads_H100_v5", false, settings{"kv-cache-dtype": "auto"}, h100},
		{"latent in fp8", "Standard_NC40ads_H100_v5", true, settings{"kv-cache-dtype": "fp8"}, engine{8192, 1024, 0.84, 656.0 / 1152, false}},
		{"eager", "Standard_NC40ads_H100_v5", false, settings{"enforce-eager": ""}, engine{8192, 1024, 0.84, 1, true}},
		{"not eager", "Standard_NC40ads_H100_v5", false, settings{"enforce-eager": "false"}, h100},
		{"throughput", "Standard_NC24ads_A100_v4", false, settings{"performance-mode": "throughput"}, engine{4096, 512, 0.84, 1, false}},
		{"throughput with a batch", "Standard_NC24ads_A100_v4", false, settings{"performance-mode": "throughput", "max-num-seqs": "8"}, engine{4096, 8, 0.84, 1, false}},
		{"interactivity", "Standard_NC24ads_A100_v4", false, settings{"performance-mode": "interactivity"}, a100},
	} {
		s, _ := LookupSKU(tt.size)
		if got := engineFor(s, tt.mla, settingsOf(tt.flags)); got != tt.want {
			t.Errorf("%s: %+v, want %+v", tt.name, got, tt.want)
		}
	}
	s, _ := LookupSKU("Standard_NC40ads_H100_v5")
	if e := engineFor(s, false, settingsOf(settings{"max-num-seqs": "8"}, settings{"max_num_seqs": "16"})); e.seqs != 16 {
		t.Errorf("the last one wins: %d", e.seqs)
	}
}

// TestActivationFollowsTheBatch: fewer sequences are less sampling, until the layers of a batch are more.
func TestActivationFollowsTheBatch(t *testing.T) {
	llama := Request{Preset: preset.Preset{Model: runs[1].model}}
	at := func(seqs, tokens string) float64 {
		r := llama
		r.Settings = map[string]string{"max-num-seqs": seqs, "max-num-batched-tokens": tokens}
		return r.inference(h100s(t), layout{1, 1, 1, 1}).ActivationGiB
	}
	full, quarter, few, long := at("1024", "8192"), at("256", "8192"), at("8", "2048"), at("8", "65536")
	if !(full > 3.5*quarter && quarter > few && few < 0.3 && long > 6) {
		t.Errorf("activations %.2f, %.2f, %.2f, %.2f", full, quarter, few, long)
	}
	mild := Request{Preset: preset.Preset{Model: runs[1].model}, Adapters: 4}
	if a := mild.inference(h100s(t), layout{1, 1, 1, 1}).AdaptersGiB; a < 0.2 || a > 0.5 { // 4 x rank 16 x 2 bytes x 32 layers x 81,920
		t.Errorf("adapters take %.2f GiB", a)
	}
}
