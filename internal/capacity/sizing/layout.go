// SPDX-License-Identifier: Apache-2.0

package sizing

import (
	"fmt"
	"strings"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/sizing/memory"
	"syncer.dev/syncer/internal/preset"
)

const (
	// maxNodesPerWorkload is the most nodes of one Workspace.
	maxNodesPerWorkload = 16
	// maxNodesOverEthernet is the most nodes without InfiniBand that sizing selects by itself: each further stage delays
	// every token, and the failure of one node stops the others. A user who names the size may get up to
	// maxNodesPerWorkload.
	maxNodesOverEthernet = 4
)

// layouts returns the layouts of a model over the given number of GPUs on each of the given nodes, the preferred one
// first.
//
// A model smaller than half a GPU gets a copy on each GPU of one node, as in KAITO. Tensor parallelism splits a larger
// model over the GPUs of a node, and pipeline parallelism over nodes. If its heads do not divide by the GPUs of a node,
// the pipeline has several stages in each node. A model that supports neither gets copies, too.
func layouts(m preset.Model, s capacity.SKU, gpus, nodes int) []memory.Layout {
	var out []memory.Layout
	copies := memory.Layout{Nodes: 1, Tensor: 1, Pipeline: 1, Data: gpus}
	light := nodes == 1 && gpus > 1 && float64(m.Loaded()) < float64(s.GPUMemoryGiB)*memory.GiB/2
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
		out = append(out, memory.Layout{Nodes: 1, Tensor: t, Pipeline: 1, Data: 1})
	case m.Distributed && (m.Layers == 0 || stages <= m.Layers):
		out = append(out, memory.Layout{Nodes: nodes, Tensor: t, Pipeline: stages, Data: 1})
	}
	if nodes == 1 && gpus > 1 && !light {
		out = append(out, copies)
	}
	return out
}

// splits reports whether vLLM can split the model over t GPUs.
func splits(m preset.Model, t int) bool { return unevenOver(m, t) == uneven{} }

// uneven is why a model cannot be split over a number of GPUs: a dimension of it that the number does not divide. The
// zero value is no reason. It holds figures, and String formats them: the search for sizes reads almost none.
type uneven struct {
	whole bool   // the model supports no tensor parallelism at all
	what  string // the dimension, such as "heads"
	n     int    // its extent
	group int    // each GPU gets whole groups of so many; 0 without groups
}

// String returns what the number of GPUs has to divide and does not, such as "the 40 heads".
func (u uneven) String() string {
	if u.group > 0 {
		return fmt.Sprintf("the %d %s into whole groups of %d quantized weights", u.n, u.what, u.group)
	}
	return fmt.Sprintf("the %d %s", u.n, u.what)
}

// unevenOver returns why vLLM cannot split the model over t GPUs: t divides the heads and the feed-forward layer, and
// the KV heads divide evenly or are copied evenly. The inputs of quantized layers are whole groups on each GPU.
func unevenOver(m preset.Model, t int) uneven {
	switch {
	case t == 1:
		return uneven{}
	case !m.TensorParallel:
		return uneven{whole: true}
	case m.Heads%t != 0:
		return uneven{what: "heads", n: m.Heads}
	case m.IntermediateSize%t != 0:
		return uneven{what: "inputs of a feed-forward layer", n: m.IntermediateSize}
	}
	if u := unevenGroups(m, t); u != (uneven{}) || m.Attention == "mla" || m.KVHeads == 0 {
		return u
	}
	if m.KVHeads%t != 0 && t%m.KVHeads != 0 {
		return uneven{what: "KV heads", n: m.KVHeads}
	}
	return uneven{}
}

// quantGroup is the number of inputs that share a scale in AWQ and GPTQ where config.json does not say it.
const quantGroup = 128

// unevenGroups returns which of t GPUs' inputs are not whole groups, of the layers that are split by their inputs: the
// output of attention, and the second matrix of a feed-forward layer or of an expert. vLLM stops otherwise: "the input
// size is not aligned with the quantized weight shape".
func unevenGroups(m preset.Model, t int) uneven {
	group := m.QuantGroupSize
	if q := strings.ToLower(m.Quantization); group == 0 && (strings.Contains(q, "awq") || strings.Contains(q, "gptq")) {
		group = quantGroup
	}
	if group <= 1 {
		return uneven{}
	}
	attention := m.HiddenSize
	if m.Heads > 0 && m.HeadDim > 0 {
		attention = m.Heads * m.HeadDim
	}
	for _, inputs := range []uneven{
		{what: "outputs of attention", n: attention},
		{what: "inputs of a feed-forward layer", n: m.IntermediateSize},
		{what: "inputs of an expert", n: m.MoEIntermediateSize},
	} {
		if inputs.n%(t*group) != 0 {
			inputs.group = group
			return inputs
		}
	}
	return uneven{}
}
