// SPDX-License-Identifier: Apache-2.0

package sizing

import (
	"slices"
	"testing"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/sizing/memory"
	"syncer.dev/syncer/internal/preset"
)

func TestLayouts(t *testing.T) {
	model := func(giB int64, heads, kv int) preset.Model {
		return preset.Model{
			WeightBytes:    giB << 30,
			Layers:         40,
			Heads:          heads,
			KVHeads:        kv,
			Distributed:    true,
			TensorParallel: true,
		}
	}
	alone := preset.Model{WeightBytes: 13 << 30, Heads: 71, KVHeads: 1}
	for _, tt := range []struct {
		name  string
		model preset.Model
		size  string
		gpus  int
		nodes int
		want  []memory.Layout
	}{
		{
			name:  "one GPU",
			model: model(7, 32, 8),
			size:  "Standard_NC24ads_A100_v4",
			gpus:  1,
			nodes: 1,
			want:  []memory.Layout{{Nodes: 1, Tensor: 1, Pipeline: 1, Data: 1}},
		},
		{
			name:  "light: copies, else split",
			model: model(7, 32, 8),
			size:  "Standard_NC96ads_A100_v4",
			gpus:  4,
			nodes: 1,
			want:  []memory.Layout{{Nodes: 1, Tensor: 1, Pipeline: 1, Data: 4}, {Nodes: 1, Tensor: 4, Pipeline: 1, Data: 1}},
		},
		{
			name:  "heavy: split, else copies",
			model: model(60, 32, 8),
			size:  "Standard_NC96ads_A100_v4",
			gpus:  4,
			nodes: 1,
			want:  []memory.Layout{{Nodes: 1, Tensor: 4, Pipeline: 1, Data: 1}, {Nodes: 1, Tensor: 1, Pipeline: 1, Data: 4}},
		},
		{
			name:  "40 heads with 10 for keys go on two GPUs, and two stages",
			model: model(60, 40, 10),
			size:  "Standard_NC96ads_A100_v4",
			gpus:  4,
			nodes: 1,
			want:  []memory.Layout{{Nodes: 1, Tensor: 2, Pipeline: 2, Data: 1}, {Nodes: 1, Tensor: 1, Pipeline: 1, Data: 4}},
		},
		{
			name:  "24 heads on 8 GPUs",
			model: model(200, 24, 8),
			size:  "Standard_ND96isr_H100_v5",
			gpus:  8,
			nodes: 1,
			want:  []memory.Layout{{Nodes: 1, Tensor: 8, Pipeline: 1, Data: 1}, {Nodes: 1, Tensor: 1, Pipeline: 1, Data: 8}},
		},
		{
			name:  "4 KV heads are copied to 8 GPUs",
			model: model(200, 64, 4),
			size:  "Standard_ND96isr_H100_v5",
			gpus:  8,
			nodes: 1,
			want:  []memory.Layout{{Nodes: 1, Tensor: 8, Pipeline: 1, Data: 1}, {Nodes: 1, Tensor: 1, Pipeline: 1, Data: 8}},
		},
		{
			name:  "two nodes",
			model: model(200, 64, 8),
			size:  "Standard_NC48ads_A100_v4",
			gpus:  2,
			nodes: 2,
			want:  []memory.Layout{{Nodes: 2, Tensor: 2, Pipeline: 2, Data: 1}},
		},
		{
			name:  "two nodes, odd heads",
			model: model(200, 25, 5),
			size:  "Standard_NC48ads_A100_v4",
			gpus:  2,
			nodes: 2,
			want:  []memory.Layout{{Nodes: 2, Tensor: 1, Pipeline: 4, Data: 1}},
		},
		{
			name:  "not to be split, light",
			model: alone,
			size:  "Standard_NC96ads_A100_v4",
			gpus:  4,
			nodes: 1,
			want:  []memory.Layout{{Nodes: 1, Tensor: 1, Pipeline: 1, Data: 4}},
		},
		{
			name:  "not to be split, heavy",
			model: alone,
			size:  "Standard_NV72ads_A10_v5",
			gpus:  2,
			nodes: 1,
			want:  []memory.Layout{{Nodes: 1, Tensor: 1, Pipeline: 1, Data: 2}},
		},
		{"not to be split, two nodes", alone, "Standard_NV36ads_A10_v5", 1, 2, nil},
		{
			name:  "a part of a node",
			model: model(60, 64, 8),
			size:  "Standard_ND96isr_H100_v5",
			gpus:  2,
			nodes: 1,
			want:  []memory.Layout{{Nodes: 1, Tensor: 2, Pipeline: 1, Data: 1}, {Nodes: 1, Tensor: 1, Pipeline: 1, Data: 2}},
		},
	} {
		s, _ := capacity.LookupSKU(tt.size)
		if got := layouts(tt.model, s, tt.gpus, tt.nodes); !slices.Equal(got, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
	wide := model(60, 32, 8)
	wide.IntermediateSize = 14338 // divides by 2 only
	if splits(wide, 4) || !splits(wide, 2) {
		t.Error("the feed-forward layer does not count")
	}
	stages := model(600, 1, 1)
	stages.Layers = 3
	s, _ := capacity.LookupSKU("Standard_NC24ads_A100_v4")
	if got := layouts(stages, s, 1, 4); got != nil {
		t.Errorf("3 layers on 4 stages: %v", got)
	}
}
