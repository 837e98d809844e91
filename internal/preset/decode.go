// SPDX-License-Identifier: Apache-2.0

package preset

import (
	"slices"
	"strings"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/strictyaml"
	"syncer.dev/syncer/internal/wellknown"
)

// APIVersion and Kind are the header of a preset.yaml.
const (
	APIVersion = wellknown.APIVersionV1alpha1
	Kind       = "Preset"
)

// file is the content of a preset.yaml. The name of the preset is that of its folder.
type file struct {
	APIVersion    string                        `yaml:"apiVersion"`
	Kind          string                        `yaml:"kind"`
	Aliases       []string                      `yaml:"aliases"`
	Deprecated    string                        `yaml:"deprecated"`
	Source        source                        `yaml:"source"`
	Model         model                         `yaml:"model"`
	Disk          string                        `yaml:"disk"`
	Runtimes      []Runtime                     `yaml:"runtimes"`
	RunParameters map[Runtime]map[string]string `yaml:"runParameters"`
	NoAdapters    []Runtime                     `yaml:"noAdapters"`
	CUDAToolkit   bool                          `yaml:"cudaToolkit"`
	Tuning        *tuning                       `yaml:"tuning"`
	History       *history                      `yaml:"history"`
	Uncertain     []string                      `yaml:"uncertain"`
	Sources       map[string]string             `yaml:"sources"`
}

type source struct {
	Repo         string   `yaml:"repo"`
	Revision     string   `yaml:"revision"`
	License      string   `yaml:"license"`
	LicenseURL   string   `yaml:"licenseURL"`
	LicenseTerms string   `yaml:"licenseTerms"`
	Gated        bool     `yaml:"gated"`
	RemoteCode   *bool    `yaml:"remoteCode"` // nil: not stated
	Task         string   `yaml:"task"`
	BaseModels   []string `yaml:"baseModels"`
}

type model struct {
	Architecture    string `yaml:"architecture"`
	Weights         string `yaml:"weights"`
	LoadedWeights   string `yaml:"loadedWeights"`
	ContextLength   int    `yaml:"contextLength"`
	HiddenSize      int    `yaml:"hiddenSize"`
	Layers          int    `yaml:"layers"`
	Heads           int    `yaml:"heads"`
	KVHeads         int    `yaml:"kvHeads"`
	HeadDim         int    `yaml:"headDim"`
	Attention       string `yaml:"attention"`
	KVBytesPerToken int64  `yaml:"kvBytesPerToken"`
	DType           string `yaml:"dtype"`
	Quantization    string `yaml:"quantization"`
	QuantBits       int    `yaml:"quantBits"`
	Distributed     bool   `yaml:"distributed"`
	TensorParallel  bool   `yaml:"tensorParallel"`

	Parameters       int64 `yaml:"parameters"`
	VocabSize        int   `yaml:"vocabSize"`
	IntermediateSize int   `yaml:"intermediateSize"`
	Experts          int   `yaml:"experts"`
	KVLatent         int   `yaml:"kvLatent"`
	FullLayers       int   `yaml:"fullLayers"`
	WindowLayers     int   `yaml:"windowLayers"`
	SlidingWindow    int   `yaml:"slidingWindow"`

	KAITOWeights        string `yaml:"kaitoWeights"`
	LoadedWeightsMarlin string `yaml:"loadedWeightsMarlin"`
	StoredDType         string `yaml:"storedDtype"`
	QuantGroupSize      int    `yaml:"quantGroupSize"`
	MoEIntermediateSize int    `yaml:"moeIntermediateSize"`
	FullKVHeads         int    `yaml:"fullKVHeads"`
	FullHeadDim         int    `yaml:"fullHeadDim"`
	AttentionKEqV       bool   `yaml:"attentionKEqV"`
	KVSharedLayers      int    `yaml:"kvSharedLayers"`
	CachePaddingLayers  int    `yaml:"cachePaddingLayers"`
	StateLayers         int    `yaml:"stateLayers"`
	StateBytesPerLayer  int64  `yaml:"stateBytesPerLayer"`
	CSALayers           int    `yaml:"csaLayers"`
	HCALayers           int    `yaml:"hcaLayers"`
	IndexerLayers       int    `yaml:"indexerLayers"`
	IndexerBytes        int64  `yaml:"indexerBytesPerToken"`
}

type tuning struct {
	Disk        string            `yaml:"disk"`
	GPUMemory   string            `yaml:"gpuMemory"`
	TotalMemory string            `yaml:"totalMemory"`
	Methods     map[Method]string `yaml:"methods"`
	Env         map[string]string `yaml:"env"`
}

type history struct {
	FirstRelease    string `yaml:"firstRelease"`
	LastRelease     string `yaml:"lastRelease"`
	Image           string `yaml:"image"`
	ImageTag        string `yaml:"imageTag"`
	Private         bool   `yaml:"private"`
	GPUs            int    `yaml:"gpus"`
	TotalMemory     string `yaml:"totalMemory"`
	GPUMemory       string `yaml:"gpuMemory"`
	Weights         string `yaml:"weights"`
	KVBytesPerToken int64  `yaml:"kvBytesPerToken"`
	ContextLength   int    `yaml:"contextLength"`
	Disk            string `yaml:"disk"`
}

// decode reads a preset.yaml strictly. Each error has the position of its field.
func decode(path string, data []byte) (Preset, strictyaml.Positions, []diag.Diagnostic) {
	docs, syntax := strictyaml.Documents(data)
	if syntax == nil && len(docs) != 1 {
		count := diag.Errorf(diag.WrongDocumentCount, "%d documents instead of one", len(docs)).At(1, 1)
		syntax = &count
	}
	if syntax != nil {
		return Preset{}, nil, []diag.Diagnostic{syntax.In(path)}
	}
	var f file
	positions, errs := strictyaml.Decode(docs[0], &f)
	var p Preset
	if len(errs) == 0 { // otherwise fields with errors would also be reported as missing
		p = f.preset(func(reason diag.Reason, field, message, hint string) {
			at := positionOf(positions, field)
			errs = append(errs, diag.Errorf(reason, "%s", message).On(field).At(at.Line, at.Column).Suggest(hint))
		})
	}
	var problems []diag.Diagnostic
	for _, e := range errs {
		problems = append(problems, e.In(path))
	}
	slices.SortStableFunc(problems, func(a, b diag.Diagnostic) int { return a.Position.Compare(b.Position) })
	return p, positions, problems
}

// positionOf returns the position of a field, or of the nearest parent of a missing one.
func positionOf(positions strictyaml.Positions, field string) strictyaml.Position {
	for field != "" {
		if p, ok := positions[field]; ok {
			return p
		}
		field = field[:max(strings.LastIndexByte(field, '.'), 0)]
	}
	return strictyaml.Position{Line: 1, Column: 1}
}

// Parse reads one preset.yaml outside of a catalogue. The name of a preset is that of its folder, so it is empty here.
// path is for the positions of the errors.
func Parse(path string, data []byte) (Preset, []diag.Diagnostic) {
	p, _, problems := decode(path, data)
	return p, problems
}
