package preset

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"syncer.dev/syncer/internal/strictyaml"
)

// APIVersion and Kind are the header of a preset.yaml.
const (
	APIVersion = "syncer.dev/v1alpha1"
	Kind       = "Preset"
)

// file is a preset.yaml, as people write it. The name of the preset is that of its folder.
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
	Sources       map[string]string             `yaml:"sources"`
}

type source struct {
	Repo     string `yaml:"repo"`
	Revision string `yaml:"revision"`
	License  string `yaml:"license"`
	Gated    bool   `yaml:"gated"`

	Task       string   `yaml:"task"`
	BaseModels []string `yaml:"baseModels"`
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

// decode reads a preset.yaml strictly. Whatever is wrong has the position at which it is written.
func decode(path string, data []byte) (Preset, strictyaml.Positions, []Problem) {
	docs, syntax := strictyaml.Documents(data)
	if syntax == nil && len(docs) != 1 {
		syntax = &strictyaml.Error{Position: strictyaml.Position{Line: 1, Column: 1}, Message: fmt.Sprintf("%d documents instead of one", len(docs))}
	}
	if syntax != nil {
		return Preset{}, nil, []Problem{problemOf(path, *syntax)}
	}
	var f file
	positions, errs := strictyaml.Decode(docs[0], &f)
	var p Preset
	if len(errs) == 0 { // what could not be read would only seem to be missing
		p = f.preset(func(field, message, hint string) {
			errs = append(errs, strictyaml.Error{Position: positionOf(positions, field), Field: field, Message: message, Hint: hint})
		})
	}
	var problems []Problem
	for _, e := range errs {
		problems = append(problems, problemOf(path, e))
	}
	slices.SortStableFunc(problems, func(a, b Problem) int { return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column)) })
	return p, positions, problems
}

func problemOf(path string, e strictyaml.Error) Problem {
	return Problem{Path: path, Line: e.Line, Column: e.Column, Field: e.Field, Message: e.Message, Hint: e.Hint}
}

// positionOf returns where a field is written, or the nearest parent of one that is missing.
func positionOf(positions strictyaml.Positions, field string) strictyaml.Position {
	for field != "" {
		if p, ok := positions[field]; ok {
			return p
		}
		field = field[:max(strings.LastIndexByte(field, '.'), 0)]
	}
	return strictyaml.Position{Line: 1, Column: 1}
}

// Parse reads one preset.yaml, of a preset that is not part of a catalogue yet. Its name is that of the folder that it will be in,
// so that it is empty here.
func Parse(path string, data []byte) (Preset, []Problem) {
	p, _, problems := decode(path, data)
	return p, problems
}
