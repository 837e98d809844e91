package derive

import (
	"slices"
	"strings"
)

// countLayers works out which layers keep the whole sequence and which a window of it. It leaves both at 0, which stands for "all
// keep the whole", wherever a model does not say so in a form that is understood: an estimate is then too large, never too small.
func (n *network) countLayers(c object) {
	read := numbers{o: c}
	window := read.first("sliding_window", "sliding_window_size")
	shared, global := read.first("num_kv_shared_layers"), read.first("global_head_dim")
	globalHeads := read.first("num_global_key_value_heads")
	if read.err != nil || n.attention == "mla" {
		return
	}
	if globalHeads == 0 {
		globalHeads = n.kvHeads
	}
	if shared > 0 || global*globalHeads > n.headDim*n.kvHeads {
		return // caches of several sizes
	}
	full, windowed := n.byType(c, read)
	if full+windowed == 0 || full+windowed > n.layers {
		return
	}
	if windowed > 0 && (window == 0 || window >= n.context) {
		full, windowed = full+windowed, 0
	}
	if full == n.layers {
		return // as if nothing had been said
	}
	n.full, n.window = full, windowed
	if windowed > 0 {
		n.sliding = window
	}
}

// byType counts the layers in each of the forms that models use to tell them apart.
func (n *network) byType(c object, read numbers) (full, windowed int) {
	if types := c.texts("layer_types"); len(types) == n.layers && n.layers > 0 {
		known := []string{"full_attention", "sliding_attention", "linear_attention", "mamba", "conv", "recurrent"}
		for _, t := range types {
			switch {
			case t == "full_attention":
				full++
			case t == "sliding_attention":
				windowed++
			case !slices.Contains(known, t):
				return 0, 0
			}
		}
		return full, windowed
	}
	if p := c.text("hybrid_override_pattern"); len(p) == n.layers && n.layers > 0 {
		return strings.Count(p, "*"), 0
	}
	if every := read.first("full_attention_interval"); every > 0 {
		return n.layers / every, 0
	}
	if every := read.first("sliding_window_pattern"); every > 0 { // Gemma 3: each so many-th is full
		full = n.layers / every
		return full, n.layers - full
	}
	return 0, 0
}
