// SPDX-License-Identifier: Apache-2.0

package memory

// The peak of activations is what vLLM measures with a dummy run before it hands out the cache. It does not follow the
// weights. Three things compete for it, and the hidden states of the batch stay allocated meanwhile:
//
// The sampler. For every sequence of the largest batch there is a row of logits as wide as the vocabulary. Versions
// that mask logits in place (vLLM's Triton kernels, FlashInfer) hold the row of one GPU and the gathered one in 16 bit,
// the logits in 32 bit and a masked copy, their probabilities, and as much random noise: 2 + 2 + 4 + 4 + 4 + 4 bytes.
// Two starts with that sampler needed 16.5 and 18.4. Older versions sort: values, 64-bit indices, and space for both
// while sorting. For them the figure is fitted to six starts that the llm-d project published, weights of 1 to 64 GiB
// and vocabularies of 128256, 151936 and 201088 words, which it meets within 0.1 GiB.
//
// The layers. For every token of the largest batch a layer holds its input, the residual and its output, and on each
// GPU its share of the feed-forward layer: gate, up and their product. With experts, eight of them see each token.
//
// The encoder of a model that sees: encoder.go.
const (
	masked = 2 + 2 + 4 + 4 + 4 + 4
	sorted = 38.6

	// mxfp4Floor is the least that layers with MXFP4 take with Triton's kernels, in GiB: so much was left over of the one
	// measured start, of gpt-oss-120b with vLLM 0.25.1 and, by its notes, 8 sequences. No known part explains it.
	mxfp4Floor = 2.6

	expertsPerToken = 8
	expertNarrower  = 4 // the feed-forward layer of one expert, relative to an ordinary one, where its width is unknown
)

// activationOn returns the bytes that activations take at their peak on one GPU. The sampler works on whole rows, which
// every GPU gathers.
func activationOn(f *Facts, e Engine, l Layout) float64 {
	tokens, hidden, tensor := float64(e.batchedTokens), float64(f.Hidden), float64(l.Tensor)
	sampler := e.rules.logitBytes * float64(e.seqs) * float64(f.Vocabulary)
	layer := 2 * tokens * 3 * (hidden + float64(f.Intermediate)/tensor)
	if f.experts {
		layer = max(layer, 2*tokens*expertsPerToken*(hidden+3*f.expertWidth/tensor))
	}
	if f.mxfp4 && e.triton {
		layer = max(layer, mxfp4Floor*GiB)
	}
	seen, output := encoderOn(f, e, l)
	wide := 1.0
	if e.wide {
		wide = 2
	}
	return max(max(sampler, wide*layer)+wide*2*tokens*hidden, wide*seen) + wide*output
}
