package capacity

import (
	"math"
	"math/rand/v2"
	"strconv"
	"testing"

	"syncer.dev/syncer/internal/preset"
)

// anyModel makes up a model, with facts missing as they are in presets that people write.
func anyModel(r *rand.Rand) preset.Model {
	pick := func(values ...int) int { return values[r.IntN(len(values))] }
	m := preset.Model{
		WeightBytes: int64(r.IntN(800)+1) << 30, HiddenSize: pick(0, 2048, 4096, 7168), Layers: pick(0, 1, 28, 61, 80), Heads: pick(0, 12, 40, 64, 71),
		KVHeads: pick(0, 1, 8, 10), HeadDim: pick(0, 64, 128), KVBytesPerToken: int64(pick(0, 8192, 327680)), VocabSize: pick(0, 32000, 262144),
		IntermediateSize: pick(0, 8192, 18432), Experts: pick(0, 0, 128), ContextLength: pick(0, 2048, 131072), Parameters: int64(pick(0, 7e9, 70e9)),
		KVLatent: pick(0, 0, 576), FullLayers: pick(0, 0, 8), WindowLayers: pick(0, 0, 20), SlidingWindow: pick(0, 128, 4096),
		Distributed: r.IntN(4) > 0, TensorParallel: r.IntN(4) > 0,
	}
	m.Quantization = []string{"", "fp8", "mxfp4", "awq"}[r.IntN(4)]
	return m
}

// TestAnyModel: whatever is said of a model, the estimate is a number that grows with what is asked of it, and every way to spread
// it is one that vLLM accepts.
func TestAnyModel(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 2))
	for range 3000 {
		m := anyModel(r)
		s := skus[usable[r.IntN(len(usable))]]
		nodes := r.IntN(4) + 1
		for _, l := range layouts(m, s, s.GPUs, nodes) {
			if l.nodes != nodes || l.tensor*l.pipeline*l.data != nodes*s.GPUs || m.Heads%l.tensor != 0 || l.data > 1 && l.nodes > 1 {
				t.Fatalf("%+v on %d x %s: %+v", m, nodes, s.Name, l)
			}
			if l.tensor > 1 && !m.TensorParallel || l.pipeline > 1 && !m.Distributed || m.Layers > 0 && l.pipeline > m.Layers {
				t.Fatalf("%+v: %+v", m, l)
			}
			need := func(context, seqs int) Memory {
				q := Request{Preset: preset.Preset{Model: m}, Context: context, Settings: map[string]string{"max-num-seqs": strconv.Itoa(seqs)}}
				return q.inference(s, l)
			}
			a, longer, more := need(4096, 64), need(65536, 64), need(4096, 512)
			for _, v := range []float64{a.WeightsGiB, a.KVCacheGiB, a.ActivationGiB, a.MarginGiB, a.RequiredGiB} {
				if math.IsNaN(v) || math.IsInf(v, 0) || v <= 0 {
					t.Fatalf("%+v, %+v: %+v", m, l, a)
				}
			}
			if longer.RequiredGiB < a.RequiredGiB || more.RequiredGiB < a.RequiredGiB || a.ExpectedGiB > a.RequiredGiB {
				t.Fatalf("%+v, %+v: %.2f GiB, for longer sequences %.2f, for more %.2f", m, l, a.RequiredGiB, longer.RequiredGiB, more.RequiredGiB)
			}
			if float64(l.tensor*l.pipeline)*a.WeightsGiB < float64(m.WeightBytes)/gib*0.999 {
				t.Fatalf("%+v, %+v: %.2f GiB of weights on each GPU are not all of them", m, l, a.WeightsGiB)
			}
		}
		tune := Request{Preset: preset.Preset{Model: m, Tuning: &preset.Tuning{GPUMemoryGiB: 16}}, Tuning: true, Method: preset.QLoRA}
		if g := tune.tuning(s).RequiredGiB; math.IsNaN(g) || math.IsInf(g, 0) || g <= 0 {
			t.Fatalf("%+v: tuning takes %v GiB", m, g)
		}
	}
}
