// SPDX-License-Identifier: Apache-2.0

package memory

// weightsOn returns the bytes of weights on the GPU that has most of them, from the bytes on a GPU that has all.
//
// Tensor parallelism splits every matrix, those of the vocabulary included (vLLM's VocabParallelEmbedding and
// ParallelLMHead). It splits the key and value projections at most by the number of KV heads, and it does not split the
// projections to the latent of MLA. Pipeline parallelism distributes whole layers: of 61 layers, one of two stages has
// 31. The first stage also holds the embedding and the last one the head; if both are one matrix, both stages hold it.
func weightsOn(f *Facts, bytes float64, l Layout) float64 {
	tp, pp := float64(l.Tensor), float64(l.Pipeline)
	if l.Pipeline == 1 {
		return (bytes + replicated(f, bytes, l.Tensor, f.Layers)) / tp
	}
	perStage := (f.Layers + l.Pipeline - 1) / l.Pipeline
	table := min(2*float64(f.Vocabulary)*float64(f.Hidden), bytes/pp) // one matrix of the vocabulary, in 16 bit
	layers := (bytes - table) * float64(perStage) / float64(f.Layers)
	return (layers + table + replicated(f, bytes, l.Tensor, perStage)) / tp
}

// replicated returns the bytes that all GPUs together hold in excess of one copy of the layers' weights.
func replicated(f *Facts, bytes float64, tensor, layers int) float64 {
	perParameter := bytes / max(f.Parameters, 1)
	hidden, n := float64(f.Hidden), float64(layers)
	copies := float64(tensor - 1)
	norms := 2 * hidden * 2 // two of them, in 16 bit
	switch {
	case tensor == 1:
		return 0
	case f.mla:
		// The query's latent is two to three times as wide as that of keys and values, of which cachePerLayer is 2 bytes
		// each.
		return n * copies * (norms + hidden*4*f.cachePerLayer/2*perParameter)
	case f.kvHeads > 0 && tensor > f.kvHeads:
		// Key and value projections: the cache holds 2 bytes for each of their outputs.
		projections := hidden * f.cachePerLayer / 2 * perParameter
		return n * (copies*norms + projections*(float64(tensor)/float64(f.kvHeads)-1))
	}
	return n * copies * norms
}
