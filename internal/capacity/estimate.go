package capacity

import (
	"slices"
	"strings"

	"syncer.dev/syncer/internal/preset"
)

// The estimate of GPU memory for inference with vLLM. vLLM starts when, on every GPU,
//
//	usable x utilization >= weights / (TP x PP) + activation + fixed + KV cache of one sequence
//
// where usable is what CUDA reports. The peak of activations does not follow the weights but the number of tokens in a
// batch: on H100, with batches of 8192 tokens, activations, buffers outside PyTorch and CUDA graphs together took
//
//	Qwen3-0.6B 5.79 GiB, Llama-3.1-8B 4.44, Llama-3.3-70B-FP8 4.97 (TP 2), Qwen3-32B 4.90, gpt-oss-20b 7.90, gpt-oss-120b 8.54
//
// as published by the llm-d project. The constants cover all of them. vLLM batches 8192 tokens on GPUs of 70 GiB and more, and
// 2048 on smaller ones.
const (
	fixedGiB            = 0.6 // CUDA context, NCCL and other memory outside PyTorch
	activationGiB       = 5.4 // of a dense model, for batches of 8192 tokens
	activationMoEGiB    = 8.0 // of a mixture of experts
	largeGPUGiB         = 70
	smallBatch          = 2048.0 / 8192.0
	utilization         = 0.84 // --gpu-memory-utilization, as rendered
	utilizationA10      = 0.82
	gib                 = 1 << 30
	defaultContext      = 8192 // tokens that must fit when the user asks for no length; --max-model-len=auto takes what is left
	maxNodesPerWorkload = 16
)

// layout is how a model is spread over GPUs.
type layout struct{ nodes, tensor, pipeline, data int }

// spread chooses the layout that the rendered command line has: a model of less than half a GPU is replicated over the GPUs
// of one node, any other is split over all GPUs of a node, and nodes follow each other in a pipeline.
func spread(m preset.Model, s SKU, nodes int) (layout, bool) {
	gpu := float64(s.GPUMemoryGiB) * gib
	switch {
	case nodes == 1 && s.GPUs > 1 && float64(m.WeightBytes) < gpu/2:
		return layout{1, 1, 1, s.GPUs}, true
	case s.GPUs == 1 && nodes == 1:
		return layout{1, 1, 1, 1}, true
	case nodes > 1 && !m.Distributed, s.GPUs > 1 && !m.TensorParallel, m.Heads > 0 && m.Heads%s.GPUs != 0:
		return layout{}, false
	}
	return layout{nodes, s.GPUs, nodes, 1}, true
}

// memory estimates one GPU.
func memory(m preset.Model, s SKU, l layout, context int) Memory {
	util := utilization
	if s.GPUModel == "NVIDIA A10" {
		util = utilizationA10
	}
	activation := activationGiB
	if mixtureOfExperts(m.Architecture) {
		activation = activationMoEGiB
	}
	if s.GPUUsableGiB < largeGPUGiB {
		activation *= smallBatch
	}
	// Query heads split freely; a KV head is replicated once there are more GPUs than heads, and the latent cache of MLA is
	// replicated on every GPU.
	shards := l.tensor
	switch {
	case m.Attention == "mla":
		shards = 1
	case m.KVHeads > 0:
		shards = min(shards, m.KVHeads)
	}
	out := Memory{
		WeightsGiB:  float64(m.WeightBytes) / gib / float64(l.tensor*l.pipeline),
		KVCacheGiB:  float64(context) * float64(m.KVBytesPerToken) / gib / float64(shards*l.pipeline),
		OverheadGiB: fixedGiB + activation,
		UsableGiB:   s.GPUUsableGiB * util,
	}
	out.RequiredGiB = out.WeightsGiB + out.KVCacheGiB + out.OverheadGiB
	return out
}

// mixtureOfExperts tells by the name of the architecture.
func mixtureOfExperts(architecture string) bool {
	a := strings.ToLower(architecture)
	return slices.ContainsFunc([]string{"moe", "gptoss", "deepseekv", "mixtral", "kimi", "minimax", "llama4", "mistrallarge3", "nemotronh"}, func(s string) bool {
		return strings.Contains(a, s)
	})
}

// forInference returns the fewest nodes of the size that serve the model, or false.
func forInference(m preset.Model, s SKU, context int) (Option, bool) {
	for nodes := 1; nodes <= maxNodesPerWorkload; nodes++ {
		l, ok := spread(m, s, nodes)
		if !ok {
			continue
		}
		if mem := memory(m, s, l, context); mem.RequiredGiB <= mem.UsableGiB {
			return Option{
				SKU: s, Nodes: nodes, GPUsPerNode: s.GPUs, GPUs: nodes * s.GPUs, Memory: mem,
				TensorParallel: l.tensor, PipelineParallel: l.pipeline, DataParallel: l.data,
			}, true
		}
		if s.GPUs == 1 && !m.Distributed {
			break
		}
	}
	return Option{}, false
}

// forTuning reports whether one node of the size can tune the model. The figures are KAITO's: nominal memory of one GPU, and
// of all GPUs of the node.
func forTuning(t preset.Tuning, method preset.Method, s SKU) (Option, bool) {
	perGPU := t.GPUMemoryGiB
	if g, ok := t.MethodGiB[method]; ok {
		perGPU = g
	}
	total := max(t.TotalMemoryGiB, perGPU)
	mem := Memory{RequiredGiB: float64(perGPU), UsableGiB: float64(s.GPUMemoryGiB)}
	return Option{SKU: s, Nodes: 1, GPUsPerNode: s.GPUs, GPUs: s.GPUs, Memory: mem, TensorParallel: 1, PipelineParallel: 1, DataParallel: s.GPUs},
		s.GPUMemoryGiB >= perGPU && s.GPUMemoryGiB*s.GPUs >= total
}
