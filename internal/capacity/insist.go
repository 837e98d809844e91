package capacity

import (
	"fmt"

	"syncer.dev/syncer/internal/workspace"
)

// insisted is what the user gets who insists on nodes that are too small by the estimate: as many as asked for. Whatever else is in the
// way stays there: GPUs that lack the arithmetic do not get it, and a model that is not on the disk cannot be loaded. KAITO's annotation
// is about memory, too.
func (r *Request) insisted(s SKU) (Option, bool) {
	if !r.Insist || s.GPUs < 1 || r.barred(s) != "" || r.tooLittleDisk(s) != "" {
		return Option{}, false
	}
	o := r.wholeNodes(s)
	o.DataParallel, o.TensorParallel, o.PipelineParallel = 1, 1, 1
	switch {
	case r.Tuning:
		o.Nodes, o.GPUs = 1, s.GPUs
		o.DataParallel, o.Memory = s.GPUs, r.tuning(s)
	default:
		if r.Transformers || !r.Preset.Model.Distributed {
			o.Nodes, o.GPUs = 1, s.GPUs
		}
		ways := layouts(r.Preset.Model, s, s.GPUs, o.Nodes)
		l := layout{o.Nodes, 1, o.Nodes * s.GPUs, 1} // too many stages for the layers: it is for the user to see
		if len(ways) > 0 {
			l = ways[0]
		}
		o.TensorParallel, o.PipelineParallel, o.DataParallel = l.tensor, l.pipeline, l.data
		o.Memory = r.inference(s, l)
	}
	o.HourlyCost = r.price(s.Name).Times(o.Nodes)
	return o, true
}

// insistence says what the user has been warned of.
func insistence(why string) string {
	return fmt.Sprintf("%s; tried all the same, for the annotation %s", why, workspace.AnnotationBypass)
}
