// SPDX-License-Identifier: Apache-2.0

package sizing

import (
	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/sizing/memory"
)

// KAITO's tuning image keeps a full copy of the model on each GPU and trains an adapter with AdamW. The memory of a GPU
// holds
//
//	base model    Its parameters at their precision. NF4 with double quantization takes 4.127 bits a parameter
//	              (QLoRA paper). Embedding and head stay unquantized: peft's prepare_model_for_kbit_training
//	              converts them to 32 bit. The kernels unpack one matrix at a time to 16 bit; the largest counts.
//	adapter       16 bytes for each of rank x (inputs + outputs) of the adapted projections: weight, gradient and the
//	              two moments of AdamW, all in 32 bit, because peft casts adapters up.
//	activations   Per layer about 11 + 4 + 2 bytes for each token and hidden value (attention, norms, input of the
//	              feed-forward layer) and 8 for each token and value of the feed-forward layer, after Korthikanti et
//	              al., "Reducing Activation Recomputation"; torch's fused attention removes their term in the square
//	              of the sequence. Each adapted projection adds a 32-bit copy of its input. All layers keep these;
//	              with checkpointing each layer keeps only its input, and one layer at a time holds the rest.
//	logits        sequence x batch x vocabulary x (2 + 4 + 4) bytes: in 16 bit, in 32 bit for the loss, and their
//	              gradient.
//	context       CUDA's own.
//
// No measurement calibrates these terms, so the margin is larger than for inference.
const (
	nf4Bytes            = 4.127 / 8
	adapterBytes        = 16
	logitBytes          = 2 + 4 + 4
	cudaContextGiB      = 0.5
	bytesPerHidden      = 11 + 4 + 2
	bytesPerFeedForward = 8
	tuningMargin        = 0.10 // of everything that is not the base model
)

// tuning estimates the memory of one GPU that tunes the model.
func (r *Request) tuning(s capacity.SKU) capacity.Memory {
	m := capacity.Memory{GPUGiB: s.GPUUsableGiB, UsableGiB: s.GPUUsableGiB, Utilization: 1}
	model := r.Preset.Model
	if model.Loaded() == 0 || model.Layers == 0 || model.HiddenSize == 0 {
		return r.statedTuning(s, m)
	}
	f, t := r.modelFacts(), trainingOf(r.Training, *r.Preset.Tuning, r.Method)
	tokens, vocabulary := float64(t.batch)*float64(t.sequence), float64(f.Vocabulary)
	hidden, width := float64(f.Hidden), float64(f.Intermediate)

	m.WeightsGiB = baseModel(f, t) / memory.GiB
	m.AdaptersGiB = adapterBytes * float64(t.rank) * f.AdapterWidth(t.modules) / memory.GiB
	wide := 1.0
	if t.bits == 4 || t.bits == 8 || t.bits == 32 {
		wide = 2 // hidden states follow the embedding into 32 bit
	}
	layer := tokens * (wide*bytesPerHidden*hidden + bytesPerFeedForward*width + 4*f.AdapterInputs(t.modules))
	if t.checkpointing {
		m.ActivationGiB = (2*wide*tokens*hidden*float64(f.Layers) + layer) / memory.GiB
	} else {
		m.ActivationGiB = layer * float64(f.Layers) / memory.GiB
	}
	m.LogitsGiB = tokens * vocabulary * logitBytes / memory.GiB
	m.FixedGiB = cudaContextGiB
	variable := m.AdaptersGiB + m.ActivationGiB + m.LogitsGiB + m.FixedGiB
	m.MarginGiB = memory.Fragmentation*m.WeightsGiB + (memory.Fragmentation+tuningMargin)*variable
	m.Context, m.Sequences, m.BatchTokens = t.sequence, t.batch, t.batch*t.sequence
	return m.Sum()
}

// statedTuning returns the figure that KAITO states in the preset, where the preset lacks facts for an estimate. KAITO
// compares it with the nominal memory of a GPU.
func (r *Request) statedTuning(s capacity.SKU, m capacity.Memory) capacity.Memory {
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
func baseModel(f *memory.Facts, t training) float64 {
	tables := min(2*float64(f.Vocabulary)*float64(f.Hidden), f.Parameters/2) // embedding and head
	matrices := f.Parameters - tables
	unpacked := 2 * float64(f.Hidden) * float64(f.Intermediate)
	switch t.bits {
	case 4:
		return nf4Bytes*matrices + 4*tables + unpacked
	case 8:
		return matrices + 4*tables + unpacked
	case 32:
		return 4 * f.Parameters
	}
	return f.Bytes
}

// tune returns one node of the size with a copy of the model on each of the given number of GPUs, or a rejection if the
// model does not fit on one GPU.
func (r *Request) tune(s capacity.SKU, gpus int) (capacity.Option, *rejection) {
	m := r.tuning(s)
	if m.Fits() {
		return capacity.Option{
			SKU:              s,
			Nodes:            1,
			GPUsPerNode:      gpus,
			GPUs:             gpus,
			Memory:           m,
			TensorParallel:   1,
			PipelineParallel: 1,
			DataParallel:     gpus,
		}, nil
	}
	why := causeTuning
	if m.Stated {
		why = causeStatedTuning
	}
	return capacity.Option{}, &rejection{
		cause:  why,
		preset: r.Preset.Name,
		size:   s.Name,
		gpus:   s.GPUs,
		gpuGiB: s.GPUMemoryGiB,
		batch:  m.Sequences,
		tokens: m.Context,
		need:   m.RequiredGiB,
		usable: m.UsableGiB,
	}
}
