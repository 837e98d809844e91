// Package preset is the catalogue of models: what is known about each one, and the Kustomize overlay that serves or tunes it.
//
// The built-in catalogue is embedded from the top-level presets folder; a user's repository may add to it or override it
// with a presets folder of its own. A preset is data: facts about a model (weights, attention, context) that the capacity
// package turns into GPUs, and flags that the render package turns into a command line.
package preset

import (
	"cmp"
	"strings"
)

// Runtime is the program that serves a model.
type Runtime string

// The runtimes that KAITO knows; vLLM is the default.
const (
	VLLM         Runtime = "vllm"
	Transformers Runtime = "transformers"
)

// Method is a way of fine-tuning.
type Method string

// The tuning methods that KAITO knows.
const (
	LoRA  Method = "lora"
	QLoRA Method = "qlora"
)

// Preset is one model of the catalogue.
type Preset struct {
	Name     string   // short name, lower case: "phi-4-mini-instruct"; also its folder under presets/models
	Aliases  []string // other names that users write, such as the Hugging Face id; compared without regard to case
	Repo     string   // Hugging Face repository, in its true case
	Revision string   // pinned commit of Repo; empty when none is known
	License  string
	// Task is what Hugging Face says the model is for, such as "text-generation"; empty when it says nothing.
	Task       string
	BaseModels []string // repositories that it was made from
	// Gated says that downloading the weights needs a token (inference.preset.presetOptions.modelAccessSecret).
	Gated bool
	// Deprecated, when not empty, says in plain words why the model can no longer be used.
	Deprecated string

	Model    Model
	Runtimes []Runtime // first is the default
	// RunParameters holds the model's own command-line flags per runtime, without the leading dashes;
	// an empty value stands for a flag without one.
	RunParameters map[Runtime]map[string]string
	// NoAdapters lists the runtimes that cannot add LoRA adapters to this model.
	NoAdapters []Runtime
	// CUDAToolkit says that vLLM needs the CUDA toolkit at run time for this model (KAITO's DeepGEMM models).
	CUDAToolkit bool
	// DiskGiB is the node disk that weights and images need, in GiB.
	DiskGiB int
	Tuning  *Tuning  // nil: the model cannot be tuned
	History *History // nil: KAITO never had an image of the model
	// Sources says where facts are from, by field of preset.yaml; see SourceOf.
	Sources map[string]string
}

// Model holds the figures that sizing needs. A zero value means unknown.
type Model struct {
	Architecture string // as in config.json, such as "Phi3ForCausalLM"
	WeightBytes  int64  // size of the weight files as KAITO counts them, in bytes, rounded up
	// LoadBytes is what of the weights is loaded, where that is less than WeightBytes, as in repositories that hold them
	// twice; 0 means the same. See Loaded.
	LoadBytes       int64
	HiddenSize      int
	Layers          int
	Heads           int
	KVHeads         int
	HeadDim         int
	Attention       string // mha, gqa, mqa or mla
	KVBytesPerToken int64  // key and value cache of one token over all layers, in bytes, at 16 bit
	ContextLength   int    // longest sequence the model supports, in tokens
	DType           string
	Quantization    string
	QuantBits       int // of a quantized weight

	Parameters       int64 // of the whole model, all experts included
	VocabSize        int
	IntermediateSize int // width of the dense feed-forward layers
	Experts          int // routed experts of a layer; 0 for a dense model
	// KVLatent is the width that multi-head latent attention keeps of a token per layer: kv_lora_rank + qk_rope_head_dim.
	KVLatent int
	// FullLayers and WindowLayers count the layers whose cache grows with the whole sequence, and with at most
	// SlidingWindow tokens of it; any others (Mamba, linear attention) keep a state that does not grow. Both zero: all Layers
	// are full.
	FullLayers    int
	WindowLayers  int
	SlidingWindow int
	// Distributed says that the model may span several nodes.
	Distributed bool
	// TensorParallel says that the model may be split over the GPUs of a node.
	TensorParallel bool
}

// Loaded returns the size of the weights that are loaded, in bytes; 0 when it is not known.
func (m Model) Loaded() int64 { return cmp.Or(m.LoadBytes, m.WeightBytes) }

// Tuning is what fine-tuning needs.
type Tuning struct {
	DiskGiB        int
	GPUMemoryGiB   int            // memory that one GPU must have, in GiB
	TotalMemoryGiB int            // memory over all GPUs of the node, in GiB
	MethodGiB      map[Method]int // overrides GPUMemoryGiB per method
	// Env is set on the tuning container.
	Env map[string]string
}

// History is what KAITO stated when it shipped models as images, one for each, up to v0.10. Some figures are not those of
// today: they were of other files, or wrong.
type History struct {
	FirstRelease, LastRelease string // of KAITO
	Image, ImageTag           string // of the last release that had it, below mcr.microsoft.com/aks/kaito
	Private                   bool   // the image had to be built by the user
	GPUs                      int
	TotalMemoryGiB            int // over all GPUs
	GPUMemoryGiB              int // of each GPU
	WeightBytes               int64
	KVBytesPerToken           int64
	ContextLength             int
	DiskGiB                   int
}

// SourceOf returns where the fact in a field of preset.yaml is from, such as "model.vocabSize": the source of that field, or
// else of the nearest group of fields around it. It is empty when nothing is said.
func (p Preset) SourceOf(field string) string {
	for field != "" {
		if s, ok := p.Sources[field]; ok {
			return s
		}
		field = field[:max(strings.LastIndexByte(field, '.'), 0)]
	}
	return ""
}

// Supports reports whether the preset can be served by r.
func (p Preset) Supports(r Runtime) bool {
	for _, have := range p.Runtimes {
		if have == r {
			return true
		}
	}
	return false
}
