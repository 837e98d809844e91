package capacity

// The peak of activations is what vLLM measures with a dummy run before it hands out the cache. It does not follow the weights.
// Two things compete for it:
//
// The sampler. For every sequence of the largest batch there is a row of logits as wide as the vocabulary, and choosing the next
// token holds several copies of it: the logits in 16 and 32 bit, sorted values, 64-bit indices, probabilities and their sums.
// With samplerBytes for each element the six runs of the llm-d project on H100 (1024 sequences) are met within 0.05 GiB:
//
//	Qwen3-0.6B 5.56 GiB measured, Llama-3.1-8B 4.76, gpt-oss-20b 7.38, Llama-3.3-70B-FP8 4.84, Qwen3-32B 5.64, gpt-oss-120b 7.38
//
// Weights between 1 and 64 GiB, and one result per vocabulary: 128256, 151936 and 201088 words.
//
// The layers. For every token of the largest batch one layer holds its two hidden states and, on each GPU, its share of the
// feed-forward layer: gate, up and their product. With experts, eight of them see each token.
const (
	samplerBytes    = 38.4
	expertsPerToken = 8
	expertNarrower  = 4 // the feed-forward layer of one expert, relative to an ordinary one
)

// activationOn returns the bytes that activations take at their peak on one GPU. The sampler works on whole rows, which are
// gathered on every GPU; the hidden states of the batch are alive all the while.
func activationOn(f *facts, e engine, l layout) float64 {
	tokens, hidden, width := float64(e.batchedTokens), float64(f.hidden), float64(f.intermediate)/float64(l.tensor)
	sampler := samplerBytes * float64(e.seqs) * float64(f.vocabulary)
	layer := 2 * tokens * (2*hidden + 3*width)
	if f.experts {
		layer = max(layer, 2*tokens*expertsPerToken*(hidden+3*width/expertNarrower))
	}
	return max(sampler, layer) + 2*tokens*hidden
}
