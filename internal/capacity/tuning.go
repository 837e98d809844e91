package capacity

import (
	"fmt"

	"syncer.dev/syncer/internal/preset"
)

// Fine-tuning, as KAITO's tuning image does it: a full copy of the model on each GPU, AdamW, and an adapter that alone is trained.
// On each GPU there are
//
//	base model    its parameters at their precision. NF4 with double quantization takes 4.127 bits a parameter (QLoRA paper);
//	              embedding and head are not quantized, and peft's prepare_model_for_kbit_training turns them into 32 bit. The
//	              largest matrix is unpacked into 16 bit when its turn comes
//	adapter       16 bytes for each of rank x (inputs + outputs) of the adapted projections: weight, gradient and the two moments
//	              of AdamW, all in 32 bit, as peft casts adapters up
//	activations   of a layer about 11 + 4 + 2 bytes for each token and hidden value (attention, norms, input of the feed-forward
//	              layer) and 8 for each token and value of the feed-forward layer, after Korthikanti et al. (Reducing Activation
//	              Recomputation), whose term in the square of the sequence is gone with torch's fused attention; and a copy in 32
//	              bit of the input of each adapted projection. All layers keep them; with checkpointing every layer keeps its
//	              input, and one layer at a time has the rest
//	logits        sequence x batch x vocabulary x (2 + 4 + 4) bytes: in 16 bit, in 32 bit for the loss, and their gradient
//	context       of CUDA
//
// None of this is calibrated by measurements, so that the margin is larger than that of inference.
const (
	nf4Bytes            = 4.127 / 8
	adapterBytes        = 16
	logitBytes          = 2 + 4 + 4
	cudaContextGiB      = 0.5
	bytesPerHidden      = 11 + 4 + 2
	bytesPerFeedForward = 8
	tuningMargin        = 0.10 // of everything that is not the base model
)

// tuning estimates one GPU that tunes.
func (r *Request) tuning(s SKU) Memory {
	m := Memory{GPUGiB: s.GPUUsableGiB, UsableGiB: s.GPUUsableGiB, Utilization: 1}
	model := r.Preset.Model
	if loadedBytes(model) == 0 || model.Layers == 0 || model.HiddenSize == 0 {
		return r.statedTuning(s, m)
	}
	f, t := r.modelFacts(), trainingOf(r.Training, *r.Preset.Tuning, r.Method)
	tokens, hidden, width, vocabulary := float64(t.batch*t.sequence), float64(f.hidden), float64(f.intermediate), float64(f.vocabulary)

	m.WeightsGiB = baseModel(f, t) / gib
	m.AdaptersGiB = adapterBytes * float64(t.rank) * adapterWidth(model, f, t.modules) / gib
	wide := 1.0
	if t.bits == 4 || t.bits == 8 || t.bits == 32 {
		wide = 2 // hidden states follow the embedding into 32 bit
	}
	layer := tokens * (wide*bytesPerHidden*hidden + bytesPerFeedForward*width + 4*adaptedInputs(model, f, t.modules))
	if t.checkpointing {
		m.ActivationGiB = (2*wide*tokens*hidden*float64(f.layers) + layer) / gib
	} else {
		m.ActivationGiB = layer * float64(f.layers) / gib
	}
	m.LogitsGiB = tokens * vocabulary * logitBytes / gib
	m.FixedGiB = cudaContextGiB
	besides := m.AdaptersGiB + m.ActivationGiB + m.LogitsGiB + m.FixedGiB
	m.MarginGiB = fragmentation*m.WeightsGiB + (fragmentation+tuningMargin)*besides
	m.Context, m.Sequences, m.BatchTokens = t.sequence, t.batch, t.batch*t.sequence
	return m.sum()
}

// statedTuning falls back on KAITO's figure, which is a nominal one for nominal memory.
func (r *Request) statedTuning(s SKU, m Memory) Memory {
	t := r.Preset.Tuning
	need := t.GPUMemoryGiB
	if g, ok := t.MethodGiB[r.Method]; ok {
		need = g
	}
	if perGPU := float64(t.TotalMemoryGiB) / float64(max(s.GPUs, 1)); perGPU > float64(need) {
		need = int(perGPU + 0.5)
	}
	m.Stated, m.ExpectedGiB, m.RequiredGiB, m.UsableGiB = true, float64(need), float64(need), float64(s.GPUMemoryGiB)
	return m
}

// baseModel returns the bytes of the frozen model.
func baseModel(f *facts, t training) float64 {
	tables := min(2*float64(f.vocabulary)*float64(f.hidden), f.parameters/2) // embedding and head
	matrices := f.parameters - tables
	unpacked := 2 * float64(f.hidden) * float64(f.intermediate)
	switch t.bits {
	case 4:
		return nf4Bytes*matrices + 4*tables + unpacked
	case 8:
		return matrices + 4*tables + unpacked
	case 32:
		return 4 * f.parameters
	}
	return f.bytes
}

// adapterWidth returns the sum of inputs and outputs over the adapted projections of all layers. Projections of experts are counted
// as those of one layer: peft adapts only what is a layer of its own.
func adapterWidth(m preset.Model, f *facts, t modules) float64 {
	h, q, kv, width := float64(f.hidden), queries(m, f), keys(m, f), float64(f.intermediate)
	sum := 0.0
	for _, p := range []struct {
		adapted bool
		width   float64
	}{{t.query, h + q}, {t.key, h + kv}, {t.value, h + kv}, {t.output, q + h}, {t.gate, h + width}, {t.up, h + width}, {t.down, width + h}} {
		if p.adapted {
			sum += p.width
		}
	}
	return sum * float64(f.layers)
}

// adaptedInputs returns the sum of the inputs of the adapted projections of one layer.
func adaptedInputs(m preset.Model, f *facts, t modules) float64 {
	sum := 0.0
	for _, adapted := range []bool{t.query, t.key, t.value, t.gate, t.up} {
		if adapted {
			sum += float64(f.hidden)
		}
	}
	if t.output {
		sum += queries(m, f)
	}
	if t.down {
		sum += float64(f.intermediate)
	}
	return sum
}

// queries is the width of all query heads together, keys that of all key heads.
func queries(m preset.Model, f *facts) float64 {
	if m.Heads > 0 && m.HeadDim > 0 {
		return float64(m.Heads * m.HeadDim)
	}
	return float64(f.hidden)
}

func keys(m preset.Model, f *facts) float64 {
	if m.KVHeads > 0 && m.HeadDim > 0 {
		return float64(m.KVHeads * m.HeadDim)
	}
	return float64(f.hidden)
}

// tune returns one node of the size, taking so many of its GPUs, each with a copy of the model. Where that does not fit it says
// why not.
func (r *Request) tune(s SKU, gpus int) (Option, func() string) {
	m := r.tuning(s)
	if m.fits() {
		return Option{SKU: s, Nodes: 1, GPUsPerNode: gpus, GPUs: gpus, Memory: m, TensorParallel: 1, PipelineParallel: 1, DataParallel: gpus}, nil
	}
	return Option{}, func() string {
		if m.Stated {
			return fmt.Sprintf("tuning %s needs a GPU with %.0f GiB; %s has %d x %d GiB", r.Preset.Name, m.RequiredGiB, s.Name, s.GPUs, s.GPUMemoryGiB)
		}
		return fmt.Sprintf("tuning %s with a batch of %d x %d tokens needs %.1f GiB on a GPU; %s has %d x %.1f GiB",
			r.Preset.Name, m.Sequences, m.Context, m.RequiredGiB, s.Name, s.GPUs, m.UsableGiB)
	}
}
