// SPDX-License-Identifier: Apache-2.0

package preset

import (
	"cmp"
	"slices"
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
	Aliases  []string // other names, such as the Hugging Face id; case-insensitive
	Repo     string   // Hugging Face repository, in its true case
	Revision string   // pinned commit of Repo; empty if none is pinned
	// License is the SPDX identifier of the licence, or else the name that its publisher gives it; then LicenseURL is
	// where to read it, and LicenseTerms what is unusual in it, as one line.
	License      string
	LicenseURL   string
	LicenseTerms string
	// Task is the pipeline tag on Hugging Face, such as "text-generation"; empty without one.
	Task       string
	BaseModels []string // repositories of the models that it derives from
	// Gated is true if a download of the weights needs a token (inference.preset.presetOptions.modelAccessSecret).
	Gated bool
	// Deprecated is why the model is not usable any more, as text; empty for usable models.
	Deprecated string

	Model    Model
	Runtimes []Runtime // first is the default
	// RunParameters holds the model's own command-line flags per runtime, without the leading dashes;
	// an empty value stands for a flag without one.
	RunParameters map[Runtime]map[string]string
	// NoAdapters lists the runtimes that cannot add LoRA adapters to this model.
	NoAdapters []Runtime
	// OwnImage is true if the repository's preset or images name another image than KAITO's base image of the release
	// that syncer knows: what its server takes is not known then.
	OwnImage bool
	// CUDAToolkit is true if vLLM needs the CUDA toolkit at run time for this model (KAITO's DeepGEMM models).
	CUDAToolkit bool
	// DiskGiB is the OS disk of a node that weights and images need, in GiB.
	DiskGiB int
	Tuning  *Tuning  // nil: the model cannot be tuned
	History *History // nil: KAITO never had an image of the model
	// Sources holds the origin of facts by field of preset.yaml; see SourceOf.
	Sources map[string]string
	// Uncertain lists the fields of preset.yaml whose values are not certain: sources contradict each other, or are
	// about something similar. Sources say why. Such a fact warns, and never refuses.
	Uncertain []string
}

// Model holds the facts that sizing needs. A zero value means unknown.
type Model struct {
	Architecture string // as in config.json, such as "Phi3ForCausalLM"
	WeightBytes  int64  // size of one copy of the weight files, in bytes, rounded up
	// KAITOBytes is the size of the weight files as KAITO counts them, if the repository holds more than one copy; 0
	// means WeightBytes. See Counted.
	KAITOBytes int64
	// LoadBytes is what the weights take on one GPU that holds the whole model, as vLLM reports it: encoders and padding
	// add to the files, layers for the prediction of several tokens are not loaded. 0 if it was not measured. For MXFP4 it
	// is that of the Triton kernels, which Hopper uses, and MarlinBytes that of the Marlin kernels of other GPUs.
	LoadBytes       int64
	MarlinBytes     int64
	HiddenSize      int
	Layers          int
	Heads           int
	KVHeads         int
	HeadDim         int
	Attention       string // mha, gqa, mqa, mla or csa
	KVBytesPerToken int64  // key and value cache of one token over all layers, in bytes, at 16 bit
	ContextLength   int    // longest sequence the model supports, in tokens
	DType           string
	Quantization    string
	QuantBits       int // of a quantized weight
	// QuantGroupSize is the number of inputs of a layer that share a scale (AWQ, GPTQ): each GPU needs whole groups. 0 if
	// unknown, 1 if the inputs have no groups.
	QuantGroupSize int
	// StoredDType is the type that config.json names for the values that are not quantized, which "dtype: auto" computes
	// in; empty if unknown.
	StoredDType string

	Parameters       int64 // of the whole model, all experts included
	VocabSize        int
	IntermediateSize int // width of the dense feed-forward layers
	Experts          int // routed experts of a layer; 0 for a dense model
	// MoEIntermediateSize is the width of the feed-forward layer of one expert.
	MoEIntermediateSize int
	// KVLatent is the width that multi-head latent attention keeps of a token per layer: kv_lora_rank +
	// qk_rope_head_dim.
	KVLatent int
	// FullLayers and WindowLayers count the layers with a cache of their own that grows with the whole sequence, and with
	// at most SlidingWindow tokens of it. Both zero: all Layers are full.
	FullLayers    int
	WindowLayers  int
	SlidingWindow int
	// FullKVHeads and FullHeadDim are the KV heads and the head size of the full layers, where those of the layers with a
	// window differ; 0 if they do not.
	FullKVHeads int
	FullHeadDim int
	// AttentionKEqV says that the full layers use keys as values. vLLM caches both all the same.
	AttentionKEqV bool
	// KVSharedLayers counts the layers that read the cache of another one and keep none.
	KVSharedLayers int
	// CachePaddingLayers counts the layers that vLLM adds to the cache to group layers of several kinds.
	CachePaddingLayers int
	// StateLayers counts the layers (Mamba, linear attention) that keep a state of StateBytesPerLayer bytes for a
	// sequence of any length. Both 0: all layers that are neither full, with a window nor shared have a state of unknown
	// size.
	StateLayers        int
	StateBytesPerLayer int64
	// CSALayers and HCALayers count the layers of compressed sparse attention (csa): those that keep one entry for 4
	// tokens, and an index of it, and those that keep one for 128. All layers keep a window of SlidingWindow tokens too.
	CSALayers int
	HCALayers int
	// IndexerBytes is what the indexers of sparse attention keep of a token over all layers, in bytes. IndexerLayers
	// counts the layers with an indexer of their own; 0 means all.
	IndexerLayers int
	IndexerBytes  int64
	// Distributed is true if the model may span several nodes.
	Distributed bool
	// TensorParallel is true if tensor parallelism may split the model over GPUs.
	TensorParallel bool
}

// Loaded returns what the weights take on one GPU that holds the whole model, in bytes: as measured, or else the size
// of the files; 0 if unknown.
func (m Model) Loaded() int64 { return cmp.Or(m.LoadBytes, m.WeightBytes) }

// Counted returns the size of the weights as KAITO counts them, in bytes; 0 if unknown.
func (m Model) Counted() int64 { return cmp.Or(m.KAITOBytes, m.WeightBytes) }

// Tuning holds the resources that fine-tuning needs, as KAITO states them.
type Tuning struct {
	DiskGiB        int
	GPUMemoryGiB   int            // memory that one GPU must have, in GiB
	TotalMemoryGiB int            // memory over all GPUs of the node, in GiB
	MethodGiB      map[Method]int // overrides GPUMemoryGiB per method
	// Env is set on the tuning container.
	Env map[string]string
}

// History holds KAITO's figures from the releases up to v0.10, which shipped an image for each model. Some differ from
// today's: they describe other files, or were wrong.
type History struct {
	FirstRelease, LastRelease string // of KAITO
	Image, ImageTag           string // of the last release that had it, below mcr.microsoft.com/aks/kaito
	Private                   bool   // users had to build the image
	GPUs                      int
	TotalMemoryGiB            int // over all GPUs
	GPUMemoryGiB              int // of each GPU
	WeightBytes               int64
	KVBytesPerToken           int64
	ContextLength             int
	DiskGiB                   int
}

// SourceOf returns the origin of a field of preset.yaml, such as "model.vocabSize": the source of that field, or else
// of the nearest group of fields around it, or "".
func (p Preset) SourceOf(field string) string {
	for field != "" {
		if s, ok := p.Sources[field]; ok {
			return s
		}
		field = field[:max(strings.LastIndexByte(field, '.'), 0)]
	}
	return ""
}

// Certain reports whether the value of a field of preset.yaml, such as "source.gated", is not marked as uncertain.
func (p Preset) Certain(field string) bool { return !slices.Contains(p.Uncertain, field) }

// RemoteCode reports whether the runtime imports Python code from the repository of the model, with all rights of the
// server: the flag is set that both runtimes call trust-remote-code.
func (p Preset) RemoteCode(r Runtime) bool {
	for name, value := range p.RunParameters[r] {
		if plainFlag(name) == flagRemoteCode && !strings.EqualFold(value, "false") {
			return true
		}
	}
	return false
}

// Pinned reports whether downloads of the model are of one commit, or need none because nothing is downloaded.
func (p Preset) Pinned() bool { return p.Repo == "" || p.Revision != "" }

// Supports reports whether the runtime can serve the preset.
func (p Preset) Supports(r Runtime) bool {
	for _, have := range p.Runtimes {
		if have == r {
			return true
		}
	}
	return false
}
