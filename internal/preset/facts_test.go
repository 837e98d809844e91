// SPDX-License-Identifier: Apache-2.0

package preset_test

import (
	"encoding/json"
	"io/fs"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"syncer.dev/syncer/internal/preset"
)

// kaitoModel is what KAITO v0.12.0 and its earlier releases state about one model; nil where they say nothing.
type kaitoModel struct {
	Name               string
	Aliases            []string
	HFRepo             *string `json:"hfRepo"`
	Revision           *string
	License            *string
	Gated              *bool
	Architecture       *string
	FileSize           *string `json:"fileSize"`
	HiddenSize         *int    `json:"hiddenSize"`
	Layers             *int
	Heads              *int
	KVHeads            *int    `json:"kvHeads"`
	HeadDim            *int    `json:"headDim"`
	KVLoraRank         *int    `json:"kvLoraRank"`
	QKRopeHeadDim      *int    `json:"qkRopeHeadDim"`
	Attention          *string `json:"attention"`
	ContextLength      *int    `json:"contextLength"`
	KVBytesPerToken    *int64  `json:"kvBytesPerToken"`
	DType              *string `json:"dtype"`
	Quantization       *string
	QuantBits          *int `json:"quantBits"`
	Runtime            []string
	Image              *string
	ImageTag           *string           `json:"imageTag"`
	DownloadAtRuntime  *bool             `json:"downloadAtRuntime"`
	DiskStorage        *string           `json:"diskStorage"`
	MinGPUs            *int              `json:"minGPUs"`
	TotalGPUMemory     *string           `json:"totalGPUMemory"`
	PerGPUMemory       *string           `json:"perGPUMemory"`
	Tuning             *bool             `json:"tuning"`
	TuningPerGPUMemory *string           `json:"tuningPerGPUMemory"`
	TuningPerMethodGiB map[string]int    `json:"tuningPerMethodGiB"`
	TuningDiskStorage  *string           `json:"tuningDiskStorage"`
	TuningTotalMemory  *string           `json:"tuningTotalMemory"`
	ToolCallParser     *string           `json:"toolCallParser"`
	ReasoningParser    *string           `json:"reasoningParser"`
	ChatTemplate       *string           `json:"chatTemplate"`
	VLLMRunParams      map[string]string `json:"vllmRunParams"`
	RequiresCUDA       *bool             `json:"requiresCudaToolkit"`
	ReadinessTimeout   *string           `json:"readinessTimeout"`
	PipelineTag        *string           `json:"pipelineTag"`
	BaseModel          []string          `json:"baseModel"`
	Distributed        *bool
	Supported          *bool
	LegacyPreset       *kaitoLegacy `json:"legacyPreset"`
}

type kaitoLegacy struct {
	FirstTag, LastTag, Image, ImageTag, ImageAccess string
	GPUCount                                        int    `json:"gpuCount"`
	TotalGPUMemory                                  string `json:"totalGPUMemory"`
	PerGPUMemory                                    string `json:"perGPUMemory"`
	TotalSafeTensorFileSize                         string
	KVBytesPerToken                                 int64 `json:"kvBytesPerToken"`
	ContextLength                                   int
	DiskStorage                                     string
	LoRADisallowedOnVLLM                            bool `json:"loraDisallowedOnVllm"`
	TensorParallelDisabled                          bool
	TransformersRunParams                           map[string]string
}

func kaitoModels(t *testing.T) []kaitoModel {
	t.Helper()
	data, err := os.ReadFile("testdata/kaito-models.json")
	if err != nil {
		t.Fatal(err)
	}
	dec := json.NewDecoder(strings.NewReader(string(data)))
	dec.DisallowUnknownFields() // a fact that is not compared below must not go unnoticed
	var all []kaitoModel
	if err := dec.Decode(&all); err != nil {
		t.Fatal(err)
	}
	return all
}

// TestKAITOFacts compares every fact that KAITO states about its 71 models with the catalogue.
func TestKAITOFacts(t *testing.T) {
	c := builtin(t)
	models := kaitoModels(t)
	if len(models) != 71 {
		t.Fatalf("%d models", len(models))
	}
	facts := 0
	for _, m := range models {
		t.Run(m.Name, func(t *testing.T) {
			p, ok := c.Lookup(m.Name)
			if !ok {
				t.Fatal("not found")
			}
			names := append([]string{m.Name, p.Name}, m.Aliases...)
			if m.HFRepo != nil {
				names = append(names, *m.HFRepo)
			}
			for _, name := range names {
				for _, spelled := range []string{name, strings.ToLower(name), strings.ToUpper(name)} {
					if got, _ := c.Lookup(spelled); got.Name != p.Name {
						t.Errorf("Lookup(%q) = %q, want %q", spelled, got.Name, p.Name)
					}
				}
			}
			f := comparison{t: t}
			f.top(p, m)
			f.model(p, m)
			f.flags(p, m)
			f.tuning(p, m)
			if m.LegacyPreset != nil {
				f.history(p, *m.LegacyPreset)
			}
			f.images(c, p, m)
			facts += f.count
		})
	}
	if facts < 71*15 {
		t.Errorf("only %d facts were compared", facts)
	}
}

// comparison counts what it has compared.
type comparison struct {
	t     *testing.T
	count int
}

// equal compares what the catalogue has with what KAITO states; a nil pointer states nothing.
func equal[T comparable](f *comparison, fact string, have T, want *T) {
	f.t.Helper()
	if want == nil {
		return
	}
	f.count++
	if have != *want {
		f.t.Errorf("%s is %v, want %v", fact, have, *want)
	}
}

func (f *comparison) top(p preset.Preset, m kaitoModel) {
	f.t.Helper()
	equal(f, "repo", p.Repo, m.HFRepo)
	equal(f, "revision", p.Revision, m.Revision)
	f.license(p, m)
	equal(f, "task", p.Task, m.PipelineTag)
	equal(f, "cudaToolkit", p.CUDAToolkit, m.RequiresCUDA)
	if m.Gated != nil && *m.Gated { // what KAITO lists as free, such as Gemma, may be gated since
		equal(f, "gated", p.Gated, m.Gated)
	}
	if diff := cmp.Diff(m.BaseModel, p.BaseModels, cmpopts.EquateEmpty()); diff != "" {
		f.t.Errorf("baseModels (-want +got):\n%s", diff)
	}
	var runtimes []string
	for _, r := range p.Runtimes {
		runtimes = append(runtimes, string(r))
	}
	// Llama 2 was run by a program that is no more.
	if want := slices.DeleteFunc(
		slices.Clone(m.Runtime),
		func(s string) bool { return s == "torchrun-llama2" },
	); !slices.Equal(runtimes, want) {
		f.t.Errorf("runtimes are %v, want %v", runtimes, want)
	}
	if p.Model.KAITOBytes == 0 { // else KAITO's disk has space for copies that nothing reads
		f.size("disk", int64(p.DiskGiB)*gib, m.DiskStorage)
	}
	// KAITO v0.12 cannot run some; the catalogue still does where the facts suffice. What KAITO runs must not be given
	// up.
	if m.Supported != nil && *m.Supported && p.Deprecated != "" {
		f.t.Errorf("cannot be used: %s", p.Deprecated)
	}
	if m.ReadinessTimeout != nil { // 15 minutes and 18 seconds for each GiB, between half an hour and three hours
		f.count++
		seconds := min(max(15*60+18*math.Round(float64(p.Model.Counted())/gib*100)/100, 30*60), 180*60)
		if want, err := time.ParseDuration(*m.ReadinessTimeout); err != nil || math.Abs(seconds-want.Seconds()) > 0.01 {
			f.t.Errorf("may take %v s to start, want %v", seconds, want)
		}
	}
}

// license compares the licence by its full name. KAITO says "other" where the model card does.
func (f *comparison) license(p preset.Preset, m kaitoModel) {
	f.t.Helper()
	if m.License == nil || *m.License == "other" {
		return
	}
	want := preset.LicenseOf(*m.License)
	equal(f, "license", p.License, &want.Name)
	if want.URL != "" {
		equal(f, "licenseURL", p.LicenseURL, &want.URL)
	}
}

func (f *comparison) model(p preset.Preset, m kaitoModel) {
	f.t.Helper()
	equal(f, "architecture", p.Model.Architecture, m.Architecture)
	f.size("weights", p.Model.Counted(), m.FileSize)
	equal(f, "hiddenSize", p.Model.HiddenSize, m.HiddenSize)
	equal(f, "layers", p.Model.Layers, m.Layers)
	equal(f, "heads", p.Model.Heads, m.Heads)
	equal(f, "kvHeads", p.Model.KVHeads, m.KVHeads)
	equal(f, "headDim", p.Model.HeadDim, m.HeadDim)
	if p.Model.Attention != "csa" { // KAITO takes compressed sparse attention for one KV head
		equal(f, "attention", p.Model.Attention, m.Attention)
	}
	equal(f, "contextLength", p.Model.ContextLength, m.ContextLength)
	equal(f, "dtype", p.Model.DType, m.DType)
	equal(f, "quantization", p.Model.Quantization, m.Quantization)
	equal(f, "quantBits", p.Model.QuantBits, m.QuantBits)
	equal(f, "distributed", p.Model.Distributed, m.Distributed)
	if m.KVLoraRank != nil && m.QKRopeHeadDim != nil {
		latent := *m.KVLoraRank + *m.QKRopeHeadDim
		equal(f, "kvLatent", p.Model.KVLatent, &latent)
	}
	if strings.HasPrefix(p.Name, "falcon-40b") {
		// KAITO states 8192 for the one and 1966080 for the other, which are the same network. Both are kept in the
		// history.
		want := int64(2 * 2 * 8 * 64 * 60)
		equal(f, "kvBytesPerToken", p.Model.KVBytesPerToken, &want)
		equal(f, "history.kvBytesPerToken", p.History.KVBytesPerToken, m.KVBytesPerToken)
	} else {
		equal(f, "kvBytesPerToken", p.Model.KVBytesPerToken, m.KVBytesPerToken)
	}
}

// mended are run parameters of KAITO that the pinned image does not have, that do not fit the model, or that are
// missing: what the catalogue has in place of each, "" for nothing. The sources are in preset.yaml.
var mended = map[string]map[string]string{
	"falcon-7b":                     {"chat-template": "", "chat_template": ""},
	"falcon-7b-instruct":            {"chat-template": "", "chat_template": ""},
	"falcon-40b":                    {"chat-template": "", "chat_template": ""},
	"falcon-40b-instruct":           {"chat-template": "", "chat_template": ""},
	"gemma-3-4b-it":                 {"tool-call-parser": ""},
	"gemma-3-27b-it":                {"tool-call-parser": ""},
	"ministral-3-3b-instruct-2512":  {"tool-call-parser": "mistral"},
	"ministral-3-8b-instruct-2512":  {"tool-call-parser": "mistral"},
	"ministral-3-14b-instruct-2512": {"tool-call-parser": "mistral"},
	"phi-4-mini-instruct":           {"tool-call-parser": "phi4_mini_json"},
	"deepseek-r1-0528":              {"tokenizer_mode": ""},
	"deepseek-r1-distill-llama-8b":  {"tokenizer_mode": ""},
	"deepseek-r1-distill-qwen-14b":  {"tokenizer_mode": ""},
	"deepseek-v3-0324":              {"tokenizer_mode": ""},
	"minimax-m2.7":                  {"reasoning-parser": "minimax_m2"},
}

// flag compares a run parameter with KAITO's, or with what replaces it.
func (f *comparison) flag(p preset.Preset, r preset.Runtime, name string, theirs *string) {
	f.t.Helper()
	have := p.RunParameters[r][name]
	ours, ok := mended[p.Name][name]
	switch {
	case ok && theirs != nil && *theirs == ours:
		f.t.Errorf("%s is %q with KAITO as well", name, ours)
	case ok:
		theirs = &ours
	}
	equal(f, string(r)+" "+name, have, theirs)
}

func (f *comparison) flags(p preset.Preset, m kaitoModel) {
	f.t.Helper()
	flags := p.RunParameters[preset.VLLM]
	f.flag(p, preset.VLLM, "reasoning-parser", m.ReasoningParser)
	f.flag(p, preset.VLLM, "tool-call-parser", m.ToolCallParser)
	if m.ChatTemplate != nil {
		file := "/workspace/chat_templates/" + *m.ChatTemplate
		f.flag(p, preset.VLLM, "chat-template", &file)
	}
	if _, ok := flags["enable-auto-tool-choice"]; ok != (flags["tool-call-parser"] != "") && p.Deprecated == "" {
		f.t.Errorf("enable-auto-tool-choice: %v, with parser %q", ok, flags["tool-call-parser"])
	}
	for name, value := range m.VLLMRunParams {
		f.flag(p, preset.VLLM, name, &value)
	}
}

func (f *comparison) tuning(p preset.Preset, m kaitoModel) {
	f.t.Helper()
	can := p.Tuning != nil
	equal(f, "tuning", can, m.Tuning)
	if !can {
		return
	}
	f.size("tuning.disk", int64(p.Tuning.DiskGiB)*gib, m.TuningDiskStorage)
	f.size("tuning.gpuMemory", int64(p.Tuning.GPUMemoryGiB)*gib, m.TuningPerGPUMemory)
	f.size("tuning.totalMemory", int64(p.Tuning.TotalMemoryGiB)*gib, m.TuningTotalMemory)
	for method, n := range m.TuningPerMethodGiB {
		equal(f, "tuning.methods."+method, p.Tuning.MethodGiB[preset.Method(method)], &n)
	}
}

func (f *comparison) history(p preset.Preset, l kaitoLegacy) {
	f.t.Helper()
	h := p.History
	if h == nil {
		f.t.Error("history is missing")
		return
	}
	private := l.ImageAccess == "private"
	equal(f, "history.firstRelease", h.FirstRelease, &l.FirstTag)
	equal(f, "history.lastRelease", h.LastRelease, &l.LastTag)
	equal(f, "history.image", h.Image, &l.Image)
	equal(f, "history.imageTag", h.ImageTag, &l.ImageTag)
	equal(f, "history.private", h.Private, &private)
	equal(f, "history.gpus", h.GPUs, &l.GPUCount)
	equal(f, "history.kvBytesPerToken", h.KVBytesPerToken, &l.KVBytesPerToken)
	equal(f, "history.contextLength", h.ContextLength, &l.ContextLength)
	f.size("history.totalMemory", int64(h.TotalMemoryGiB)*gib, &l.TotalGPUMemory)
	f.size("history.gpuMemory", int64(h.GPUMemoryGiB)*gib, &l.PerGPUMemory)
	f.size("history.weights", h.WeightBytes, &l.TotalSafeTensorFileSize)
	f.size("history.disk", int64(h.DiskGiB)*gib, &l.DiskStorage)
	if none := slices.Contains(p.NoAdapters, preset.VLLM); none != l.LoRADisallowedOnVLLM {
		f.t.Errorf("no adapters with vLLM: %v, want %v", none, l.LoRADisallowedOnVLLM)
	}
	// Since v0.11 KAITO splits every model that it still runs.
	if !p.Model.Distributed && p.Deprecated == "" && p.Model.TensorParallel == l.TensorParallelDisabled {
		f.t.Errorf("tensorParallel is %v", p.Model.TensorParallel)
	}
	if p.Supports(preset.Transformers) {
		for name, value := range l.TransformersRunParams {
			f.flag(p, preset.Transformers, name, &value)
		}
	}
}

// images compares the image that runs a model, and the figures of the time when there was one for each.
func (f *comparison) images(c *preset.Catalog, p preset.Preset, m kaitoModel) {
	f.t.Helper()
	if m.Image != nil && *m.Image == "kaito-base" {
		text, err := fs.ReadFile(c.FS(), "components/images/kustomization.yaml")
		if err != nil {
			f.t.Fatal(err)
		}
		f.count++
		if !strings.Contains(
			string(text),
			"- name: kaito-base\n  newName: mcr.microsoft.com/aks/kaito/kaito-base\n  newTag: "+*m.ImageTag+"\n",
		) {
			f.t.Errorf("the image is not kaito-base:%s", *m.ImageTag)
		}
	} else if p.History != nil {
		equal(f, "image", p.History.Image, m.Image)
		equal(f, "imageTag", p.History.ImageTag, m.ImageTag)
	}
	if h := p.History; h != nil {
		equal(f, "minGPUs", h.GPUs, m.MinGPUs)
		f.size("totalGPUMemory", int64(h.TotalMemoryGiB)*gib, m.TotalGPUMemory)
		f.size("perGPUMemory", int64(h.GPUMemoryGiB)*gib, m.PerGPUMemory)
	}
}

const gib = 1 << 30

// size compares a size with one as KAITO writes it, which the catalogue rounds up to whole GiB in some places.
func (f *comparison) size(fact string, have int64, want *string) {
	f.t.Helper()
	if want == nil || *want == "" {
		return
	}
	f.count++
	number, err := strconv.ParseFloat(strings.TrimSuffix(*want, "Gi"), 64)
	if err != nil {
		f.t.Fatal(err)
	}
	if have != int64(math.Ceil(number*gib)) && have != int64(math.Ceil(number))*gib {
		f.t.Errorf("%s is %d bytes, want %s", fact, have, *want)
	}
}
