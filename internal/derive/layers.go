// SPDX-License-Identifier: Apache-2.0

package derive

import (
	"encoding/json"
	"slices"
	"strings"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/preset"
)

// countLayers counts the layers that cache the whole sequence and those that cache a window of it. If config.json does
// not state them in a known form, both stay 0, which means that all layers cache the whole sequence: an estimate is
// then too large, never too small.
func (n *network) countLayers(c object) {
	read := numbers{o: c}
	window := read.first("sliding_window", "sliding_window_size")
	shared, global := read.first("num_kv_shared_layers"), read.first("global_head_dim")
	globalHeads := read.first("num_global_key_value_heads")
	if read.err != nil || n.attention == "mla" || n.attention == "csa" {
		return
	}
	if globalHeads == 0 {
		globalHeads = n.kvHeads
	}
	if global > 0 && (global != n.headDim || globalHeads != n.kvHeads) {
		n.fullKVHeads, n.fullHeadDim = globalHeads, global
	}
	if equal, _ := c.get("attention_k_eq_v"); equal == true {
		n.keysAreValues = true
	}
	full, windowed := n.byType(c, read, shared)
	if full+windowed == 0 || full+windowed+shared > n.layers {
		return
	}
	if windowed > 0 && (window == 0 || window >= n.context) {
		full, windowed = full+windowed, 0
	}
	if full == n.layers {
		return // the default
	}
	n.full, n.window, n.shared = full, windowed, shared
	if windowed > 0 {
		n.sliding = window
	}
}

// byType counts the layers with a cache of their own in each of the forms that models use. The last layers are those
// that share one.
func (n *network) byType(c object, read numbers, shared int) (full, windowed int) {
	if types := c.texts("layer_types"); len(types) == n.layers && shared < n.layers {
		known := []string{"full_attention", "sliding_attention", "linear_attention", "mamba", "conv", "recurrent"}
		for _, t := range types[:n.layers-shared] {
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
	if shared > 0 {
		return 0, 0 // which kinds of layers share is not known
	}
	if p := c.text("hybrid_override_pattern"); len(p) == n.layers && n.layers > 0 {
		return strings.Count(p, "*"), 0
	}
	if every := read.first("full_attention_interval"); every > 0 {
		return n.layers / every, 0
	}
	if every := read.first("sliding_window_pattern"); every > 0 { // Gemma 3: every n-th layer is full
		full = n.layers / every
		return full, n.layers - full
	}
	return 0, 0
}

// compressed reads the compression ratio of each layer of DeepSeek V4, whose cache KAITO takes for one KV head. Other
// ratios than those that vLLM knows leave the layers as they are.
func (n *network) compressed(c object) {
	v, _ := c.get("compress_ratios")
	list, _ := v.([]any)
	window, err := c.number("sliding_window")
	if err != nil || window == 0 || n.layers == 0 || len(list) < n.layers {
		return
	}
	count := map[any]int{}
	for _, ratio := range list[:n.layers] { // those behind are of layers that predict further tokens
		count[ratio]++
	}
	csa, hca := count[json.Number("4")], count[json.Number("128")]
	if csa+hca+count[json.Number("0")]+count[json.Number("1")] != n.layers || csa+hca == 0 {
		return
	}
	n.attention, n.csa, n.hca, n.sliding, n.indexer = "csa", csa, hca, window, 0
}

// states counts the layers with a state that does not grow, and the bytes of one: a matrix in 32 bit, and the tail of a
// convolution in 16. Both stay 0 unless config.json states all that they follow from.
func (n *network) states(c object) error {
	read := numbers{o: c}
	var count int
	var matrix, channels, kernel int64
	switch pattern := c.text("hybrid_override_pattern"); {
	case len(pattern) == n.layers && strings.Contains(pattern, "M"): // Mamba 2
		heads, width := int64(read.first("mamba_num_heads")), int64(read.first("mamba_head_dim"))
		size, groups := int64(read.first("ssm_state_size")), int64(read.first("n_groups"))
		count, kernel = strings.Count(pattern, "M"), int64(read.first("conv_kernel"))
		if err := read.bounded(heads, width, size, groups, kernel); err != nil {
			return err
		}
		matrix, channels = heads*width*size, heads*width+2*groups*size
	case n.full > 0 && read.first("linear_num_value_heads") > 0: // gated delta net
		values, wide := int64(read.first("linear_num_value_heads")), int64(read.first("linear_value_head_dim"))
		keys, narrow := int64(read.first("linear_num_key_heads")), int64(read.first("linear_key_head_dim"))
		count, kernel = n.layers-n.full-n.window, int64(read.first("linear_conv_kernel_dim"))
		if err := read.bounded(values, wide, keys, narrow, kernel); err != nil {
			return err
		}
		matrix, channels = values*wide*narrow, values*wide+2*keys*narrow
	}
	if read.err != nil || count <= 0 || matrix == 0 || kernel == 0 {
		return read.err
	}
	bytes := 4*matrix + 2*channels*(kernel-1)
	if bytes > maxNumber {
		return diag.Errorf(diag.InconsistentMetadata,
			"the state of a layer would take %d bytes, more than %d", bytes, maxNumber).In(c.doc.Name)
	}
	n.state, n.stateBytes = count, bytes
	return nil
}

// maxStateSize bounds each size of a state, so that no product of three overflows.
const maxStateSize = 1 << 20

// bounded returns an error if a size of a state is larger than any.
func (n *numbers) bounded(sizes ...int64) error {
	if slices.Max(sizes) > maxStateSize {
		return diag.Errorf(diag.OutOfRange, "a size of the state is larger than %d", maxStateSize).In(n.o.doc.Name)
	}
	return nil
}

// hybrid reports whether layers have caches of different kinds.
func (n *network) hybrid() bool {
	return preset.Model{Layers: n.layers, FullLayers: n.full, WindowLayers: n.window}.Hybrid()
}
