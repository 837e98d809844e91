// SPDX-License-Identifier: Apache-2.0

package preset

import (
	"fmt"
	"maps"
	"slices"

	"syncer.dev/syncer/internal/diag"
)

// report reports an invalid value of a field.
type report func(reason diag.Reason, field, message, hint string)

// sizes reads the sizes of a file and reports invalid ones.
type sizes struct{ fail report }

// bytes reads a size in Gi as bytes; an absent one is 0.
func (s sizes) bytes(field, text string) int64 {
	if text == "" {
		return 0
	}
	n, err := bytesOf(text)
	if err != nil {
		s.fail(diag.InvalidValue, field, err.Error(), "")
	}
	return n
}

// gib reads a size in Gi as whole GiB, rounded up; an absent one is 0.
func (s sizes) gib(field, text string) int { return int((s.bytes(field, text) + gib - 1) / gib) }

// preset turns the file into a Preset, and calls fail for each invalid field.
func (f *file) preset(fail report) Preset {
	size := sizes{fail}
	p := Preset{
		Aliases:       f.Aliases,
		Repo:          f.Source.Repo,
		Revision:      f.Source.Revision,
		License:       f.Source.License,
		LicenseURL:    f.Source.LicenseURL,
		LicenseTerms:  f.Source.LicenseTerms,
		Gated:         f.Source.Gated,
		Task:          f.Source.Task,
		BaseModels:    f.Source.BaseModels,
		Deprecated:    f.Deprecated,
		Model:         f.Model.model(size),
		Runtimes:      f.Runtimes,
		RunParameters: f.RunParameters,
		NoAdapters:    f.NoAdapters,
		CUDAToolkit:   f.CUDAToolkit,
		DiskGiB:       size.gib("disk", f.Disk),
		Sources:       f.Sources,
		Uncertain:     f.Uncertain,
	}
	if f.Tuning != nil {
		p.Tuning = f.Tuning.tuning(size)
	}
	if h := f.History; h != nil {
		p.History = &History{
			FirstRelease:    h.FirstRelease,
			LastRelease:     h.LastRelease,
			Image:           h.Image,
			ImageTag:        h.ImageTag,
			Private:         h.Private,
			GPUs:            h.GPUs,
			TotalMemoryGiB:  size.gib("history.totalMemory", h.TotalMemory),
			GPUMemoryGiB:    size.gib("history.gpuMemory", h.GPUMemory),
			WeightBytes:     size.bytes("history.weights", h.Weights),
			KVBytesPerToken: h.KVBytesPerToken,
			ContextLength:   h.ContextLength,
			DiskGiB:         size.gib("history.disk", h.Disk),
		}
	}
	f.check(fail)
	return p
}

func (m *model) model(size sizes) Model {
	return Model{
		Architecture:     m.Architecture,
		HiddenSize:       m.HiddenSize,
		Layers:           m.Layers,
		Heads:            m.Heads,
		WeightBytes:      size.bytes("model.weights", m.Weights),
		LoadBytes:        size.bytes("model.loadedWeights", m.LoadedWeights),
		KVHeads:          m.KVHeads,
		HeadDim:          m.HeadDim,
		Attention:        m.Attention,
		KVBytesPerToken:  m.KVBytesPerToken,
		ContextLength:    m.ContextLength,
		DType:            m.DType,
		Quantization:     m.Quantization,
		QuantBits:        m.QuantBits,
		Distributed:      m.Distributed,
		TensorParallel:   m.TensorParallel,
		Parameters:       m.Parameters,
		VocabSize:        m.VocabSize,
		IntermediateSize: m.IntermediateSize,
		Experts:          m.Experts,
		KVLatent:         m.KVLatent,
		FullLayers:       m.FullLayers,
		WindowLayers:     m.WindowLayers,
		SlidingWindow:    m.SlidingWindow,

		KAITOBytes:          size.bytes("model.kaitoWeights", m.KAITOWeights),
		MarlinBytes:         size.bytes("model.loadedWeightsMarlin", m.LoadedWeightsMarlin),
		StoredDType:         m.StoredDType,
		QuantGroupSize:      m.QuantGroupSize,
		MoEIntermediateSize: m.MoEIntermediateSize,
		FullKVHeads:         m.FullKVHeads,
		FullHeadDim:         m.FullHeadDim,
		AttentionKEqV:       m.AttentionKEqV,
		KVSharedLayers:      m.KVSharedLayers,
		CachePaddingLayers:  m.CachePaddingLayers,
		StateLayers:         m.StateLayers,
		StateBytesPerLayer:  m.StateBytesPerLayer,
		CSALayers:           m.CSALayers,
		HCALayers:           m.HCALayers,
		IndexerLayers:       m.IndexerLayers,
		IndexerBytes:        m.IndexerBytes,
	}
}

func (t *tuning) tuning(size sizes) *Tuning {
	out := &Tuning{
		Env:            t.Env,
		DiskGiB:        size.gib("tuning.disk", t.Disk),
		GPUMemoryGiB:   size.gib("tuning.gpuMemory", t.GPUMemory),
		TotalMemoryGiB: size.gib("tuning.totalMemory", t.TotalMemory),
	}
	for _, m := range slices.Sorted(maps.Keys(t.Methods)) {
		field := "tuning.methods." + string(m)
		if m != LoRA && m != QLoRA {
			size.fail(diag.InvalidValue, field, fmt.Sprintf("unknown method %q", m), "use lora or qlora")
		}
		if out.MethodGiB == nil {
			out.MethodGiB = map[Method]int{}
		}
		out.MethodGiB[m] = size.gib(field, t.Methods[m])
	}
	return out
}
