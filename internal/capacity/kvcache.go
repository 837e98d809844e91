package capacity

import "syncer.dev/syncer/internal/preset"

const (
	// blockTokens is the size of vLLM's cache blocks, in tokens.
	blockTokens = 16
	// stateOfLayer is what a layer without a growing cache (Mamba, linear attention) keeps of a sequence, in bytes. Nemotron-H has
	// 2 MiB: 128 heads x 64 x 128 values at 16 bit, and the tail of a convolution.
	stateOfLayer = 4 << 20
	// cacheOfWeights guesses, for a model of which only the weights are known, the cache of a token from their size. It is that
	// of Llama-2-7B, 512 KiB for 12.6 GiB, whose cache is large for its weights.
	cacheOfWeights = 4e-5
)

// cachePerLayer returns the bytes that one token has in one layer, at 16 bit.
//
// Attention with heads keeps a key and a value for each KV head. MLA keeps one latent for both, so that there is no factor of 2.
func cachePerLayer(m preset.Model, f *facts) float64 {
	layers := float64(max(m.Layers, 1))
	switch {
	case m.KVLatent > 0:
		return 2 * float64(m.KVLatent)
	case m.KVHeads > 0 && m.HeadDim > 0 && !f.mla:
		return 2 * 2 * float64(m.KVHeads) * float64(m.HeadDim)
	case m.KVBytesPerToken > 0 && m.Layers > 0:
		return float64(m.KVBytesPerToken) / layers // KAITO's figure counts every layer
	case m.KVBytesPerToken > 0:
		return float64(m.KVBytesPerToken) / float64(f.layers)
	case m.HiddenSize > 0:
		return 2 * 2 * float64(m.HiddenSize) // as many KV heads as heads
	}
	return f.bytes * cacheOfWeights / float64(f.layers)
}

// cacheOn returns the bytes that the cache of one sequence of so many tokens takes on one GPU: vLLM starts only when it has room
// for that.
//
// Tensor parallelism shares the KV heads out, and once there are more GPUs than heads it copies them. The latent of MLA is on every
// GPU. Pipeline parallelism gives each stage the cache of its own layers. A layer with a sliding window keeps no more than the
// window and what one step adds to it.
func cacheOn(f *facts, e engine, l layout, context int) float64 {
	shards := 1
	if !f.mla {
		shards = l.tensor
		if f.kvHeads > 0 {
			shards = min(shards, f.kvHeads)
		}
	}
	inWindow := context
	if f.slidingWindow > 0 {
		inWindow = min(context, f.slidingWindow-1+e.batchedTokens)
	}
	tokens := float64(f.full)*blocks(context) + float64(f.window)*blocks(inWindow)
	stage := float64((f.layers+l.pipeline-1)/l.pipeline) / float64(f.layers) // the share of the largest stage
	return (tokens*f.cachePerLayer*e.cacheShare/float64(shards) + float64(f.fixedState)*stateOfLayer/float64(l.tensor)) * stage
}

// blocks rounds up to whole blocks of the cache.
func blocks(tokens int) float64 {
	return float64((tokens + blockTokens - 1) / blockTokens * blockTokens)
}
