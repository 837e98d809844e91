package derive

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strings"
)

// network is what config.json says about a model.
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
	parameters    int64
	quantization  string
	quantBits     int
	dtype         string // of the weights, as config.json has it
	full, window  int    // layers; both 0 when not known
	sliding       int
	nativeFormat  bool // params.json
}

// defaultContext is what KAITO takes when a model does not say how long a sequence may be.
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

// networkOf reads config.json or params.json. What is nested for multi-modal models fills what is missing outside.
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
		context:       n.first("max_position_embeddings", "n_ctx", "seq_length", "max_seq_len", "max_sequence_length", "model_max_length"),
		hidden:        n.first("hidden_size", "n_embd", "d_model", "dim"),
		layers:        n.first("num_hidden_layers", "n_layer", "n_layers"),
		heads:         n.first("num_attention_heads", "n_head", "n_heads"),
		kvHeads:       n.first("num_key_value_heads", "n_head_kv", "n_kv_heads"),
		headDim:       n.first("head_dim", "attention_head_dim"),
		vocab:         n.first("vocab_size"),
		intermediate:  n.first("intermediate_size", "ffn_hidden_size", "n_inner", "hidden_dim"),
		experts:       n.first("n_routed_experts", "num_local_experts", "num_experts"),
		dtype:         cmp.Or(whole.text("dtype"), whole.text("torch_dtype")),
		nativeFormat:  strings.HasSuffix(c.doc.Name, "params.json"),
	}
	if n.err != nil {
		return network{}, n.err
	}
	if out.layers == 0 {
		out.layers = len(whole.texts("layers_block_type"))
	}
	if moe, ok := whole.child("moe"); ok && out.experts == 0 {
		m := numbers{o: moe}
		out.experts = m.first("num_experts")
		n.err = cmp.Or(n.err, m.err)
	}
	out.context = cmp.Or(out.context, defaultContext)
	if err := out.cache(whole); err != nil {
		return network{}, err
	}
	if err := out.quantized(whole); err != nil {
		return network{}, err
	}
	out.countLayers(whole)
	if len(out.architectures) == 0 {
		switch { // Mistral's own format does not name it
		case strings.HasPrefix(short, "mistral-large-3"):
			out.architectures = []string{"MistralLarge3ForCausalLM"}
		case strings.HasPrefix(short, "ministral-3"):
			out.architectures = []string{"Mistral3ForConditionalGeneration"}
		}
	}
	for _, missing := range []struct {
		what string
		n    int
	}{{"layers", out.layers}, {"attention heads", out.heads}, {"the hidden size", out.hidden}} {
		if missing.n == 0 {
			return network{}, fmt.Errorf("%s does not say how many or how large: %s", c.doc.Name, missing.what)
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
		return fmt.Errorf("%s: a token would take %.0f bytes of cache", c.doc.Name, total)
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
	return nil
}

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
	return err
}

// integer reads a JSON number that may be larger than those of a network.
func integer(v any) (int64, error) {
	num, ok := v.(json.Number)
	if !ok {
		return 0, fmt.Errorf("not a number")
	}
	if n, err := num.Int64(); err == nil {
		return n, nil
	}
	f, err := num.Float64() // some write 1.6e10
	if err != nil || f != float64(int64(f)) {
		return 0, fmt.Errorf("not a whole number")
	}
	return int64(f), nil
}
