// SPDX-License-Identifier: Apache-2.0

package sizing

import (
	"fmt"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/sizing/kaito"
	"syncer.dev/syncer/internal/capacity/sizing/memory"
	"syncer.dev/syncer/internal/workspace/admission"
)

// override returns as many nodes as the user asks for although the estimate says that their memory is too small. It
// applies only with KAITO's annotation bypass-resource-checks, which is about memory: the compute capability check and
// the disk check stay.
func (r *Request) override(s capacity.SKU) (capacity.Option, bool) {
	if !r.BypassMemoryCheck || s.GPUs < 1 || r.incapable(s) != "" || r.tooLittleDisk(s) != "" {
		return capacity.Option{}, false
	}
	nodes := max(r.Count, 1)
	if r.Tuning || r.Transformers || !r.Preset.Model.Distributed {
		nodes = 1
	}
	return r.onNodes(s, nodes), true
}

// onNodes spreads the model over the given number of nodes, without a check of their memory.
func (r *Request) onNodes(s capacity.SKU, nodes int) capacity.Option {
	o := capacity.Option{
		SKU:         s,
		Nodes:       nodes,
		GPUsPerNode: s.GPUs,
		GPUs:        nodes * s.GPUs,
		HourlyCost:  r.price(s.Name).Times(nodes),
	}
	if r.Tuning {
		o.TensorParallel, o.PipelineParallel, o.DataParallel, o.Memory = 1, 1, s.GPUs, r.tuning(s)
		return o
	}
	// Without a layout, vLLM may get more stages than layers and refuse to start: the user asked for these nodes.
	l := memory.Layout{Nodes: nodes, Tensor: 1, Pipeline: nodes * s.GPUs, Data: 1}
	if ways := r.ways(s, s.GPUs, nodes); len(ways) > 0 {
		l = ways[0]
	}
	o.TensorParallel, o.PipelineParallel, o.DataParallel, o.Memory = l.Tensor, l.Pipeline, l.Data, r.inference(s, l)
	return o
}

// unestimated returns the nodes that KAITO's arithmetic gives a model for which the preset states only the size of the
// weights. The assumptions about such a model are conservative: good enough to select a size, too strict to refuse the
// size that a user names.
func (r *Request) unestimated(s capacity.SKU) (capacity.Option, bool) {
	m := r.Preset.Model
	if r.Tuning || m.Layers > 0 || m.HiddenSize > 0 || m.Parameters > 0 || s.GPUs < 1 || r.incapable(s) != "" ||
		r.tooLittleDisk(s) != "" {
		return capacity.Option{}, false
	}
	ask := kaito.Request{
		WeightBytes:     m.Counted(),
		KVBytesPerToken: m.KVBytesPerToken,
		Context:         r.Context,
		Distributed:     m.Distributed && !r.Transformers,
	}
	a, err := ask.On(s.GPUs, s.GPUs*s.GPUMemoryGiB)
	if err != nil || a.Nodes > maxNodesPerWorkload {
		return capacity.Option{}, false
	}
	return r.onNodes(s, a.Nodes), true
}

// overrideNote returns the note of a Demand whose memory check the user bypassed.
func overrideNote(why string) string {
	return fmt.Sprintf("%s; scheduled anyway, because the annotation %s is set", why, admission.AnnotationBypass)
}
