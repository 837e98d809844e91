package capacity

import (
	"math"
	"slices"
	"strings"

	"syncer.dev/syncer/internal/preset"
)

// facts are the figures of a model that the estimate uses, each filled in, where the preset does not know it, with what is on
// the safe side for a model of its size.
type facts struct {
	bytes         float64 // of the weights as they are loaded
	parameters    float64
	layers        int
	hidden        int
	intermediate  int // width of a feed-forward layer
	vocabulary    int
	heads         int // 0 when not known
	kvHeads       int // 0 when not known
	mla           bool
	experts       bool
	vision        bool
	cachePerLayer float64 // bytes of one token in one layer whose cache grows, at 16 bit
	full, window  int     // layers whose cache grows with the sequence, and only up to slidingWindow
	slidingWindow int
	fixedState    int // layers that keep a state of fixed size
}

// What is assumed where a preset says nothing. The vocabulary is the largest of the catalogue (Gemma's 262144); a layer has
// about 12 parameters per square of the hidden size; four times that is the widest common feed-forward layer.
const (
	unknownLayers     = 32
	unknownVocabulary = 262144
	unknownWidening   = 4
	parametersOfLayer = 12
)

// loadedBytes is the size of the weights that a model really loads. Where the files in its repository hold the same weights twice,
// as those of gpt-oss do, that is less than their sum; a preset that knows says so here and nowhere else.
func loadedBytes(m preset.Model) int64 { return m.Loaded() }

// packedGrowth is what weights in MXFP4 grow when they are loaded, as their kernels want hidden sizes padded to a multiple of
// 256: gpt-oss-20b takes 13.47 GiB of files with 12.82, gpt-oss-120b 64.38 of 60.77 (published by the llm-d project).
const packedGrowth = 1.06

func factsOf(m preset.Model) facts {
	f := facts{
		bytes: float64(loadedBytes(m)), parameters: float64(m.Parameters), layers: m.Layers, hidden: m.HiddenSize, intermediate: m.IntermediateSize,
		vocabulary: m.VocabSize, heads: m.Heads, kvHeads: m.KVHeads, mla: m.Attention == "mla" || m.KVLatent > 0,
		experts: m.Experts > 0 || mixtureOfExperts(m.Architecture), vision: strings.Contains(m.Architecture, "ForConditionalGeneration"),
		full: m.FullLayers, window: m.WindowLayers, slidingWindow: m.SlidingWindow,
	}
	if f.parameters == 0 {
		f.parameters = f.bytes / bytesPerParameter(m)
	}
	if m.Quantization == "mxfp4" {
		f.bytes *= packedGrowth
	}
	if f.layers == 0 {
		f.layers = unknownLayers
	}
	if f.hidden == 0 && m.Heads > 0 && m.HeadDim > 0 {
		f.hidden = m.Heads * m.HeadDim
	}
	if f.hidden == 0 {
		f.hidden = int(math.Sqrt(f.parameters / float64(parametersOfLayer*f.layers)))
	}
	if f.intermediate == 0 {
		f.intermediate = unknownWidening * f.hidden
	}
	if f.vocabulary == 0 {
		f.vocabulary = unknownVocabulary
	}
	if f.full == 0 && f.window == 0 {
		f.full = f.layers
	}
	if f.slidingWindow == 0 { // a window without a width holds everything
		f.full, f.window = f.full+f.window, 0
	}
	f.fixedState = max(f.layers-f.full-f.window, 0)
	f.cachePerLayer = cachePerLayer(m, &f)
	return f
}

// bytesPerParameter is the precision in which weights are stored.
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

// mixtureOfExperts tells by the name of the architecture, for presets that do not count experts.
func mixtureOfExperts(architecture string) bool {
	a := strings.ToLower(architecture)
	return slices.ContainsFunc([]string{"moe", "gptoss", "deepseekv", "mixtral", "kimi", "minimax", "llama4", "mistrallarge3", "nemotronh"}, func(s string) bool {
		return strings.Contains(a, s)
	})
}
