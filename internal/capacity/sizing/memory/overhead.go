// SPDX-License-Identifier: Apache-2.0

package memory

// Memory that is neither weights, cache nor activations, in GiB per GPU. Six measured starts had 0.13 or 0.14 outside
// of PyTorch on one GPU and 0.55 on two, where NCCL has its buffers. Their CUDA graphs took between -0.88 (the
// allocator had given memory back meanwhile) and 0.10 for dense models, and 0.39 and 1.03 for those with experts; a
// dense model on a version near that of the image took 0.13.
//
// The context of CUDA itself, 0.3 to 0.6 GiB, is outside of what --gpu-memory-utilization gives to vLLM, and has room
// in the rest.
const (
	outsideTorchGiB = 0.15
	withNCCLGiB     = 0.55
	graphsGiB       = 0.2
	graphsMoEGiB    = 0.7
)

// Fragmentation is the part of the memory that PyTorch does not allocate in advance which is lost between allocations:
// 2 to 5 % were seen.
const Fragmentation = 0.05

// graphSpreadGiB is by how much the CUDA graphs of models with experts vary around their mean.
const graphSpreadGiB = 0.3

// fixedOn returns the memory outside of PyTorch and that of CUDA graphs, in GiB.
func fixedOn(f *Facts, e Engine, l Layout) (outside, graphs float64) {
	outside, graphs = outsideTorchGiB, graphsGiB
	if l.Tensor*l.Pipeline > 1 {
		outside = withNCCLGiB
	}
	switch {
	case e.eager || !e.rules.countsGraphs:
		graphs = 0
	case f.experts:
		graphs = graphsMoEGiB
	}
	return outside, graphs
}

// marginOn returns the GiB by which the real use may exceed the expected use.
func marginOn(f *Facts, e Engine, variable float64) float64 {
	margin := Fragmentation * variable
	if f.experts && !e.eager {
		margin += graphSpreadGiB
	}
	return margin
}
