package capacity

// weightsOn returns the bytes of weights on the GPU that has most of them.
//
// Tensor parallelism splits every matrix, those of the vocabulary included (vLLM's VocabParallelEmbedding and ParallelLMHead). It
// does not split the projections of keys and values further than there are heads of them, nor those that make the latent of MLA.
// Pipeline parallelism hands out whole layers: with 61 layers on two stages, one has 31. The first stage has the embedding
// besides, the last one the head, and where both are the same matrix, both stages have it.
func weightsOn(f *facts, l layout) float64 {
	tp, pp := float64(l.tensor), float64(l.pipeline)
	if l.pipeline == 1 {
		return (f.bytes + replicated(f, l.tensor, f.layers)) / tp
	}
	perStage := (f.layers + l.pipeline - 1) / l.pipeline
	table := min(2*float64(f.vocabulary)*float64(f.hidden), f.bytes/pp) // one matrix of the vocabulary, in 16 bit
	layers := (f.bytes - table) * float64(perStage) / float64(f.layers)
	return (layers + table + replicated(f, l.tensor, perStage)) / tp
}

// replicated returns the bytes, times the GPUs, by which a plain division of the layers' weights falls short.
func replicated(f *facts, tensor, layers int) float64 {
	perParameter := f.bytes / max(f.parameters, 1)
	hidden, n := float64(f.hidden), float64(layers)
	copies := float64(tensor - 1)
	norms := 2 * hidden * 2 // two of them, in 16 bit
	switch {
	case tensor == 1:
		return 0
	case f.mla:
		// The query's latent is two to three times as wide as that of keys and values, of which cachePerLayer is 2 bytes each.
		return n * copies * (norms + hidden*4*f.cachePerLayer/2*perParameter)
	case f.kvHeads > 0 && tensor > f.kvHeads:
		projections := hidden * f.cachePerLayer / 2 * perParameter // key and value: the cache has 2 bytes for each of their outputs
		return n * (copies*norms + projections*(float64(tensor)/float64(f.kvHeads)-1))
	}
	return n * copies * norms
}
