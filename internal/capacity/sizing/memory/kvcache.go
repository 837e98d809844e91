// SPDX-License-Identifier: Apache-2.0

package memory

import (
	"math"

	"syncer.dev/syncer/internal/preset"
)

const (
	// blockTokens is the size of vLLM's cache blocks, in tokens.
	blockTokens = 16
	// unknownState is what a layer without a growing cache (Mamba, linear attention) keeps of a sequence, in bytes, where
	// the preset does not say. Nemotron-H has 2 to 8 MiB: 128 heads x 64 x 128 values in 32 bit, and the tail of a
	// convolution.
	unknownState = 4 << 20
	// cacheOfWeights is the assumed cache of a token relative to the weights, for models with no other known fact. It is
	// that of Llama-2-7B, 512 KiB for 12.6 GiB, whose cache is large for its weights.
	cacheOfWeights = 4e-5
)

// cachePerLayer returns the cache of one token in one layer, in bytes, at 16 bit.
//
// Attention with heads keeps a key and a value for each KV head. MLA keeps one latent for both, without a
// factor of 2.
func cachePerLayer(m preset.Model, f *Facts) float64 {
	layers := float64(max(m.Layers, 1))
	switch {
	case m.KVLatent > 0:
		return 2 * float64(m.KVLatent)
	case m.KVHeads > 0 && m.HeadDim > 0 && !f.mla:
		return 2 * 2 * float64(m.KVHeads) * float64(m.HeadDim)
	case m.KVBytesPerToken > 0 && m.Layers > 0:
		return float64(m.KVBytesPerToken) / layers // KAITO's figure counts every layer
	case m.KVBytesPerToken > 0:
		return float64(m.KVBytesPerToken) / float64(f.Layers)
	case m.HiddenSize > 0:
		return 2 * 2 * float64(m.HiddenSize) // as many KV heads as heads
	}
	return f.Bytes * cacheOfWeights / float64(f.Layers)
}

// cacheOn returns the bytes of the cache of one sequence on one GPU. vLLM starts only if it has memory for one sequence
// of the full context.
//
// Tensor parallelism distributes the KV heads and the states, and copies heads if there are more GPUs than heads. Every
// GPU holds the latent of MLA and the keys of indexers. Each stage of a pipeline holds the cache of its own layers.
func cacheOn(f *Facts, e Engine, l Layout, context int) float64 {
	stage := float64((f.Layers+l.Pipeline-1)/l.Pipeline) / float64(f.Layers) // the share of the largest stage
	if f.csa > 0 || f.hca > 0 {
		return compressedCache(f, e, context) * stage
	}
	c := cacheKinds{
		full:       float64(f.full),
		window:     float64(f.window),
		state:      float64(f.states),
		fullToken:  f.fullPerLayer * e.cacheShare / heads(f, f.fullKVHeads, l.Tensor),
		inWindow:   f.cachePerLayer * e.cacheShare / heads(f, f.kvHeads, l.Tensor),
		stateBytes: f.stateBytes / float64(l.Tensor),
	}
	if !e.hybridOff {
		c.pad(float64(f.padding))
	}
	return (c.bytes(f, e, context) + f.indexer*blocks(context, blockTokens)) * stage
}

// heads returns over how many GPUs tensor parallelism distributes the cache of a layer.
func heads(f *Facts, kvHeads, tensor int) float64 {
	switch {
	case f.mla:
		return 1
	case kvHeads > 0:
		return float64(min(tensor, kvHeads))
	}
	return float64(tensor)
}

// cacheKinds holds the layers of a model by what they keep, on one GPU.
type cacheKinds struct {
	full, window, state float64 // layers
	fullToken, inWindow float64 // bytes of one token in one layer
	stateBytes          float64 // of one layer and sequence
}

// similar is the ratio of two kinds of layers up to which vLLM groups them by the larger number.
const similar = 1.25

// pad adds the layers that complete vLLM's groups (get_kv_cache_groups): all groups have as many layers as the rarest
// kind, so that 10 full layers and 52 with a window are 1 and 6 groups of 10. known is the number of layers that vLLM
// is known to add, for a version with another rule.
func (c *cacheKinds) pad(known float64) {
	var kinds []*float64
	for _, n := range []*float64{&c.full, &c.window, &c.state} {
		if *n > 0 {
			kinds = append(kinds, n)
		}
	}
	least, most := math.Inf(1), 0.0
	for _, n := range kinds {
		least, most = min(least, *n), max(most, *n)
	}
	group := least
	if most < similar*least {
		group = most
	}
	for _, n := range kinds {
		padded := math.Ceil(*n/group) * group
		known -= padded - *n
		*n = padded
	}
	if c.window > 0 {
		c.window += max(known, 0)
	}
}

// bytes returns the cache of one sequence.
//
// Pages of all kinds have one size, that of the largest, so that small tokens come in larger blocks; a state takes one
// page. A layer with a window keeps at most the window and the tokens of one step, in one block more than they fill,
// unless the hybrid cache manager is off: without it, vLLM turns every window into full attention.
func (c cacheKinds) bytes(f *Facts, e Engine, context int) float64 {
	page := blockTokens * max(c.fullToken, c.inWindow)
	if c.state > 0 {
		perToken := max(c.inWindow, 1) // a preset may say that its weights have no bytes
		if c.full > 0 {
			perToken = max(c.fullToken, 1)
		}
		page = max(page, perToken*math.Ceil(c.stateBytes/perToken/blockTokens)*blockTokens)
	}
	tokens := func(perToken float64) int { return max(int(page/max(perToken, 1)+0.5), blockTokens) }
	fullBlock, windowBlock := tokens(c.fullToken), tokens(c.inWindow)
	out := c.full*blocks(context, fullBlock)*c.fullToken + c.state*page*float64(e.rules.states)
	kept := f.slidingWindow - 1
	if e.rules.inFlight {
		kept += e.batchedTokens
	}
	if e.hybridOff || kept >= context {
		kept = context
	}
	inWindow := blocks(kept, windowBlock)
	if !e.hybridOff {
		inWindow += float64(windowBlock)
	}
	return out + c.window*inWindow*c.inWindow
}

// blocks rounds up to whole blocks of the cache.
func blocks(tokens, block int) float64 { return float64((tokens + block - 1) / block * block) }
