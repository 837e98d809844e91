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

// settings are command-line flags of vLLM without dashes in front, as presets and the ConfigMap of inference.config give them.
type settings map[string]string

// get reads a flag, which people also write with underscores.
func (s settings) get(name string) (string, bool) {
	if v, ok := s[name]; ok {
		return strings.TrimSpace(v), true
	}
	v, ok := s[strings.ReplaceAll(name, "-", "_")]
	return strings.TrimSpace(v), ok
}

func (s settings) positive(name string) (int, bool) {
	v, _ := s.get(name)
	n, err := strconv.Atoi(v)
	return n, err == nil && n > 0
}

// flag reports whether a flag without a value, or with a true one, is given.
func (s settings) flag(name string) bool {
	v, ok := s.get(name)
	return ok && !strings.EqualFold(v, "false") && v != "0"
}

// engineFor returns how vLLM runs on the size: its own defaults, then what the flags say. A value that makes no sense is vLLM's to
// refuse, and passed over here.
func engineFor(s SKU, mla bool, flags ...settings) engine {
	e := engine{batchedTokens: smallBatch, seqs: smallSeqs, utilization: utilization, cacheShare: 1}
	if s.GPUUsableGiB >= largeGPUGiB && !strings.Contains(strings.ToUpper(s.GPUModel), "A100") {
		e.batchedTokens, e.seqs = largeBatch, largeSeqs
	}
	if s.GPUModel == "NVIDIA A10" {
		e.utilization = utilizationA10
	}
	for _, f := range flags { // the batch that the mode doubles is the default one
		if mode, _ := f.get("performance-mode"); mode == "throughput" {
			e.batchedTokens, e.seqs = 2*e.batchedTokens, 2*e.seqs
		}
	}
	for _, f := range flags {
		if n, ok := f.positive("max-num-batched-tokens"); ok {
			e.batchedTokens = n
		}
		if n, ok := f.positive("max-num-seqs"); ok {
			e.seqs = n
		}
		if v, ok := f.get("gpu-memory-utilization"); ok {
			if u, err := strconv.ParseFloat(v, 64); err == nil && u > 0 && u <= 1 {
				e.utilization = u
			}
		}
		if v, ok := f.get("kv-cache-dtype"); ok {
			e.cacheShare = 1
			if strings.HasPrefix(v, "fp8") {
				e.cacheShare = cacheFP8
				if mla {
					e.cacheShare = cacheFP8MLA
				}
			}
		}
		e.eager = e.eager || f.flag("enforce-eager")
	}
	e.seqs = min(e.seqs, e.batchedTokens) // as vLLM does: a sequence brings at least one token
	return e
}
