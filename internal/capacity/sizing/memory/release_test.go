// SPDX-License-Identifier: Apache-2.0

package memory

import (
	"math"
	"testing"

	"syncer.dev/syncer/internal/preset"
)

// TestRelease: the rules follow from the version, in any of the forms in which logs and notes write it.
func TestRelease(t *testing.T) {
	old := Release{logitBytes: sorted, inFlight: true, states: 1}
	hopper := Release{logitBytes: sorted, inFlight: true, states: 1, tritonMXFP4: true}
	for version, want := range map[string]Release{
		"0.8.x":        old,
		"0.10.1":       old,
		"":             old,
		"latest":       old,
		"0.11.2rc1":    hopper,
		"0.15.1":       hopper,
		"0.19.0":       {logitBytes: masked, inFlight: true, states: 1, tritonMXFP4: true},
		"0.20.0":       {logitBytes: masked, inFlight: true, states: 2, tritonMXFP4: true},
		"0.23 to 0.25": {logitBytes: masked, countsGraphs: true, inFlight: true, states: 2, tritonMXFP4: true},
		ImageVLLM:      {logitBytes: masked, countsGraphs: true, inFlight: true, states: 2, tritonMXFP4: true},
		"1.0":          {logitBytes: masked, countsGraphs: true, inFlight: true, states: 2, tritonMXFP4: true},
	} {
		if got := ReleaseOf(version); got != want {
			t.Errorf("%s: %+v, want %+v", version, got, want)
		}
	}
	if e := engineFor(h100s(t), false, nil); e.rules != ReleaseOf(ImageVLLM) {
		t.Errorf("an estimate has the rules %+v", e.rules)
	}
}

// TestEncoder: a model that sees takes the memory of its encoder, as large as a batch or the largest image, unless the
// encoder is off.
func TestEncoder(t *testing.T) {
	for architecture, want := range map[string]vision{
		"Gemma3ForConditionalGeneration":        {patches: 16, largest: 256},
		"Gemma4UnifiedForConditionalGeneration": {patches: 9, largest: 280},
		"Mistral3ForConditionalGeneration":      {patches: 4, largest: 3025},
		"NemotronH_Nano_VL_V2":                  {patches: 4, largest: 3328},
		"Qwen3_5MoeForConditionalGeneration":    {patches: 4, largest: 16384},
		"SomethingElseForConditionalGeneration": {patches: 4, largest: 16384},
		"LlamaForCausalLM":                      {},
		"":                                      {},
	} {
		if got, ok := visionOf(architecture); got != want || ok != (want != vision{}) {
			t.Errorf("%s: %+v, %v", architecture, got, ok)
		}
	}
	p, _ := catalog(t).Lookup("qwen3.5-4b")
	at := func(flags map[string]string, tensor int) float64 {
		flags["max-num-seqs"] = "1"
		r := run{Preset: p, Settings: flags}
		return r.inference(h100s(t), Layout{Nodes: 1, Tensor: tensor, Pipeline: 1, Data: 1}).ActivationGiB
	}
	// 16384 tokens x 4 patches x 2 bytes x (1536 + 4 x 1152 + 2 x 4304), and the output, 2 x 16384 x 2560.
	want := 2 * 16384.0 * (4*(1536+4*1152+2*4304) + 2560) / GiB
	small := at(map[string]string{"max-num-batched-tokens": "2048"}, 1)
	if math.Abs(small-want) > 1e-9 || at(map[string]string{"max-num-batched-tokens": "32768"}, 1) < 1.9*small {
		t.Errorf("%.3f GiB, want %.3f", small, want)
	}
	if split := at(map[string]string{"max-num-batched-tokens": "2048"}, 4); split >= small {
		t.Errorf("%.3f GiB on each of four GPUs, %.3f on one", split, small)
	}
	off := at(map[string]string{"max-num-batched-tokens": "2048", "language-model-only": ""}, 1)
	if off > small/4 {
		t.Errorf("%.3f GiB without an encoder, %.3f with one", off, small)
	}
}

// TestHostileModel: figures that contradict each other give an estimate all the same.
func TestHostileModel(t *testing.T) {
	for name, m := range map[string]preset.Model{
		"no bytes":       {StateLayers: 3, StateBytesPerLayer: 1 << 30, Layers: 4, FullLayers: 1},
		"many states":    {WeightBytes: 1 << 30, StateLayers: 1 << 30, StateBytesPerLayer: 1 << 30, Layers: 1 << 30},
		"windows only":   {WeightBytes: 1 << 30, WindowLayers: 4, Layers: 4, SlidingWindow: 1 << 30, KVHeads: 1, HeadDim: 1},
		"all compressed": {WeightBytes: 1 << 30, HCALayers: 1 << 30, Layers: 1 << 30, SlidingWindow: 1 << 30},
		"wide heads": {
			WeightBytes: 1 << 30, Layers: 2, FullLayers: 1, WindowLayers: 1, SlidingWindow: 8, KVHeads: 1, HeadDim: 1,
			FullKVHeads: 1 << 30, FullHeadDim: 1 << 30,
		},
	} {
		flags := map[string]string{"max-num-batched-tokens": "9223372036854775807", "max-num-seqs": "9223372036854775807"}
		for _, settings := range []map[string]string{nil, flags} {
			r := run{Preset: preset.Preset{Model: m}, Settings: settings, Context: 1 << 30}
			got := r.inference(h100s(t), Layout{Nodes: 2, Tensor: 8, Pipeline: 2, Data: 1})
			for _, n := range []float64{got.RequiredGiB, got.KVCacheGiB, got.ActivationGiB, got.WeightsGiB} {
				if math.IsNaN(n) || math.IsInf(n, 0) || n < 0 {
					t.Errorf("%s: %+v", name, got)
					break
				}
			}
		}
	}
}
