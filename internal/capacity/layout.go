package capacity

import "syncer.dev/syncer/internal/preset"

// layout is how a model is spread over GPUs: tensor x pipeline x data is all that are taken.
type layout struct{ nodes, tensor, pipeline, data int }

const (
	maxNodesPerWorkload = 16
	// maxNodesOverEthernet is how many nodes without InfiniBand are chosen for somebody: every further stage makes each token wait
	// once more, and one node that fails takes the others with it. Whoever names the size may have up to maxNodesPerWorkload.
	maxNodesOverEthernet = 4
)

// layouts returns the ways to spread a model over so many GPUs on each of so many nodes, the preferred one first.
//
// A model of less than half a GPU is served by a copy on each GPU of a node, as KAITO does; anything larger is split over the GPUs
// of a node, and nodes follow each other in a pipeline. Where its heads do not allow to split it over all GPUs of a node, the
// pipeline has several stages in a node. A model that can be split in neither way gets its copies, too.
func layouts(m preset.Model, s SKU, gpus, nodes int) []layout {
	var out []layout
	copies := layout{1, 1, 1, gpus}
	light := nodes == 1 && gpus > 1 && float64(loadedBytes(m)) < float64(s.GPUMemoryGiB)*gib/2
	if light {
		out = append(out, copies)
	}
	t := gpus
	for t > 1 && (gpus%t != 0 || !splits(m, t)) {
		t--
	}
	stages := nodes * gpus / t
	switch {
	case stages == 1:
		out = append(out, layout{1, t, 1, 1})
	case m.Distributed && (m.Layers == 0 || stages <= m.Layers):
		out = append(out, layout{nodes, t, stages, 1})
	}
	if nodes == 1 && gpus > 1 && !light {
		out = append(out, copies)
	}
	return out
}

// splits reports whether vLLM can split the model over t GPUs: heads must divide evenly, heads of keys and values must either
// divide evenly or be copied evenly, and so must the feed-forward layer.
func splits(m preset.Model, t int) bool {
	switch {
	case t == 1:
		return true
	case !m.TensorParallel, m.Heads%t != 0, m.IntermediateSize%t != 0:
		return false
	case m.Attention == "mla" || m.KVHeads == 0:
		return true
	}
	return m.KVHeads%t == 0 || t%m.KVHeads == 0
}
