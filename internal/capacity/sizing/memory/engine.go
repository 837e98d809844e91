// SPDX-License-Identifier: Apache-2.0

package memory

import (
	"fmt"
	"strconv"
	"strings"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/imagespec"
	"syncer.dev/syncer/internal/preset"
)

// Engine holds the settings of vLLM on one kind of GPU that determine its memory.
type Engine struct {
	batchedTokens int     // --max-num-batched-tokens: tokens computed in one step
	seqs          int     // --max-num-seqs: sequences in one step
	utilization   float64 // --gpu-memory-utilization: the part of the GPU's memory that vLLM takes
	cacheShare    float64 // bytes of the cache, relative to 16 bit
	eager         bool    // --enforce-eager: no CUDA graphs
	hybridOff     bool    // layers with a sliding window keep the whole context
	textOnly      bool    // --language-model-only: no encoder
	wide          bool    // --dtype float32: values of 32 bit instead of 16
	rules         Release // of the version of vLLM
	triton        bool    // the GPU computes MXFP4 with Triton's kernels
}

// --gpu-memory-utilization as KAITO v0.12 renders it: 0.84, and 0.82 on an A10.
const (
	utilization    = 0.84
	utilizationA10 = 0.82
)

// vLLM's defaults for its API server depend on the GPU: EngineArgs.get_batch_defaults gives GPUs of 70 GiB and more,
// except the A100, the large batch.
const (
	largeGPUGiB = 70

	largeBatch, largeSeqs = 8192, 1024
	smallBatch, smallSeqs = 2048, 256
)

// A cache in fp8 takes half the bytes. The latent cache of MLA keeps the position part in 16 bit and a scale for each
// tile: 656 bytes instead of 1152 (vLLM's fp8_ds_mla).
const (
	cacheFP8    = 0.5
	cacheFP8MLA = 656.0 / 1152.0
)

// Settings are command-line flags of vLLM without dashes in front.
type Settings map[string]string

// poolingFlags are the flags of vLLM that it selects by itself for a model that turns text into numbers: an encoder
// computes each text in one step, so that a step holds at least as many tokens as the longest text
// (EngineArgs._set_default_max_num_seqs_and_batched_tokens_args, without chunked prefill).
func poolingFlags(p preset.Preset) map[string]string {
	longest := p.Model.ContextLength
	if !p.Pooling() || !p.Model.Encoder() || longest <= smallBatch {
		return nil
	}
	return map[string]string{"max-num-batched-tokens": fmt.Sprint(longest)}
}

// Flags returns the flags of vLLM for a preset: those that vLLM selects by itself, overridden by those of the preset
// and by own, the flags of the Workspace.
func Flags(p preset.Preset, own map[string]string) Settings {
	return SettingsOf(poolingFlags(p), p.RunParameters[preset.VLLM], own)
}

// SettingsOf merges flags; the last source wins. It knows every spelling of a flag that vLLM takes.
func SettingsOf(all ...map[string]string) Settings {
	out := Settings{}
	for _, flags := range all {
		for name, value := range flags {
			out[imagespec.Key(name)] = strings.TrimSpace(value)
		}
	}
	return out
}

// maxSetting bounds numbers in flags, so that sums of them do not overflow.
const maxSetting = 1 << 30

// Positive returns the value of a flag that takes a whole number above zero, at most 2^30; ok is false if the flag
// is not set, or has another value.
func (s Settings) Positive(name string) (n int, ok bool) {
	value, ok := imagespec.ParseSize(s[name])
	return int(min(value, maxSetting)), ok && value > 0
}

// flag reports whether a boolean flag is set: without a value, or with one other than false and 0.
func (s Settings) flag(name string) bool {
	v, ok := s[name]
	return ok && !strings.EqualFold(v, "false") && v != "0"
}

// Mode is what determines the memory of vLLM beside its flags. The zero value is vLLM of the base image, which computes
// in 16 bit.
type Mode struct {
	WholeCache bool     // layers with a sliding window keep the whole sequence
	Wide       bool     // values of 32 bit instead of 16
	Rules      *Release // of another version of vLLM than that of the base image
}

// EngineOn returns the settings of vLLM for a model on a size: its defaults for the GPU, overridden by flags. It
// ignores invalid values, which vLLM refuses at its start.
func EngineOn(s capacity.SKU, f *Facts, flags Settings, mode Mode) Engine {
	e := engineFor(s, f.mla, flags)
	e.hybridOff = e.hybridOff || mode.WholeCache
	if e.wide = mode.Wide; e.wide && e.cacheShare == 1 {
		e.cacheShare = 2
	}
	if mode.Rules != nil {
		e.rules = *mode.Rules
	}
	e.triton = e.rules.tritonMXFP4 && s.ComputeCapability >= hopper && s.ComputeCapability < blackwell
	return e
}

// engineFor returns what the flags and the GPU say, by the rules of the base image.
func engineFor(s capacity.SKU, mla bool, f Settings) Engine {
	e := Engine{batchedTokens: smallBatch, seqs: smallSeqs, utilization: utilization, cacheShare: 1, rules: image}
	if s.GPUUsableGiB >= largeGPUGiB && !strings.Contains(strings.ToUpper(s.GPUModel), "A100") {
		e.batchedTokens, e.seqs = largeBatch, largeSeqs
	}
	if s.GPUModel == "NVIDIA A10" {
		e.utilization = utilizationA10
	}
	if f["performance-mode"] == "throughput" { // the batch that the mode doubles is the default one
		e.batchedTokens, e.seqs = 2*e.batchedTokens, 2*e.seqs
	}
	if n, ok := f.Positive("max-num-batched-tokens"); ok {
		e.batchedTokens = n
	}
	if n, ok := f.Positive("max-num-seqs"); ok {
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
	e.hybridOff = f.flag("disable-hybrid-kv-cache-manager")
	e.textOnly = f.flag("language-model-only")
	e.seqs = min(e.seqs, e.batchedTokens) // as vLLM does: a sequence brings at least one token
	return e
}
