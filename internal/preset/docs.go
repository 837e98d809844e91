// SPDX-License-Identifier: Apache-2.0

package preset

// The descriptions of the fields of preset.yaml, for editors. docs/presets.md says more.

// Docs describes the fields of the file.
func (file) Docs() map[string]string {
	return map[string]string{
		"apiVersion":    "version of the API",
		"kind":          "Preset",
		"aliases":       "other names of the preset",
		"deprecated":    "why the model should not be used for new Workspaces, and which one instead",
		"source":        "where the model comes from, and under which license",
		"model":         "the facts about the model that sizes follow from",
		"disk":          "space that the weights need on the node, such as 60Gi",
		"runtimes":      "runtimes that serve the model: vllm, transformers",
		"runParameters": "flags of each runtime",
		"noAdapters":    "runtimes that serve the model without adapters only",
		"cudaToolkit":   "the model compiles kernels when it starts, and needs the toolkit of CUDA",
		"tuning":        "what tuning the model needs; absent for a model that is not tuned",
		"history":       "what KAITO said about the model in releases that had a preset of its own",
		"uncertain":     "facts that no source states for certain",
		"sources":       "the source of each fact",
	}
}

// Docs describes the fields of source.
func (source) Docs() map[string]string {
	return map[string]string{
		"repo":         "repository on Hugging Face",
		"revision":     "commit of the repository; without it any commit is downloaded",
		"license":      "SPDX identifier, or the name that the repository gives the license",
		"licenseURL":   "the text of the license",
		"licenseTerms": "what the license asks for, in short",
		"gated":        "downloading needs a token of a user who has accepted the license",
		"remoteCode":   "the runtime runs Python code of the repository",
		"task":         "what the model does, such as text-generation",
		"baseModels":   "repositories of the models that this one was made from",
	}
}

// Docs describes the fields of model.
func (model) Docs() map[string]string {
	return map[string]string{
		"architecture":         "class of the model in config.json",
		"weights":              "size of the weights in the repository, such as 14.5Gi",
		"loadedWeights":        "size of the weights in memory, where it differs",
		"contextLength":        "longest sequence, in tokens",
		"hiddenSize":           "width of the model",
		"layers":               "number of layers",
		"heads":                "number of attention heads",
		"kvHeads":              "number of key and value heads",
		"headDim":              "width of a head",
		"attention":            "kind of attention, such as GQA or MLA",
		"kvBytesPerToken":      "bytes of cache for each token",
		"dtype":                "type of the weights in memory",
		"quantization":         "method of quantization; absent if there is none",
		"quantBits":            "bits of a quantized weight",
		"distributed":          "the model can be served on several nodes",
		"tensorParallel":       "the layers can be divided among several GPUs",
		"parameters":           "number of parameters",
		"vocabSize":            "number of tokens of the vocabulary",
		"intermediateSize":     "width of the feed-forward layers",
		"experts":              "number of experts",
		"kvLatent":             "width of the compressed cache of latent attention",
		"fullLayers":           "layers with attention over the whole sequence",
		"windowLayers":         "layers with attention over a window",
		"slidingWindow":        "length of that window, in tokens",
		"kaitoWeights":         "size of the weights by KAITO's table, where it differs",
		"loadedWeightsMarlin":  "size of the weights in memory where the runtime unpacks them",
		"storedDtype":          "type of the weights in the repository, where it differs",
		"quantGroupSize":       "weights that share one scale",
		"moeIntermediateSize":  "width of the feed-forward layers of an expert",
		"fullKVHeads":          "key and value heads of the layers with full attention, where it differs",
		"fullHeadDim":          "width of a head of the layers with full attention, where it differs",
		"attentionKEqV":        "keys and values are the same, and cached once",
		"kvSharedLayers":       "layers that use the cache of another layer",
		"cachePaddingLayers":   "layers that the cache has beyond those of the model",
		"stateLayers":          "layers with a state of fixed size in place of a cache",
		"stateBytesPerLayer":   "bytes of that state, for each layer and sequence",
		"csaLayers":            "layers with compressed sparse attention",
		"hcaLayers":            "layers with heavily compressed attention",
		"indexerLayers":        "layers that choose tokens by an index",
		"indexerBytesPerToken": "bytes of that index for each token",
	}
}

// Docs describes the fields of tuning.
func (tuning) Docs() map[string]string {
	return map[string]string{
		"disk":        "space that a tuning needs on the node",
		"gpuMemory":   "memory that one GPU must have",
		"totalMemory": "memory that all GPUs together must have",
		"methods":     "memory by method: lora, qlora",
		"env":         "variables of the tuning",
	}
}

// Docs describes the fields of history.
func (history) Docs() map[string]string {
	return map[string]string{
		"firstRelease":    "first release of KAITO with the preset",
		"lastRelease":     "last release of KAITO with the preset",
		"image":           "image of the preset",
		"imageTag":        "tag of the image",
		"private":         "the image was in a private registry",
		"gpus":            "number of GPUs",
		"totalMemory":     "memory of all GPUs together",
		"gpuMemory":       "memory of one GPU",
		"weights":         "size of the weights",
		"kvBytesPerToken": "bytes of cache for each token",
		"contextLength":   "longest sequence, in tokens",
		"disk":            "space that the weights need on the node",
	}
}
