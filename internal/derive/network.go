// SPDX-License-Identifier: Apache-2.0

package derive

import (
	"cmp"
	"encoding/json"
	"strings"

	"syncer.dev/syncer/internal/diag"
)

// network holds the figures of a model from config.json.
type network struct {
	architectures []string
	context       int
	hidden        int
	layers        int
	heads         int
	kvHeads       int
	headDim       int
	attention     string
	kvBytes       int64
	kvLatent      int
	vocab         int
	intermediate  int
	experts       int
	expertWidth   int // of the feed-forward layer of one expert
	parameters    int64
	quantization  string
	quantBits     int
	quantGroup    int    // inputs that share a scale; 1 if they have no groups; 0 if unknown
	dtype         string // of the weights, as config.json has it
	full, window  int    // layers; both 0 when not known
	sliding       int
	fullKVHeads   int   // of the full layers, where they differ
	fullHeadDim   int   //
	keysAreValues bool  // in the full layers
	shared        int   // layers that read the cache of another one
	state         int   // layers that keep a state of stateBytes
	stateBytes    int64 //
	csa, hca      int   // layers of compressed sparse attention
	indexer       int64 // bytes that the indexers of all layers keep of a token
	nativeFormat  bool  // params.json
	remoteCode    bool  // the repository has code that loading the model needs
}

// defaultContext is KAITO's context, in tokens, for a model that states none.
const defaultContext = 2048

// numbers reads several numbers of an object and keeps the first error.
type numbers struct {
	o   object
	err error
}

func (n *numbers) first(names ...string) int {
	v, err := n.o.number(names...)
	n.err = cmp.Or(n.err, err)
	return v
}

// networkOf reads config.json or params.json. The nested config of a multi-modal model fills missing fields.
func networkOf(c object, short string) (network, error) {
	whole := c
	for _, nested := range []string{"text_config", "llm_config"} {
		if inner, ok := c.child(nested); ok {
			whole.outer = &inner
			break
		}
	}
	n := numbers{o: whole}
	out := network{
		architectures: c.texts("architectures"),
		context: n.first(
			"max_position_embeddings",
			"n_ctx",
			"seq_length",
			"max_seq_len",
			"max_sequence_length",
			"model_max_length",
		),
		hidden:       n.first("hidden_size", "n_embd", "d_model", "dim"),
		layers:       n.first("num_hidden_layers", "n_layer", "n_layers"),
		heads:        n.first("num_attention_heads", "n_head", "n_heads"),
		kvHeads:      n.first("num_key_value_heads", "n_head_kv", "n_kv_heads"),
		headDim:      n.first("head_dim", "attention_head_dim"),
		vocab:        n.first("vocab_size"),
		intermediate: n.first("intermediate_size", "ffn_hidden_size", "n_inner", "hidden_dim"),
		experts:      n.first("n_routed_experts", "num_local_experts", "num_experts"),
		expertWidth:  n.first("moe_intermediate_size"),
		dtype:        cmp.Or(whole.text("dtype"), whole.text("torch_dtype")),
		nativeFormat: strings.HasSuffix(c.doc.Name, "params.json"),
		remoteCode:   ownCode(c),
	}
	if n.err != nil {
		return network{}, n.err
	}
	if out.layers == 0 {
		out.layers = len(whole.texts("layers_block_type"))
	}
	if moe, ok := whole.child("moe"); ok && out.experts == 0 {
		m := numbers{o: moe}
		out.experts, out.expertWidth = m.first("num_experts"), m.first("expert_hidden_dim")
		n.err = cmp.Or(n.err, m.err)
	}
	if out.expertWidth == 0 && n.first("num_local_experts") > 0 { // all feed-forward layers are experts
		out.expertWidth, out.intermediate = out.intermediate, 0
	}
	out.context = cmp.Or(out.context, defaultContext)
	if err := out.cache(whole); err != nil {
		return network{}, err
	}
	if err := out.quantized(whole); err != nil {
		return network{}, err
	}
	out.compressed(whole)
	out.countLayers(whole)
	if err := out.states(whole); err != nil {
		return network{}, err
	}
	if len(out.architectures) == 0 {
		switch { // Mistral's own format does not name it
		case strings.HasPrefix(short, "mistral-large-3"):
			out.architectures = []string{"MistralLarge3ForCausalLM"}
		case strings.HasPrefix(short, "ministral-3"):
			out.architectures = []string{"Mistral3ForConditionalGeneration"}
		}
	}
	for _, required := range []struct {
		field string
		n     int
	}{{"num_hidden_layers", out.layers}, {"num_attention_heads", out.heads}, {"hidden_size", out.hidden}} {
		if required.n == 0 {
			return network{}, diag.Errorf(diag.RequiredField, "is missing").On(required.field).In(c.doc.Name)
		}
	}
	return out, n.err
}

// cache works out the kind of attention, and what it keeps of a token: two bytes for each number, over all layers.
func (n *network) cache(c object) error {
	read := numbers{o: c}
	rank, rope := read.first("kv_lora_rank"), read.first("qk_rope_head_dim")
	if read.err != nil {
		return read.err
	}
	if n.kvHeads == 0 {
		n.kvHeads = n.heads
		if multi, _ := c.get("multi_query"); multi == true {
			n.kvHeads = 1
		}
	}
	if n.headDim == 0 && n.heads > 0 {
		n.headDim = n.hidden / n.heads
	}
	perLayer := int64(2 * n.kvHeads * n.headDim)
	if total := 2 * float64(max(perLayer, int64(rank+rope))) * float64(n.layers); total > maxBytes {
		return diag.Errorf(diag.InconsistentMetadata,
			"a token would take %.0f bytes of cache, more than %d", total, int64(maxBytes)).In(c.doc.Name)
	}
	switch {
	case rank > 0:
		n.attention, n.kvLatent = "mla", rank+rope
		perLayer = int64(n.kvLatent)
	case perLayer == 0:
		return nil // not known
	case n.heads == n.kvHeads:
		n.attention = "mha"
	case n.kvHeads == 1:
		n.attention = "mqa"
	default:
		n.attention = "gqa"
	}
	n.kvBytes = 2 * perLayer * int64(n.layers)
	if width := read.first("index_head_dim"); width > 0 && read.first("index_topk") > 0 {
		n.indexer = int64(n.layers) * int64(width+indexScale) // a key of one byte a value
	}
	return read.err
}

// indexScale is the size of the scale of a key of the indexer, in bytes.
const indexScale = 4

// quantized reads how weights are stored, other than as plain numbers.
func (n *network) quantized(c object) error {
	q, ok := c.child("quantization_config")
	if !ok {
		if q, ok = c.child("quantization"); !ok { // params.json
			return nil
		}
		n.quantization = "fp8"
	}
	n.quantization = cmp.Or(q.text("quant_method"), n.quantization, q.text("quant_algo"), q.text("format"), "unknown")
	bits, err := q.number("bits")
	n.quantBits = bits
	return cmp.Or(err, n.grouped(q))
}

// grouped reads how many inputs of a layer share a scale: in compressed-tensors, those of its first group. A negative
// number means that there is one scale for all inputs.
func (n *network) grouped(q object) error {
	if groups, ok := q.child("config_groups"); ok {
		if group, ok := groups.child("group_0"); ok {
			if weights, ok := group.child("weights"); ok {
				q = weights
			}
		}
	}
	if v, _ := q.get("group_size"); v == json.Number("-1") {
		n.quantGroup = 1
		return nil
	}
	size, err := q.number("group_size")
	n.quantGroup = size
	return err
}

// integer reads a whole number in JSON, which may be larger than those of a network.
func integer(v any) (n int64, ok bool) {
	num, ok := v.(json.Number)
	if !ok {
		return 0, false
	}
	if n, err := num.Int64(); err == nil {
		return n, true
	}
	f, err := num.Float64() // some write 1.6e10
	return int64(f), err == nil && f == float64(int64(f))
}
