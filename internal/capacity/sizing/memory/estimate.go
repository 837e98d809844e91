// SPDX-License-Identifier: Apache-2.0

package memory

import (
	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/preset"
)

// GiB is 2^30 bytes. Estimates compute in bytes and divide by it at the end.
const GiB = 1 << 30

// defaultContext is the shortest sequence that must fit if the user sets no length, in tokens. The rendered flag
// --max-model-len=auto then extends the context to the memory that is left.
const defaultContext = 8192

// Context returns the longest sequence that must fit, in tokens: asked if it is above zero, else the default, or the
// limit of the model if that is less.
func Context(m preset.Model, asked int) int {
	switch {
	case asked > 0:
		return asked
	case m.ContextLength > 0:
		return min(m.ContextLength, defaultContext)
	}
	return defaultContext
}

// Layout spreads a model over nodes: Tensor x Pipeline x Data is the number of GPUs on all Nodes together. Each of Data
// copies has Pipeline stages, and each stage is split over Tensor GPUs.
type Layout struct{ Nodes, Tensor, Pipeline, Data int }

// Server is vLLM with a model on GPUs of one kind.
type Server struct {
	GPU      capacity.SKU // whose GPUs serve; only the GPU of the size counts
	Facts    *Facts
	Engine   Engine
	Context  int // tokens of the longest sequence that must fit
	Adapters int // LoRA adapters served with the model
}

// On returns the memory of the GPU that takes most in a layout, in GiB, with each term of the estimate.
func (s Server) On(l Layout) capacity.Memory {
	f, e := s.Facts, s.Engine
	m := capacity.Memory{
		WeightsGiB:    weightsOn(f, f.loadedOn(e), l) / GiB,
		KVCacheGiB:    cacheOn(f, e, l, s.Context) / GiB,
		ActivationGiB: activationOn(f, e, l) / GiB,
		AdaptersGiB:   adaptersOn(f, l, s.Adapters) / GiB,
		GPUGiB:        s.GPU.GPUUsableGiB,
		Utilization:   e.utilization,
		UsableGiB:     s.GPU.GPUUsableGiB * e.utilization,
		Context:       s.Context,
		Sequences:     e.seqs,
		BatchTokens:   e.batchedTokens,
	}
	m.FixedGiB, m.GraphsGiB = fixedOn(f, e, l)
	m.MarginGiB = marginOn(f, e, m.ActivationGiB+m.GraphsGiB+m.FixedGiB)
	return m.Sum()
}
