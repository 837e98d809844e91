// SPDX-License-Identifier: Apache-2.0

package sizing

import (
	"errors"
	"strings"
	"testing"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/capacitytest"
	"syncer.dev/syncer/internal/preset"
)

// Presets with the figures of the models' own configurations.
var (
	// One of which little is known, so that KAITO's figure for tuning counts.
	phi3Mini = preset.Preset{
		Name:   "phi-3-mini-128k-instruct",
		Tuning: &preset.Tuning{GPUMemoryGiB: 72, TotalMemoryGiB: 72},
		Model: preset.Model{
			WeightBytes:     7645041787,
			Heads:           32,
			KVHeads:         32,
			Attention:       "mha",
			KVBytesPerToken: 393216,
			ContextLength:   131072,
			Distributed:     true,
			TensorParallel:  true,
		},
	}
	falcon = preset.Preset{
		Name:   "falcon-7b",
		Tuning: &preset.Tuning{GPUMemoryGiB: 16, MethodGiB: map[preset.Method]int{preset.QLoRA: 16}},
		Model: preset.Model{
			WeightBytes:     14431090115,
			Heads:           71,
			KVHeads:         1,
			Attention:       "mqa",
			KVBytesPerToken: 8192,
			ContextLength:   2048,
		},
	}
	llama70 = preset.Preset{Name: "llama-3.3-70b-instruct", Model: preset.Model{
		WeightBytes:     141107412992,
		Heads:           64,
		KVHeads:         8,
		Attention:       "gqa",
		KVBytesPerToken: 327680,
		ContextLength:   131072,
		Distributed:     true,
		TensorParallel:  true,
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
			"Standard_NC24ads_A100_v4",
			1,
			"",
			"",
			"Azure retired Standard_NC6s_v3 on 2025-09-30; using Standard_NC24ads_A100_v4 instead (1 x A100 80 GB, 3.67 " +
				"USD/h, 2681 USD/month, prices of 2026-06-18), the cheapest size that fits",
		},
		{
			"retired size is refused",
			Request{
				Preset:       phi3Mini,
				Tuning:       true,
				Method:       preset.QLoRA,
				InstanceType: "Standard_NC6s_v3",
				Region:       "eastus",
				RetiredSizes: Refuse,
			},
			"",
			0,
			"Azure retired Standard_NC6s_v3",
			"Standard_NC24ads_A100_v4",
			"",
		},
		{
			name:    "named",
			request: Request{Preset: capacitytest.Phi4Mini, InstanceType: "standard_nc24ads_a100_v4", Region: "eastus"},
			size:    "Standard_NC24ads_A100_v4",
			nodes:   1,
		},
		{
			name:    "auto takes the cheapest",
			request: Request{Preset: capacitytest.Phi4Mini, InstanceType: "auto", Region: "eastus"},
			size:    "Standard_NV36ads_A10_v5",
			nodes:   1,
		},
		{
			name:    "auto keeps what runs",
			request: Request{Preset: capacitytest.Phi4Mini, Region: "eastus", Current: "Standard_NC24ads_A100_v4"},
			size:    "Standard_NC24ads_A100_v4",
			nodes:   1,
		},
		{
			name: "auto within the policy",
			request: Request{
				Preset: capacitytest.Phi4Mini,
				Region: "eastus",
				Limits: capacity.Limits{AllowedSizes: []string{"Standard_NC*"}},
			},
			size:  "Standard_NC24ads_A100_v4",
			nodes: 1,
		},
		{
			name: "nothing allowed",
			request: Request{
				Preset: capacitytest.Phi4Mini,
				Region: "eastus",
				Limits: capacity.Limits{AllowedSizes: []string{"Standard_B*"}},
			},
			refused: "no size",
			hint:    "none is allowed",
		},
		{
			name:    "unknown region",
			request: Request{Preset: capacitytest.Phi4Mini, Region: "nowhere"},
			refused: "no size",
			hint:    "no price is known",
		},
		{
			name:    "too old",
			request: Request{Preset: capacitytest.Phi4Mini, InstanceType: "Standard_NC4as_T4_v3", Region: "eastus"},
			refused: "bfloat16",
			hint:    "Standard_NV36ads_A10_v5",
		},
		{
			name:    "unknown size",
			request: Request{Preset: capacitytest.Phi4Mini, InstanceType: "Standard_NX1", Region: "eastus"},
			refused: "not known",
			hint:    "cheapest",
		},
		{
			name:    "tuning on a small GPU",
			request: Request{Preset: phi3Mini, Tuning: true, InstanceType: "Standard_NV36ads_A10_v5", Region: "eastus"},
			refused: "needs a GPU with 72 GiB",
			hint:    "Standard_NC24ads_A100_v4",
		},
		{
			name:    "cannot be tuned",
			request: Request{Preset: capacitytest.Phi4Mini, Tuning: true, Region: "eastus"},
			refused: "cannot be tuned",
		},
		{
			name:    "falcon is not split",
			request: Request{Preset: falcon, InstanceType: "Standard_NC96ads_A100_v4", Region: "eastus"},
			size:    "Standard_NC96ads_A100_v4",
			nodes:   1,
		},
		{
			name:    "70B over two GPUs",
			request: Request{Preset: llama70, InstanceType: "Standard_NC96ads_A100_v4", Region: "eastus"},
			size:    "Standard_NC96ads_A100_v4",
			nodes:   1,
		},
		{
			name:    "70B over nodes",
			request: Request{Preset: llama70, InstanceType: "Standard_NC24ads_A100_v4", Region: "eastus"},
			size:    "Standard_NC24ads_A100_v4",
			nodes:   3,
		},
		{
			name:    "transformers knows one node",
			request: Request{Preset: llama70, Transformers: true, InstanceType: "Standard_NC24ads_A100_v4", Region: "eastus"},
			refused: "does not fit",
		},
		{
			name: "count is not used",
			request: Request{
				Preset:       capacitytest.Phi4Mini,
				InstanceType: "Standard_NC24ads_A100_v4",
				Count:        3,
				Region:       "eastus",
			},
			size:  "Standard_NC24ads_A100_v4",
			nodes: 1,
			note:  "resource.count: 3 is not used",
		},
		{
			name: "only weights known, and named",
			request: Request{
				Preset:       preset.Preset{Name: "ours", Model: preset.Model{WeightBytes: 16 << 30}},
				InstanceType: "Standard_NV36ads_A10_v5",
				Region:       "eastus",
			},
			size:  "Standard_NV36ads_A10_v5",
			nodes: 1,
			note:  "preset ours lacks facts for an estimate",
		},
		{
			name: "only weights known, and too large",
			request: Request{
				Preset:       preset.Preset{Name: "ours", Model: preset.Model{WeightBytes: 20 << 30}},
				InstanceType: "Standard_NV36ads_A10_v5",
				Region:       "eastus",
			},
			refused: "does not fit",
			hint:    "Standard_NC24ads_A100_v4",
		},
		{
			name:    "only weights known, and chosen",
			request: Request{Preset: preset.Preset{Name: "ours", Model: preset.Model{WeightBytes: 16 << 30}}, Region: "eastus"},
			size:    "Standard_NC24ads_A100_v4",
			nodes:   1,
		},
		{
			name: "bypass on a small GPU",
			request: Request{
				Preset:            phi3Mini,
				Tuning:            true,
				BypassMemoryCheck: true,
				InstanceType:      "Standard_NV36ads_A10_v5",
				Region:            "eastus",
			},
			size:  "Standard_NV36ads_A10_v5",
			nodes: 1,
			note:  "needs a GPU with 72 GiB; Standard_NV36ads_A10_v5 has 1 x 24 GiB; scheduled anyway",
		},
		{
			name: "bypass on one node",
			request: Request{
				Preset:            llama70,
				Transformers:      true,
				BypassMemoryCheck: true,
				Count:             2,
				InstanceType:      "Standard_NC24ads_A100_v4",
				Region:            "eastus",
			},
			size:  "Standard_NC24ads_A100_v4",
			nodes: 1,
			note:  "does not fit",
		},
		{
			name: "bypass that is not needed",
			request: Request{
				Preset:            llama70,
				BypassMemoryCheck: true,
				InstanceType:      "Standard_NC24ads_A100_v4",
				Region:            "eastus",
			},
			size:  "Standard_NC24ads_A100_v4",
			nodes: 3,
		},
		{
			name: "bypass keeps the compute capability check",
			request: Request{
				Preset:            capacitytest.Phi4Mini,
				BypassMemoryCheck: true,
				InstanceType:      "Standard_NC4as_T4_v3",
				Region:            "eastus",
			},
			refused: "bfloat16",
			hint:    "Standard_NV36ads_A10_v5",
		},
		{
			name:    "template",
			request: Request{InstanceType: "Standard_NC24ads_A100_v4", Count: 2, Region: "eastus"},
			size:    "Standard_NC24ads_A100_v4",
			nodes:   2,
		},
		{"template without a size", Request{Region: "eastus"}, "", 0, "needs a size", "", ""},
		{
			name:    "template on a retired size",
			request: Request{InstanceType: "Standard_NC6s_v3", Region: "eastus"},
			refused: "retired",
			hint:    "name another",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d, err := Size(tt.request)
			var refused *capacity.RefusedError
			if errors.As(err, &refused) {
				if tt.refused == "" || !strings.Contains(refused.Message, tt.refused) ||
					!strings.Contains(refused.Hint(), tt.hint) {
					t.Fatalf("refused: %s (%s)", refused.Message, refused.Hint())
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

func TestBypassOnSmallNodes(t *testing.T) {
	d, err := SizeOn(
		Request{Preset: llama70, BypassMemoryCheck: true, Count: 1, Transformers: true},
		capacity.SKU{Name: "node", GPUs: 2, GPUMemoryGiB: 16, GPUUsableGiB: 15},
	)
	if err != nil {
		t.Fatal(err)
	}
	o := d.Options[0]
	notes := strings.Join(d.Notes, "\n")
	if o.SKU.Name != "node" || o.Nodes != 1 || !strings.Contains(notes, "node: with") {
		t.Errorf("%d x %s, notes %q; want 1 x node, and a note on node", o.Nodes, o.SKU.Name, notes)
	}
}
