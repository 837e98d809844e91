package capacity

import (
	"strconv"
	"strings"
)

// engine is how vLLM runs on one kind of GPU, as far as its memory depends on it.
type engine struct {
	batchedTokens int     // --max-num-batched-tokens: tokens computed in one step
	seqs          int     // --max-num-seqs: sequences in one step
	utilization   float64 // --gpu-memory-utilization: the part of the GPU's memory that vLLM takes
	cacheShare    float64 // bytes of the cache, relative to 16 bit
	eager         bool    // --enforce-eager: no CUDA graphs
}

// The memory that vLLM may use is rendered as 0.84 of a GPU's, and 0.82 of an A10's, as KAITO v0.12 does.
const (
	utilization    = 0.84
	utilizationA10 = 0.82
)

// vLLM's defaults for its API server depend on the GPU: EngineArgs.get_batch_defaults gives GPUs of 70 GiB and more, except the
// A100, the large batch.
const (
	largeGPUGiB = 70

	largeBatch, largeSeqs = 8192, 1024
	smallBatch, smallSeqs = 2048, 256
)

// A cache in fp8 takes half the bytes. The latent cache of MLA keeps the position part in 16 bit and a scale for each tile: 656
// bytes instead of 1152 (vLLM's fp8_ds_mla).
const (
	cacheFP8    = 0.5
	cacheFP8MLA = 656.0 / 1152.0
)

// settings are command-line flags of vLLM without dashes in front.
type settings map[string]string

// settingsOf merges flags as presets and the ConfigMap of inference.config give them; the last one wins. People write underscores as
// well as dashes.
func settingsOf(all ...map[string]string) settings {
	out := settings{}
	for _, flags := range all {
		for name, value := range flags {
			out[strings.ReplaceAll(name, "_", "-")] = strings.TrimSpace(value)
		}
	}
	return out
}

func (s settings) positive(name string) (int, bool) {
	n, err := strconv.Atoi(s[name])
	return n, err == nil && n > 0
}

// flag reports whether a flag without a value, or with a true one, is given.
func (s settings) flag(name string) bool {
	v, ok := s[name]
	return ok && !strings.EqualFold(v, "false") && v != "0"
}

// engineFor returns how vLLM runs on the size: its own defaults, then what the flags say. A value that makes no sense is vLLM's to
// refuse, and passed over here.
func engineFor(s SKU, mla bool, f settings) engine {
	e := engine{batchedTokens: smallBatch, seqs: smallSeqs, utilization: utilization, cacheShare: 1}
	if s.GPUUsableGiB >= largeGPUGiB && !strings.Contains(strings.ToUpper(s.GPUModel), "A100") {
		e.batchedTokens, e.seqs = largeBatch, largeSeqs
	}
	if s.GPUModel == "NVIDIA A10" {
		e.utilization = utilizationA10
	}
	if f["performance-mode"] == "throughput" { // the batch that the mode doubles is the default one
		e.batchedTokens, e.seqs = 2*e.batchedTokens, 2*e.seqs
	}
	if n, ok := f.positive("max-num-batched-tokens"); ok {
		e.batchedTokens = n
	}
	if n, ok := f.positive("max-num-seqs"); ok {
		e.seqs = n
	}
	if u, err := strconv.ParseFloat(f["gpu-memory-utilization"], 64); err == nil && u > 0 && u <= 1 {
		e.utilization = u
	}
	if strings.HasPrefix(f["kv-cache-dtype"], "fp8") {
		e.cacheShare = cacheFP8
		if mla {
			e.cacheShare = cacheFP8MLA
		}
	}
	e.eager = f.flag("enforce-eager")
	e.seqs = min(e.seqs, e.batchedTokens) // as vLLM does: a sequence brings at least one token
	return e
}
