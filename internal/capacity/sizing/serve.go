// SPDX-License-Identifier: Apache-2.0

package sizing

import (
	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/sizing/memory"
)

// context returns the longest sequence that must fit, in tokens.
func (r *Request) context() int { return memory.Context(r.Preset.Model, r.Context) }

// server returns what serves the model on a size.
func (r *Request) server(s capacity.SKU) memory.Server {
	f := r.modelFacts()
	return memory.Server{
		GPU:      s,
		Facts:    f,
		Engine:   memory.EngineOn(s, f, r.flags(), memory.Mode{WholeCache: r.movesCache(), Wide: r.computes() == float32}),
		Context:  r.context(),
		Adapters: r.Adapters,
	}
}

// inference estimates the memory of one GPU that serves the model.
func (r *Request) inference(s capacity.SKU, l memory.Layout) capacity.Memory {
	return r.server(s).On(l)
}

// serve returns the fewest nodes of the size that serve the model with the given number of GPUs on each, or a rejection
// with the figures of the layout that needs least.
func (r *Request) serve(s capacity.SKU, gpus, maxNodes int) (capacity.Option, *rejection) {
	var last capacity.Memory
	tried := false
	if r.Transformers || !r.Preset.Model.Distributed {
		maxNodes = 1
	}
	server := r.server(s)
	for nodes := 1; nodes <= maxNodes; nodes++ {
		for _, l := range r.ways(s, gpus, nodes) {
			m := server.On(l)
			if m.Fits() {
				return capacity.Option{
					SKU:              s,
					Nodes:            nodes,
					GPUsPerNode:      gpus,
					GPUs:             nodes * gpus,
					Memory:           m,
					TensorParallel:   l.Tensor,
					PipelineParallel: l.Pipeline,
					DataParallel:     l.Data,
				}, nil
			}
			if !tried || l.Data == 1 { // the smallest need of those tried
				last, tried = m, true
			}
		}
	}
	switch {
	case !tried && r.spread() != (spread{}):
		return capacity.Option{}, r.unspread(s, gpus, maxNodes)
	case !tried:
		return capacity.Option{}, &rejection{cause: causeLayout, preset: r.Preset.Name, size: s.Name, gpus: gpus}
	}
	return capacity.Option{}, &rejection{
		cause:  causeInference,
		preset: r.Preset.Name,
		size:   s.Name,
		nodes:  maxNodes,
		tokens: r.context(),
		need:   last.RequiredGiB,
		usable: last.UsableGiB,
	}
}
