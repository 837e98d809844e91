package capacity

import (
	"slices"
	"testing"

	"syncer.dev/syncer/internal/preset"
)

func TestLayouts(t *testing.T) {
	model := func(giB int64, heads, kv int) preset.Model {
		return preset.Model{WeightBytes: giB << 30, Layers: 40, Heads: heads, KVHeads: kv, Distributed: true, TensorParallel: true}
	}
	alone := preset.Model{WeightBytes: 13 << 30, Heads: 71, KVHeads: 1}
	for _, tt := range []struct {
		name  string
		model preset.Model
		size  string
		gpus  int
		nodes int
		want  []layout
	}{
		{"one GPU", model(7, 32, 8), "Standard_NC24ads_A100_v4", 1, 1, []layout{{1, 1, 1, 1}}},
		{"light: copies, else split", model(7, 32, 8), "Standard_NC96ads_A100_v4", 4, 1, []layout{{1, 1, 1, 4}, {1, 4, 1, 1}}},
		{"heavy: split, else copies", model(60, 32, 8), "Standard_NC96ads_A100_v4", 4, 1, []layout{{1, 4, 1, 1}, {1, 1, 1, 4}}},
		{"40 heads with 10 for keys go on two GPUs, and two stages", model(60, 40, 10), "Standard_NC96ads_A100_v4", 4, 1, []layout{{1, 2, 2, 1}, {1, 1, 1, 4}}},
		{"24 heads on 8 GPUs", model(200, 24, 8), "Standard_ND96isr_H100_v5", 8, 1, []layout{{1, 8, 1, 1}, {1, 1, 1, 8}}},
		{"4 KV heads are copied to 8 GPUs", model(200, 64, 4), "Standard_ND96isr_H100_v5", 8, 1, []layout{{1, 8, 1, 1}, {1, 1, 1, 8}}},
		{"two nodes", model(200, 64, 8), "Standard_NC48ads_A100_v4", 2, 2, []layout{{2, 2, 2, 1}}},
		{"two nodes, odd heads", model(200, 25, 5), "Standard_NC48ads_A100_v4", 2, 2, []layout{{2, 1, 4, 1}}},
		{"not to be split, light", alone, "Standard_NC96ads_A100_v4", 4, 1, []layout{{1, 1, 1, 4}}},
		{"not to be split, heavy", alone, "Standard_NV72ads_A10_v5", 2, 1, []layout{{1, 1, 1, 2}}},
		{"not to be split, two nodes", alone, "Standard_NV36ads_A10_v5", 1, 2, nil},
		{"a part of a node", model(60, 64, 8), "Standard_ND96isr_H100_v5", 2, 1, []layout{{1, 2, 1, 1}, {1, 1, 1, 2}}},
	} {
		s, _ := LookupSKU(tt.size)
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
	s, _ := LookupSKU("Standard_NC24ads_A100_v4")
	if got := layouts(stages, s, 1, 4); got != nil {
		t.Errorf("3 layers on 4 stages: %v", got)
	}
}
