// SPDX-License-Identifier: Apache-2.0

package memory

import (
	"encoding/json"
	"os"
	"slices"
	"strconv"
	"testing"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/preset"
	"syncer.dev/syncer/presets"
)

// start is one measured start of vLLM, as testdata/starts.json has it: what it took of one GPU, in GiB. vLLM states the
// memory of the weights and what is left for the cache; all else it took is the usable memory less both. The starts of
// the llm-d project state their activations, the memory outside of PyTorch and the CUDA graphs instead, below zero
// where the allocator gave memory back meanwhile.
type start struct {
	ID, Model, Preset, VLLM, GPU string
	ComputeCapability            float64
	GPUTotalGiB                  float64
	GPUMemoryUtilization         float64
	TensorParallel               int
	MaxModelLen                  int
	MaxNumBatchedTokens          int
	MaxNumSeqs                   int
	Eager                        bool
	KVCacheDtype                 string
	WeightBytes                  int64  // of other weights than those of the preset
	Sampler                      string // "masked" where the version does not say it; see Why
	Shape                        *struct {
		Architecture, Quantization                                                        string
		WeightBytes                                                                       int64
		HiddenSize, Layers, Heads, KVHeads, HeadDim, IntermediateSize, VocabSize, Experts int
	}
	WeightsGiB                   float64
	KVCacheGiB                   float64
	KVCacheTokens                int
	MaxConcurrency               float64
	KVGiBPerRequestOfMaxModelLen float64
	ActivationsGiB               float64
	OutsideGiB                   float64
	GraphsGiB                    float64
	Assumed                      []string // what the source does not state
	Note, Date, Source           string
	// Use says what the start is for: "fit" (the figure of the sorting sampler is fitted to it), "held out" (compared
	// only), "floor" (the floor of the layers is fitted to it), "cache only" and "weights only". Why says why it
	// is not compared in full, or what is assumed for it.
	Use, Why string
}

// starts reads the measured starts.
func starts(t *testing.T) []start {
	t.Helper()
	data, err := os.ReadFile("testdata/starts.json")
	if err != nil {
		t.Fatal(err)
	}
	var all []start
	if err := json.Unmarshal(data, &all); err != nil {
		t.Fatal(err)
	}
	return all
}

// catalog is the built-in one.
func catalog(t *testing.T) *preset.Catalog {
	t.Helper()
	c, err := preset.Load(presets.FS)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// model returns the model of the start.
func (s start) model(t *testing.T, c *preset.Catalog) preset.Preset {
	t.Helper()
	if s.Shape == nil {
		p, ok := c.Lookup(s.Preset)
		if !ok {
			t.Fatalf("%s: no preset %s", s.ID, s.Preset)
		}
		if s.WeightBytes > 0 {
			p.Model.WeightBytes, p.Model.LoadBytes = s.WeightBytes, 0
		}
		return p
	}
	return preset.Preset{Name: s.Model, Model: preset.Model{
		Architecture:     s.Shape.Architecture,
		Quantization:     s.Shape.Quantization,
		WeightBytes:      s.Shape.WeightBytes,
		HiddenSize:       s.Shape.HiddenSize,
		Layers:           s.Shape.Layers,
		Heads:            s.Shape.Heads,
		KVHeads:          s.Shape.KVHeads,
		HeadDim:          s.Shape.HeadDim,
		IntermediateSize: s.Shape.IntermediateSize,
		VocabSize:        s.Shape.VocabSize,
		Experts:          s.Shape.Experts,
		TensorParallel:   true,
	}}
}

// matched reports whether the start ran by the rules of the image, on a GPU that the image supports.
func (s start) matched() bool { return s.VLLM != "" && !before(s.VLLM, 0, 21) && s.Sampler == "" }

// estimate returns the estimate for the start, by the rules of its version.
func (s start) estimate(t *testing.T, p preset.Preset) capacity.Memory {
	t.Helper()
	rules := ReleaseOf(s.VLLM)
	if s.VLLM == "" { // unknown, and too young to sort
		rules = image
	}
	if s.Sampler == "masked" {
		rules.logitBytes = masked
	}
	settings := map[string]string{
		"max-num-batched-tokens": strconv.Itoa(s.MaxNumBatchedTokens),
		"kv-cache-dtype":         s.KVCacheDtype,
	}
	if s.MaxNumSeqs > 0 {
		settings["max-num-seqs"] = strconv.Itoa(s.MaxNumSeqs)
	}
	if s.GPUMemoryUtilization > 0 {
		settings["gpu-memory-utilization"] = strconv.FormatFloat(s.GPUMemoryUtilization, 'f', -1, 64)
	}
	if s.Eager {
		settings["enforce-eager"] = ""
	}
	r := run{Preset: p, Context: s.MaxModelLen, Settings: settings, Rules: &rules}
	sku := capacity.SKU{GPUModel: s.GPU, GPUUsableGiB: s.GPUTotalGiB, ComputeCapability: s.ComputeCapability}
	return r.inference(sku, Layout{Nodes: 1, Tensor: s.TensorParallel, Pipeline: 1, Data: 1})
}

// rest is what the start took beside weights and cache.
func (s start) rest() float64 {
	if s.ActivationsGiB > 0 {
		return s.ActivationsGiB + s.OutsideGiB
	}
	return s.GPUTotalGiB*s.GPUMemoryUtilization - s.WeightsGiB - s.KVCacheGiB
}

// compared reports whether the start says all that the comparison needs.
func (s start) compared() bool { return slices.Contains([]string{"fit", "floor", "held out"}, s.Use) }

// run is a model with the settings with which a test serves it.
type run struct {
	Preset            preset.Preset
	Context, Adapters int
	Settings          map[string]string
	WholeCache        bool
	Rules             *Release
}

// inference returns the memory of one GPU of the size in a layout.
func (r run) inference(s capacity.SKU, l Layout) capacity.Memory {
	f := ServedFacts(r.Preset)
	return Server{
		GPU:      s,
		Facts:    &f,
		Engine:   EngineOn(s, &f, Flags(r.Preset, r.Settings), Mode{WholeCache: r.WholeCache, Rules: r.Rules}),
		Context:  Context(r.Preset.Model, r.Context),
		Adapters: r.Adapters,
	}.On(l)
}
