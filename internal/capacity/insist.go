package capacity

import (
	"fmt"

	"syncer.dev/syncer/internal/capacity/kaito"
	"syncer.dev/syncer/internal/workspace"
)

// insisted is what the user gets who insists on nodes that are too small by the estimate: as many as asked for. Whatever else is in the
// way stays there: GPUs that lack the arithmetic do not get it, and a model that is not on the disk cannot be loaded. KAITO's annotation
// is about memory, too.
func (r *Request) insisted(s SKU) (Option, bool) {
	if !r.Insist || s.GPUs < 1 || r.barred(s) != "" || r.tooLittleDisk(s) != "" {
		return Option{}, false
	}
	nodes := max(r.Count, 1)
	if r.Tuning || r.Transformers || !r.Preset.Model.Distributed {
		nodes = 1
	}
	return r.onNodes(s, nodes), true
}

// onNodes spreads the model over so many nodes, whether it fits or not.
func (r *Request) onNodes(s SKU, nodes int) Option {
	o := Option{SKU: s, Nodes: nodes, GPUsPerNode: s.GPUs, GPUs: nodes * s.GPUs, HourlyCost: r.price(s.Name).Times(nodes)}
	if r.Tuning {
		o.TensorParallel, o.PipelineParallel, o.DataParallel, o.Memory = 1, 1, s.GPUs, r.tuning(s)
		return o
	}
	l := layout{nodes, 1, nodes * s.GPUs, 1} // more stages than layers: it is for the user to see
	if ways := layouts(r.Preset.Model, s, s.GPUs, nodes); len(ways) > 0 {
		l = ways[0]
	}
	o.TensorParallel, o.PipelineParallel, o.DataParallel, o.Memory = l.tensor, l.pipeline, l.data, r.inference(s, l)
	return o
}

// unestimated gives a model of which hardly more than the size of its weights is known the nodes that KAITO's arithmetic gives it, which
// asks for no more: what is assumed of such a model is on the safe side, and safe enough to choose a size by, but no reason to refuse one that
// somebody has chosen.
func (r *Request) unestimated(s SKU) (Option, bool) {
	m := r.Preset.Model
	if r.Tuning || m.Layers > 0 || m.HiddenSize > 0 || m.Parameters > 0 || s.GPUs < 1 || r.barred(s) != "" || r.tooLittleDisk(s) != "" {
		return Option{}, false
	}
	ask := kaito.Request{WeightBytes: m.WeightBytes, KVBytesPerToken: m.KVBytesPerToken, Context: r.Context, Distributed: m.Distributed && !r.Transformers}
	a, err := ask.On(s.GPUs, s.GPUs*s.GPUMemoryGiB)
	if err != nil || a.Nodes > maxNodesPerWorkload {
		return Option{}, false
	}
	return r.onNodes(s, a.Nodes), true
}

// insistence says what the user has been warned of.
func insistence(why string) string {
	return fmt.Sprintf("%s; tried all the same, for the annotation %s", why, workspace.AnnotationBypass)
}
