// SPDX-License-Identifier: Apache-2.0

package sizing

import (
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/sizing/memory"
	"syncer.dev/syncer/internal/preset"
)

// anyModel makes up a model, with facts missing as they are in presets that people write.
func anyModel(r *rand.Rand) preset.Model {
	pick := func(values ...int) int { return values[r.IntN(len(values))] }
	m := preset.Model{
		WeightBytes:      int64(r.IntN(800)+1) << 30,
		HiddenSize:       pick(0, 2048, 4096, 7168),
		Layers:           pick(0, 1, 28, 61, 80),
		Heads:            pick(0, 12, 40, 64, 71),
		KVHeads:          pick(0, 1, 8, 10),
		HeadDim:          pick(0, 64, 128),
		KVBytesPerToken:  int64(pick(0, 8192, 327680)),
		VocabSize:        pick(0, 32000, 262144),
		IntermediateSize: pick(0, 8192, 18432),
		Experts:          pick(0, 0, 128),
		ContextLength:    pick(0, 2048, 131072),
		Parameters:       int64(pick(0, 7e9, 70e9)),
		KVLatent:         pick(0, 0, 576),
		FullLayers:       pick(0, 0, 8),
		WindowLayers:     pick(0, 0, 20),
		SlidingWindow:    pick(0, 128, 4096),
		Distributed:      r.IntN(4) > 0,
		TensorParallel:   r.IntN(4) > 0,
	}
	m.Quantization = []string{"", "fp8", "mxfp4", "awq"}[r.IntN(4)]
	return m
}

// TestAnyModel checks random models: the estimate is a positive number that grows with the request, and vLLM accepts
// every layout.
func TestAnyModel(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 2))
	usable := slices.Collect(capacity.Usable())
	for range 3000 {
		m := anyModel(r)
		s := usable[r.IntN(len(usable))]
		nodes := r.IntN(4) + 1
		for _, l := range layouts(m, s, s.GPUs, nodes) {
			checkLayout(t, m, s, nodes, l)
			checkInference(t, m, s, l)
		}
		tune := Request{
			Preset: preset.Preset{Model: m, Tuning: &preset.Tuning{GPUMemoryGiB: 16}},
			Tuning: true,
			Method: preset.QLoRA,
		}
		if g := tune.tuning(s).RequiredGiB; math.IsNaN(g) || math.IsInf(g, 0) || g <= 0 {
			t.Fatalf("%+v: tuning takes %v GiB", m, g)
		}
	}
}

// checkLayout reports a layout that vLLM refuses, or one that does not use all GPUs.
func checkLayout(t *testing.T, m preset.Model, s capacity.SKU, nodes int, l memory.Layout) {
	t.Helper()
	for rule, broken := range map[string]bool{
		"another number of nodes":           l.Nodes != nodes,
		"not all GPUs":                      l.Tensor*l.Pipeline*l.Data != nodes*s.GPUs,
		"heads do not divide":               m.Heads%l.Tensor != 0,
		"copies on several nodes":           l.Data > 1 && l.Nodes > 1,
		"tensor parallel without support":   l.Tensor > 1 && !m.TensorParallel,
		"pipeline parallel without support": l.Pipeline > 1 && !m.Distributed,
		"more pipeline stages than layers":  m.Layers > 0 && l.Pipeline > m.Layers,
	} {
		if broken {
			t.Fatalf("%+v on %d x %s: %+v: %s", m, nodes, s.Name, l, rule)
		}
	}
}

// checkInference reports an estimate that is not a positive number, that shrinks as the request grows, or that omits
// weights.
func checkInference(t *testing.T, m preset.Model, s capacity.SKU, l memory.Layout) {
	t.Helper()
	need := func(context, seqs int) capacity.Memory {
		q := Request{
			Preset:   preset.Preset{Model: m},
			Context:  context,
			Settings: map[string]string{"max-num-seqs": strconv.Itoa(seqs)},
		}
		return q.inference(s, l)
	}
	a, longer, more := need(4096, 64), need(65536, 64), need(4096, 512)
	for _, v := range []float64{a.WeightsGiB, a.KVCacheGiB, a.ActivationGiB, a.MarginGiB, a.RequiredGiB} {
		if math.IsNaN(v) || math.IsInf(v, 0) || v <= 0 {
			t.Fatalf("%+v, %+v: %+v", m, l, a)
		}
	}
	if longer.RequiredGiB < a.RequiredGiB || more.RequiredGiB < a.RequiredGiB || a.ExpectedGiB > a.RequiredGiB {
		t.Fatalf("%+v, %+v: %.2f GiB, for longer sequences %.2f, for more %.2f",
			m, l, a.RequiredGiB, longer.RequiredGiB, more.RequiredGiB)
	}
	if float64(l.Tensor*l.Pipeline)*a.WeightsGiB < float64(m.WeightBytes)/memory.GiB*0.999 {
		t.Fatalf("%+v, %+v: the GPUs together hold less than the weights: %.2f GiB each", m, l, a.WeightsGiB)
	}
}
