// SPDX-License-Identifier: Apache-2.0

package sizing

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/preset"
)

// spreadRequest asks for a model of 14B parameters in bfloat16, with settings.
func spreadRequest(size string, settings map[string]string) Request {
	return Request{
		Preset: preset.Preset{
			Name:    "m",
			DiskGiB: 100,
			Model: preset.Model{
				WeightBytes: 28 << 30, Parameters: 15 << 30, Layers: 48, Heads: 40, KVHeads: 8, HeadDim: 128, HiddenSize: 5120,
				IntermediateSize: 13824, VocabSize: 152064, ContextLength: 131072, Attention: "gqa", DType: "bfloat16",
				KVBytesPerToken: 196608, Distributed: true, TensorParallel: true,
			},
		},
		Region:       "eastus",
		InstanceType: size,
		Settings:     settings,
	}
}

// TestSpread: parallel sizes of the settings choose the nodes, or are refused with what they need.
func TestSpread(t *testing.T) {
	for _, tt := range []struct {
		name     string
		size     string
		settings map[string]string
		want     [3]int // tensor, pipeline, data
		size2    string // the size that is taken, when it is free
		refused  string
	}{
		{name: "open", size: "Standard_NC48ads_A100_v4", want: [3]int{1, 1, 2}},
		{
			name:     "fixed",
			size:     "Standard_NC48ads_A100_v4",
			settings: map[string]string{"tensor_parallel_size": "2"},
			want:     [3]int{2, 1, 1},
		},
		{
			name:     "too few GPUs",
			size:     "Standard_NC24ads_A100_v4",
			settings: map[string]string{"tensor-parallel-size": "2"},
			refused:  "tensor-parallel-size 2 needs 2 GPUs on one node; Standard_NC24ads_A100_v4 has 1",
		},
		{
			name:     "copies",
			size:     "Standard_NC24ads_A100_v4",
			settings: map[string]string{"data-parallel-size": "4"},
			refused:  "data-parallel-size 4 needs 4 GPUs; Standard_NC24ads_A100_v4 has 1",
		},
		{
			name:     "heads that do not divide",
			size:     "Standard_NC96ads_A100_v4",
			settings: map[string]string{"tensor-parallel-size": "3"},
			refused:  "tensor-parallel-size 3 does not divide the 40 heads of m",
		},
		{
			name:     "more stages than layers",
			size:     "Standard_NC96ads_A100_v4",
			settings: map[string]string{"pipeline-parallel-size": "49"},
			refused:  "pipeline-parallel-size 49 exceeds the 48 layers of m",
		},
		{
			name:     "heads that do not divide, on any size",
			settings: map[string]string{"tensor-parallel-size": "3"},
			refused:  "tensor-parallel-size 3 does not divide the 40 heads of m",
		},
		{
			name:     "more copies than a node has GPUs, on any size",
			settings: map[string]string{"tensor-parallel-size": "4", "data-parallel-size": "4"},
			refused: "tensor-parallel-size 4 and data-parallel-size 4 needs 16 GPUs on one node; " +
				"the sizes that syncer may select have up to 8",
		},
		{
			name:     "size is free",
			settings: map[string]string{"tensor-parallel-size": "2"},
			want:     [3]int{2, 1, 1},
			size2:    "Standard_NV72ads_A10_v5",
		},
		{
			name:     "two of four GPUs, twice",
			size:     "Standard_NC96ads_A100_v4",
			settings: map[string]string{"tensor-parallel-size": "2"},
			want:     [3]int{2, 1, 2},
		},
		{
			name: "two of four GPUs, and no more",
			size: "Standard_NC96ads_A100_v4",
			settings: map[string]string{
				"tensor-parallel-size": "2", "data-parallel-size": "1", "pipeline-parallel-size": "1",
			},
			want: [3]int{2, 1, 1},
		},
		{
			name:     "stages",
			size:     "Standard_NC48ads_A100_v4",
			settings: map[string]string{"pipeline-parallel-size": "2"},
			want:     [3]int{1, 2, 1},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d, err := Size(spreadRequest(tt.size, tt.settings))
			var refused *capacity.RefusedError
			switch {
			case tt.refused != "":
				if !errors.As(err, &refused) || !strings.Contains(refused.Message, tt.refused) ||
					refused.Field != "inference.config" || refused.Reason != diag.ConflictingFields ||
					!strings.Contains(refused.Hint(), "remove") {
					t.Errorf("got %v", err)
				}
				return
			case err != nil:
				t.Fatal(err)
			}
			o := d.Options[0]
			if got := [3]int{o.TensorParallel, o.PipelineParallel, o.DataParallel}; got != tt.want {
				t.Errorf("tensor, pipeline, data %v, want %v", got, tt.want)
			}
			if tt.size2 != "" && o.SKU.Name != tt.size2 {
				t.Errorf("took %s", o.SKU.Name)
			}
		})
	}
}

// TestUneven: a refusal names the dimension that tensor-parallel-size does not divide.
func TestUneven(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(*preset.Model)
		tensor string
		want   string
	}{
		"groups of a feed-forward layer": {
			func(m *preset.Model) { m.Quantization = "awq" }, "8",
			"does not divide the 13824 inputs of a feed-forward layer into whole groups of 128 quantized weights of m",
		},
		"groups of attention": {
			func(m *preset.Model) { m.Quantization, m.HeadDim, m.IntermediateSize = "gptq", 64, 16384 }, "8",
			"does not divide the 2560 outputs of attention into whole groups of 128 quantized weights of m",
		},
		"groups of experts": {
			func(m *preset.Model) { m.Quantization, m.IntermediateSize, m.MoEIntermediateSize = "awq", 0, 768 }, "4",
			"does not divide the 768 inputs of an expert into whole groups of 128 quantized weights of m",
		},
		"KV heads": {
			func(m *preset.Model) { m.KVHeads = 5 }, "8", "does not divide the 5 KV heads of m",
		},
		"feed-forward layer": {
			func(m *preset.Model) { m.IntermediateSize = 13825 }, "8",
			"does not divide the 13825 inputs of a feed-forward layer of m",
		},
		"no tensor parallelism": {
			func(m *preset.Model) { m.TensorParallel = false }, "2", "which tensor parallelism cannot split",
		},
	} {
		for _, size := range []string{"", "Standard_ND96asr_v4"} {
			r := spreadRequest(size, map[string]string{flagTensor: tt.tensor})
			tt.change(&r.Preset.Model)
			_, err := Size(r)
			var refused *capacity.RefusedError
			if !errors.As(err, &refused) || refused.Reason != diag.ConflictingFields ||
				!strings.Contains(refused.Message, "tensor-parallel-size "+tt.tensor) ||
				!strings.Contains(refused.Message, tt.want) {
				t.Errorf("%s on %q: %v, want %q", name, size, err, tt.want)
			}
		}
	}
}

// TestSpreadProperty: every way that is offered keeps what settings fix, and takes no more GPUs than there are.
func TestSpreadProperty(t *testing.T) {
	s, _ := capacity.LookupSKU("Standard_ND96asr_v4")
	for tensor := range 9 {
		for pipeline := range 9 {
			for data := range 9 {
				settings := map[string]string{}
				for flag, n := range map[string]int{flagTensor: tensor, flagPipeline: pipeline, flagData: data} {
					if n > 0 {
						settings[flag] = string(rune('0' + n))
					}
				}
				r := spreadRequest(s.Name, settings)
				for nodes := 1; nodes <= 3; nodes++ {
					for _, l := range r.ways(s, s.GPUs, nodes) {
						kept := (tensor == 0 || l.Tensor == tensor) && (pipeline == 0 || l.Pipeline == pipeline) &&
							(data == 0 || l.Data == data)
						used := l.Tensor * l.Pipeline * l.Data
						if !kept || used > nodes*s.GPUs || nodes > 1 && used != nodes*s.GPUs ||
							!splits(r.Preset.Model, l.Tensor) {
							t.Errorf("%v on %d nodes: %+v", settings, nodes, l)
						}
					}
				}
			}
		}
	}
	r := spreadRequest(s.Name, nil)
	if !slices.Equal(r.ways(s, s.GPUs, 1), layouts(r.Preset.Model, s, s.GPUs, 1)) {
		t.Error("without settings the ways are not the layouts")
	}
}
