package capacity

import "syncer.dev/syncer/internal/preset"

// Memory that is neither weights, cache nor activations, in GiB per GPU. The six measured runs had 0.13 outside of PyTorch on one
// GPU and 0.55 on two, where NCCL has its buffers; their CUDA graphs took between -0.88 (the allocator had given memory back
// meanwhile) and 0.10 for dense models, and 0.39 and 1.03 for those with experts.
//
// The context of CUDA itself, 0.3 to 0.6 GiB, is outside of what --gpu-memory-utilization gives to vLLM, and has room in the
// rest.
const (
	outsideTorchGiB = 0.13
	withNCCLGiB     = 0.55
	graphsGiB       = 0.1
	graphsMoEGiB    = 0.7
)

// The margin on top of what is expected makes the bound at which sizes are bought. Fragmentation is 2 to 5 % of what is not
// preallocated; graphs of experts spread by 0.3 around their mean. The encoder of a model that also sees is not in any measurement,
// and is given a gibibyte.
const (
	fragmentation  = 0.05
	graphSpreadGiB = 0.3
	encoderGiB     = 1.0
)

// loraRank is the largest rank of adapters that vLLM makes room for when it is told nothing.
const loraRank = 16

// fixedOn returns the GiB outside of PyTorch and those of CUDA graphs.
func fixedOn(f *facts, e engine, l layout) (outside, graphs float64) {
	outside, graphs = outsideTorchGiB, graphsGiB
	if l.tensor*l.pipeline > 1 {
		outside = withNCCLGiB
	}
	switch {
	case e.eager:
		graphs = 0
	case f.experts:
		graphs = graphsMoEGiB
	}
	return outside, graphs
}

// marginOn returns the GiB by which the real use may exceed what is expected.
func marginOn(f *facts, e engine, expectedBesidesWeightsAndCache float64) float64 {
	margin := fragmentation * expectedBesidesWeightsAndCache
	if f.experts && !e.eager {
		margin += graphSpreadGiB
	}
	if f.vision {
		margin += encoderGiB
	}
	return margin
}

// adaptersOn returns the bytes that serving so many adapters takes on one GPU: vLLM keeps room for the largest rank in 16 bit.
func adaptersOn(m preset.Model, f *facts, l layout, adapters int) float64 {
	if adapters == 0 {
		return 0
	}
	return float64(adapters) * loraRank * 2 * adapterWidth(m, f, allModules) / float64(l.tensor*l.pipeline)
}
