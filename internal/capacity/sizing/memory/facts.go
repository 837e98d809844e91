// SPDX-License-Identifier: Apache-2.0

package memory

import (
	"math"
	"slices"
	"strings"

	"syncer.dev/syncer/internal/preset"
)

// Facts holds the figures of a model that the estimate uses. Where the preset lacks one, FactsOf fills in a
// conservative value for a model of that size.
type Facts struct {
	Bytes        float64 // of the weights in their files
	Parameters   float64 // how many weights the model has
	Layers       int     // of any kind
	Hidden       int     // width of the state between two layers, in values
	Intermediate int     // width of a feed-forward layer, in values
	Vocabulary   int     // words, each with a row in the embedding and in the head

	heads         int // 0 if unknown
	kvHeads       int // 0 if unknown
	mla           bool
	experts       bool
	expertWidth   float64 // of the feed-forward layer of one expert
	sees          bool    // it has an encoder for images
	vision        vision
	headDim       int
	cachePerLayer float64 // bytes of one token in one layer whose cache grows, at 16 bit
	fullPerLayer  float64 // the same for layers that see the whole sequence
	fullKVHeads   int     // of those layers; 0 if unknown
	full, window  int     // layers whose cache grows with the sequence, and only up to slidingWindow
	slidingWindow int
	padding       int     // layers that vLLM is known to add to the cache
	states        int     // layers that keep a state of fixed size
	stateBytes    float64 // of one such layer and sequence
	csa, hca      int     // layers of compressed sparse attention, by their ratio
	indexer       float64 // bytes of one token that the indexers of all layers keep
	quantized     bool
	mxfp4         bool
	measured      float64 // bytes of the loaded weights, as measured; for MXFP4 with Triton's kernels; 0 if unknown
	marlin        float64 // the same with Marlin's kernels
}

// Assumptions for facts that a preset lacks. The vocabulary is the largest of the catalogue (Gemma's 262144); a layer
// has about 12 parameters per square of the hidden size; four times that is the widest common feed-forward layer.
const (
	unknownLayers     = 32
	unknownVocabulary = 262144
	unknownWidening   = 4
	parametersOfLayer = 12
)

// What loading adds to the files. MXFP4 is packed for its kernels: those of Triton, which Hopper uses, take 61.29 GiB
// for the 60.77 of gpt-oss-120b, and those of Marlin, which all other GPUs use, 65.97. An encoder adds buffers: 0.21 to
// 0.74 GiB were measured on six models that see. Tables of positions and similar added up to 0.1 GiB to others, and up
// to half a percent.
const (
	tritonGrowth = 1.01
	marlinGrowth = 1.086
	encoderGiB   = 0.74
	tablesGiB    = 0.1
	tablesShare  = 0.005
)

// Hopper's compute capability; later GPUs have other kernels for MXFP4.
const (
	hopper    = 9.0
	blackwell = 10.0
)

// loadedOn returns the bytes of the weights on one GPU that holds the whole model.
func (f *Facts) loadedOn(e Engine) float64 {
	if e.wide && !f.quantized {
		return max(4*f.Parameters, f.Bytes)
	}
	switch {
	case f.mxfp4 && e.triton && f.measured > 0, !f.mxfp4 && f.measured > 0:
		return f.measured
	case f.mxfp4 && e.triton:
		return f.Bytes * tritonGrowth
	case f.mxfp4 && f.marlin > 0:
		return f.marlin
	case f.mxfp4:
		return f.Bytes * marlinGrowth
	case f.sees:
		return f.Bytes + encoderGiB*GiB
	}
	return f.Bytes + min(tablesGiB*GiB, tablesShare*f.Bytes)
}

// FactsOf returns the figures of a model, with assumptions for those that the preset lacks: see Facts.
func FactsOf(m preset.Model) Facts {
	f := Facts{
		Bytes:         float64(m.WeightBytes),
		measured:      float64(m.LoadBytes),
		marlin:        float64(m.MarlinBytes),
		quantized:     m.Quantization != "",
		mxfp4:         m.Quantization == "mxfp4",
		Parameters:    float64(m.Parameters),
		Layers:        m.Layers,
		Hidden:        m.HiddenSize,
		Intermediate:  m.IntermediateSize,
		Vocabulary:    m.VocabSize,
		heads:         m.Heads,
		kvHeads:       m.KVHeads,
		mla:           m.Attention == "mla" || m.KVLatent > 0,
		experts:       m.Experts > 0 || mixtureOfExperts(m.Architecture),
		expertWidth:   float64(m.MoEIntermediateSize),
		headDim:       m.HeadDim,
		full:          m.FullLayers,
		window:        m.WindowLayers,
		slidingWindow: m.SlidingWindow,
		padding:       m.CachePaddingLayers,
		states:        m.StateLayers,
		stateBytes:    float64(m.StateBytesPerLayer),
		csa:           m.CSALayers,
		hca:           m.HCALayers,
		indexer:       float64(m.IndexerBytes),
	}
	f.vision, f.sees = visionOf(m.Architecture)
	if f.Parameters == 0 {
		f.Parameters = f.Bytes / bytesPerParameter(m)
	}
	f.assumeShape(m)
	f.assumeCache(m)
	return f
}

// ServedFacts returns the figures of the model of a preset as vLLM serves it. A model that looks at a whole text at
// once keeps nothing of it.
func ServedFacts(p preset.Preset) Facts {
	f := FactsOf(p.Model)
	if p.Pooling() && p.Model.Encoder() {
		f.cachePerLayer, f.fullPerLayer = 0, 0
	}
	return f
}

// assumeShape fills in the sizes of the network that the preset lacks.
func (f *Facts) assumeShape(m preset.Model) {
	if f.Layers == 0 {
		f.Layers = unknownLayers
	}
	if f.Hidden == 0 && m.Heads > 0 && m.HeadDim > 0 {
		f.Hidden = m.Heads * m.HeadDim
	}
	if f.Hidden == 0 {
		f.Hidden = int(math.Sqrt(f.Parameters / float64(parametersOfLayer*f.Layers)))
	}
	if f.Intermediate == 0 { // a model with experts may have no other feed-forward layer
		f.Intermediate = m.MoEIntermediateSize
	}
	if f.Intermediate == 0 {
		f.Intermediate = unknownWidening * f.Hidden
	}
	if f.expertWidth == 0 {
		f.expertWidth = float64(f.Intermediate) / expertNarrower
	}
	if f.Vocabulary == 0 {
		f.Vocabulary = unknownVocabulary
	}
}

// assumeCache fills in what layers keep of a sequence.
func (f *Facts) assumeCache(m preset.Model) {
	if f.full == 0 && f.window == 0 {
		f.full = f.Layers
	}
	if f.slidingWindow == 0 { // a window without a width holds everything
		f.full, f.window = f.full+f.window, 0
	}
	if rest := f.Layers - f.full - f.window - m.KVSharedLayers; f.states == 0 && rest > 0 {
		f.states, f.stateBytes = rest, unknownState
	}
	f.cachePerLayer = cachePerLayer(m, f)
	f.fullPerLayer, f.fullKVHeads = f.cachePerLayer, f.kvHeads
	if m.FullKVHeads > 0 && m.FullHeadDim > 0 {
		f.fullPerLayer, f.fullKVHeads = 2*2*float64(m.FullKVHeads*m.FullHeadDim), m.FullKVHeads
	}
}

// bytesPerParameter returns the bytes of one stored weight.
func bytesPerParameter(m preset.Model) float64 {
	q := strings.ToLower(m.Quantization)
	switch {
	case strings.Contains(q, "4") || q == "awq" || q == "gptq" || q == "pack-quantized" || q == "mixed_precision":
		return 0.56 // 4 bit, and scales for groups of 128
	case q != "":
		return 1
	case m.DType == "float32":
		return 4
	}
	return 2
}

// mixtureOfExperts reports whether an architecture has experts, by its name, for presets that do not count them.
func mixtureOfExperts(architecture string) bool {
	a := strings.ToLower(architecture)
	return slices.ContainsFunc(
		[]string{"moe", "gptoss", "deepseekv", "mixtral", "kimi", "minimax", "llama4", "mistrallarge3", "nemotronh"},
		func(s string) bool {
			return strings.Contains(a, s)
		},
	)
}
