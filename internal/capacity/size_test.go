package capacity

import (
	"errors"
	"strings"
	"testing"

	"syncer.dev/syncer/internal/preset"
)

// Presets with the figures of the models' own configurations.
var (
	// One of which little is known, so that KAITO's figure for tuning counts.
	phi3Mini = preset.Preset{Name: "phi-3-mini-128k-instruct", Tuning: &preset.Tuning{GPUMemoryGiB: 72, TotalMemoryGiB: 72}, Model: preset.Model{
		WeightBytes: 7645041787, Heads: 32, KVHeads: 32, Attention: "mha", KVBytesPerToken: 393216, ContextLength: 131072, Distributed: true, TensorParallel: true,
	}}
	phi4Mini = preset.Preset{Name: "phi-4-mini-instruct", Model: preset.Model{
		WeightBytes: 7677254042, Heads: 24, KVHeads: 8, Attention: "gqa", KVBytesPerToken: 131072, ContextLength: 131072, Distributed: true, TensorParallel: true,
	}}
	falcon = preset.Preset{Name: "falcon-7b", Tuning: &preset.Tuning{GPUMemoryGiB: 16, MethodGiB: map[preset.Method]int{preset.QLoRA: 16}}, Model: preset.Model{
		WeightBytes: 14431090115, Heads: 71, KVHeads: 1, Attention: "mqa", KVBytesPerToken: 8192, ContextLength: 2048,
	}}
	llama70 = preset.Preset{Name: "llama-3.3-70b-instruct", Model: preset.Model{
		WeightBytes: 141107412992, Heads: 64, KVHeads: 8, Attention: "gqa", KVBytesPerToken: 327680, ContextLength: 131072, Distributed: true, TensorParallel: true,
	}}
)

func TestSize(t *testing.T) {
	for _, tt := range []struct {
		name    string
		request Request
		size    string
		nodes   int
		refused string // fragment of the message
		hint    string
		note    string
	}{
		{
			"retired size is substituted",
			Request{Preset: phi3Mini, Tuning: true, Method: preset.QLoRA, InstanceType: "Standard_NC6s_v3", Region: "eastus"},
			"Standard_NC24ads_A100_v4", 1, "", "", "Azure retired Standard_NC6s_v3 on 2025-09-30; using Standard_NC24ads_A100_v4 instead (1 x A100 80 GB, 3.67 USD/h), the cheapest size that fits",
		},
		{
			"retired size is refused",
			Request{Preset: phi3Mini, Tuning: true, Method: preset.QLoRA, InstanceType: "Standard_NC6s_v3", Region: "eastus", RetiredSizes: Refuse},
			"", 0, "Azure retired Standard_NC6s_v3", "Standard_NC24ads_A100_v4", "",
		},
		{"named", Request{Preset: phi4Mini, InstanceType: "standard_nc24ads_a100_v4", Region: "eastus"}, "Standard_NC24ads_A100_v4", 1, "", "", ""},
		{"auto takes the cheapest", Request{Preset: phi4Mini, InstanceType: "auto", Region: "eastus"}, "Standard_NV36ads_A10_v5", 1, "", "", ""},
		{"auto keeps what runs", Request{Preset: phi4Mini, Region: "eastus", Current: "Standard_NC24ads_A100_v4"}, "Standard_NC24ads_A100_v4", 1, "", "", ""},
		{"auto within the policy", Request{Preset: phi4Mini, Region: "eastus", Limits: Limits{AllowedSizes: []string{"Standard_NC*"}}}, "Standard_NC24ads_A100_v4", 1, "", "", ""},
		{"nothing allowed", Request{Preset: phi4Mini, Region: "eastus", Limits: Limits{AllowedSizes: []string{"Standard_B*"}}}, "", 0, "no size", "none is allowed", ""},
		{"unknown region", Request{Preset: phi4Mini, Region: "nowhere"}, "", 0, "no size", "no price is known", ""},
		{"too old", Request{Preset: phi4Mini, InstanceType: "Standard_NC4as_T4_v3", Region: "eastus"}, "", 0, "bfloat16", "Standard_NV36ads_A10_v5", ""},
		{"unknown size", Request{Preset: phi4Mini, InstanceType: "Standard_NX1", Region: "eastus"}, "", 0, "not known", "cheapest", ""},
		{"tuning on a small GPU", Request{Preset: phi3Mini, Tuning: true, InstanceType: "Standard_NV36ads_A10_v5", Region: "eastus"}, "", 0, "needs a GPU with 72 GiB", "Standard_NC24ads_A100_v4", ""},
		{"cannot be tuned", Request{Preset: phi4Mini, Tuning: true, Region: "eastus"}, "", 0, "cannot be tuned", "", ""},
		{"falcon is not split", Request{Preset: falcon, InstanceType: "Standard_NC96ads_A100_v4", Region: "eastus"}, "Standard_NC96ads_A100_v4", 1, "", "", ""},
		{"70B over two GPUs", Request{Preset: llama70, InstanceType: "Standard_NC96ads_A100_v4", Region: "eastus"}, "Standard_NC96ads_A100_v4", 1, "", "", ""},
		{"70B over nodes", Request{Preset: llama70, InstanceType: "Standard_NC24ads_A100_v4", Region: "eastus"}, "Standard_NC24ads_A100_v4", 3, "", "", ""},
		{"transformers knows one node", Request{Preset: llama70, Transformers: true, InstanceType: "Standard_NC24ads_A100_v4", Region: "eastus"}, "", 0, "does not fit", "", ""},
		{"count is not used", Request{Preset: phi4Mini, InstanceType: "Standard_NC24ads_A100_v4", Count: 3, Region: "eastus"}, "Standard_NC24ads_A100_v4", 1, "", "", "resource.count: 3 is not used"},
		{"hardly known, and named", Request{Preset: preset.Preset{Name: "ours", Model: preset.Model{WeightBytes: 16 << 30}}, InstanceType: "Standard_NV36ads_A10_v5", Region: "eastus"}, "Standard_NV36ads_A10_v5", 1, "", "", "too little is known of ours"},
		{"hardly known, and too large", Request{Preset: preset.Preset{Name: "ours", Model: preset.Model{WeightBytes: 20 << 30}}, InstanceType: "Standard_NV36ads_A10_v5", Region: "eastus"}, "", 0, "does not fit", "Standard_NC24ads_A100_v4", ""},
		{"hardly known, and chosen", Request{Preset: preset.Preset{Name: "ours", Model: preset.Model{WeightBytes: 16 << 30}}, Region: "eastus"}, "Standard_NC24ads_A100_v4", 1, "", "", ""},
		{"insists on a small GPU", Request{Preset: phi3Mini, Tuning: true, Insist: true, InstanceType: "Standard_NV36ads_A10_v5", Region: "eastus"}, "Standard_NV36ads_A10_v5", 1, "", "", "needs a GPU with 72 GiB; Standard_NV36ads_A10_v5 has 1 x 24 GiB; tried all the same"},
		{"insists on one node", Request{Preset: llama70, Transformers: true, Insist: true, Count: 2, InstanceType: "Standard_NC24ads_A100_v4", Region: "eastus"}, "Standard_NC24ads_A100_v4", 1, "", "", "does not fit"},
		{"insisting is not needed", Request{Preset: llama70, Insist: true, InstanceType: "Standard_NC24ads_A100_v4", Region: "eastus"}, "Standard_NC24ads_A100_v4", 3, "", "", ""},
		{"insists on what cannot compute", Request{Preset: phi4Mini, Insist: true, InstanceType: "Standard_NC4as_T4_v3", Region: "eastus"}, "", 0, "bfloat16", "Standard_NV36ads_A10_v5", ""},
		{"insists on small brought nodes", Request{Preset: llama70, Insist: true, Count: 1, Transformers: true, Brought: &SKU{Name: "node", GPUs: 2, GPUMemoryGiB: 16, GPUUsableGiB: 15}}, "node", 1, "", "", "node: with"},
		{"template", Request{InstanceType: "Standard_NC24ads_A100_v4", Count: 2, Region: "eastus"}, "Standard_NC24ads_A100_v4", 2, "", "", ""},
		{"template without a size", Request{Region: "eastus"}, "", 0, "needs a size", "", ""},
		{"template on a retired size", Request{InstanceType: "Standard_NC6s_v3", Region: "eastus"}, "", 0, "retired", "name another", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d, err := Size(tt.request)
			var refused *RefusedError
			if errors.As(err, &refused) {
				if tt.refused == "" || !strings.Contains(refused.Message, tt.refused) || !strings.Contains(refused.Hint, tt.hint) {
					t.Fatalf("refused: %s (%s)", refused.Message, refused.Hint)
				}
				return
			}
			if err != nil || tt.refused != "" {
				t.Fatalf("%+v, %v; want a refusal with %q", d, err, tt.refused)
			}
			o := d.Options[0]
			if o.SKU.Name != tt.size || o.Nodes != tt.nodes {
				t.Errorf("%d x %s, want %d x %s", o.Nodes, o.SKU.Name, tt.nodes, tt.size)
			}
			if notes := strings.Join(d.Notes, "\n"); !strings.Contains(notes, tt.note) {
				t.Errorf("notes %q, want %q", notes, tt.note)
			}
		})
	}
}
