package preset

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
)

var (
	repoName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*/[A-Za-z0-9][A-Za-z0-9._-]*$`)
	commit   = regexp.MustCompile(`^[0-9a-f]{40}$`)
)

// preset turns the file into a Preset, and calls fail for each field that makes no sense.
func (f *file) preset(fail func(field, message, hint string)) Preset {
	size := func(field, text string, read func(string) error) {
		if text == "" {
			return
		}
		if err := read(text); err != nil {
			fail(field, err.Error(), "")
		}
	}
	giB := func(field, text string, to *int) {
		size(field, text, func(s string) (err error) { *to, err = gibOf(s); return err })
	}
	p := Preset{
		Aliases: f.Aliases, Repo: f.Source.Repo, Revision: f.Source.Revision, License: f.Source.License, Gated: f.Source.Gated,
		Deprecated: f.Deprecated, Runtimes: f.Runtimes, RunParameters: f.RunParameters, NoAdapters: f.NoAdapters, CUDAToolkit: f.CUDAToolkit,
		Model: Model{
			Architecture: f.Model.Architecture, HiddenSize: f.Model.HiddenSize, Layers: f.Model.Layers, Heads: f.Model.Heads,
			KVHeads: f.Model.KVHeads, HeadDim: f.Model.HeadDim, Attention: f.Model.Attention, KVBytesPerToken: f.Model.KVBytesPerToken,
			ContextLength: f.Model.ContextLength, DType: f.Model.DType, Quantization: f.Model.Quantization,
			Distributed: f.Model.Distributed, TensorParallel: f.Model.TensorParallel,
			Parameters: f.Model.Parameters, VocabSize: f.Model.VocabSize, IntermediateSize: f.Model.IntermediateSize, Experts: f.Model.Experts,
			KVLatent: f.Model.KVLatent, FullLayers: f.Model.FullLayers, WindowLayers: f.Model.WindowLayers, SlidingWindow: f.Model.SlidingWindow,
		},
	}
	size("model.weights", f.Model.Weights, func(s string) (err error) { p.Model.WeightBytes, err = bytesOf(s); return err })
	giB("disk", f.Disk, &p.DiskGiB)
	if t := f.Tuning; t != nil {
		p.Tuning = &Tuning{Env: t.Env}
		giB("tuning.disk", t.Disk, &p.Tuning.DiskGiB)
		giB("tuning.gpuMemory", t.GPUMemory, &p.Tuning.GPUMemoryGiB)
		giB("tuning.totalMemory", t.TotalMemory, &p.Tuning.TotalMemoryGiB)
		for _, m := range slices.Sorted(maps.Keys(t.Methods)) {
			field := "tuning.methods." + string(m)
			if m != LoRA && m != QLoRA {
				fail(field, fmt.Sprintf("unknown method %q", m), "lora or qlora")
			}
			var n int
			giB(field, t.Methods[m], &n)
			if p.Tuning.MethodGiB == nil {
				p.Tuning.MethodGiB = map[Method]int{}
			}
			p.Tuning.MethodGiB[m] = n
		}
	}
	f.check(fail)
	return p
}

// check finds what a preset that can be used must not be without.
func (f *file) check(fail func(field, message, hint string)) {
	if f.APIVersion != APIVersion || f.Kind != Kind {
		fail("apiVersion", "not a preset", "it starts with apiVersion: "+APIVersion+" and kind: "+Kind)
	}
	known := []Runtime{VLLM, Transformers}
	for field, runtimes := range map[string][]Runtime{"runtimes": f.Runtimes, "noAdapters": f.NoAdapters} {
		for i, r := range runtimes {
			if !slices.Contains(known, r) {
				fail(fmt.Sprintf("%s[%d]", field, i), fmt.Sprintf("unknown runtime %q", r), "vllm or transformers")
			}
		}
	}
	for _, r := range slices.Sorted(maps.Keys(f.RunParameters)) {
		if !slices.Contains(known, r) {
			fail("runParameters."+string(r), fmt.Sprintf("unknown runtime %q", r), "vllm or transformers")
		}
	}
	switch f.Model.Attention {
	case "", "mha", "gqa", "mqa", "mla":
	default:
		fail("model.attention", fmt.Sprintf("unknown kind of attention %q", f.Model.Attention), "mha, gqa, mqa or mla")
	}
	if f.Source.Revision != "" && !commit.MatchString(f.Source.Revision) {
		fail("source.revision", "not a commit", "40 hexadecimal digits; a branch or tag could move")
	}
	for field, n := range map[string]int64{
		"model.contextLength": int64(f.Model.ContextLength), "model.hiddenSize": int64(f.Model.HiddenSize), "model.layers": int64(f.Model.Layers),
		"model.heads": int64(f.Model.Heads), "model.kvHeads": int64(f.Model.KVHeads), "model.headDim": int64(f.Model.HeadDim),
		"model.kvBytesPerToken": f.Model.KVBytesPerToken, "model.parameters": f.Model.Parameters, "model.vocabSize": int64(f.Model.VocabSize),
		"model.intermediateSize": int64(f.Model.IntermediateSize), "model.experts": int64(f.Model.Experts), "model.kvLatent": int64(f.Model.KVLatent),
		"model.fullLayers": int64(f.Model.FullLayers), "model.windowLayers": int64(f.Model.WindowLayers), "model.slidingWindow": int64(f.Model.SlidingWindow),
	} {
		if n < 0 {
			fail(field, "must not be negative", "")
		}
	}
	for i, alias := range f.Aliases {
		if alias == "" || len(alias) > maxName {
			fail(fmt.Sprintf("aliases[%d]", i), "not a name", "")
		}
	}
	if f.Deprecated != "" {
		return
	}
	if !repoName.MatchString(f.Source.Repo) {
		fail("source.repo", "not a Hugging Face repository", "owner/name")
	}
	if f.Model.Weights == "" {
		fail("model.weights", "is missing", "the size of the weight files, such as 7.15Gi")
	}
	if len(f.Runtimes) == 0 {
		fail("runtimes", "is missing", "[vllm]")
	}
}
