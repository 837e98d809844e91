package capacity

import "fmt"

// gib is 2^30 bytes.
const gib = 1 << 30

// defaultContext is the sequence that must fit when the user asks for no length, in tokens: --max-model-len=auto takes whatever
// is left.
const defaultContext = 8192

// Memory says where the memory of one GPU goes, in GiB, and what there is. vLLM starts when, on every GPU,
//
//	usable >= weights + cache of one sequence + activations + CUDA graphs + what is outside of PyTorch
//
// and a size is bought when that holds with the margin on top.
type Memory struct {
	WeightsGiB    float64 `json:"weightsGiB"`
	KVCacheGiB    float64 `json:"kvCacheGiB"`          // of one sequence; 0 for tuning
	ActivationGiB float64 `json:"activationGiB"`       // at its peak
	LogitsGiB     float64 `json:"logitsGiB"`           // tuning: of one batch, with gradients; for inference part of the activations
	AdaptersGiB   float64 `json:"adaptersGiB"`         // tuning: with gradients and optimizer
	GraphsGiB     float64 `json:"cudaGraphsGiB"`       //
	FixedGiB      float64 `json:"contextAndNCCLGiB"`   // outside of PyTorch
	ExpectedGiB   float64 `json:"expectedGiB"`         // the sum
	MarginGiB     float64 `json:"marginGiB"`           // by which it may be wrong
	RequiredGiB   float64 `json:"requiredGiB"`         // expected and margin: the bound at which sizes are bought
	UsableGiB     float64 `json:"usableGiB"`           // of a GPU
	GPUGiB        float64 `json:"gpuGiB"`              // as CUDA reports it
	Utilization   float64 `json:"utilization"`         // usable / GPU
	Stated        bool    `json:"stated,omitempty"`    // KAITO's figure, where too little is known to reckon
	Context       int     `json:"context,omitempty"`   // tokens of the sequence
	Sequences     int     `json:"sequences,omitempty"` // in a batch
	BatchTokens   int     `json:"batchTokens,omitempty"`
}

// sum fills in what follows from the terms.
func (m Memory) sum() Memory {
	m.ExpectedGiB = m.WeightsGiB + m.KVCacheGiB + m.ActivationGiB + m.LogitsGiB + m.AdaptersGiB + m.GraphsGiB + m.FixedGiB
	m.RequiredGiB = m.ExpectedGiB + m.MarginGiB
	return m
}

// fits reports whether the memory is there.
func (m Memory) fits() bool { return m.RequiredGiB <= m.UsableGiB }

// inference estimates one GPU that serves.
func (r *Request) inference(s SKU, l layout) Memory {
	f := r.modelFacts()
	return r.memory(s, f, engineFor(s, f.mla, r.flags()), l)
}

func (r *Request) memory(s SKU, f *facts, e engine, l layout) Memory {
	context := r.context()
	m := Memory{
		WeightsGiB:    weightsOn(f, l) / gib,
		KVCacheGiB:    cacheOn(f, e, l, context) / gib,
		ActivationGiB: activationOn(f, e, l) / gib,
		AdaptersGiB:   adaptersOn(r.Preset.Model, f, l, r.Adapters) / gib,
		GPUGiB:        s.GPUUsableGiB, Utilization: e.utilization, UsableGiB: s.GPUUsableGiB * e.utilization,
		Context: context, Sequences: e.seqs, BatchTokens: e.batchedTokens,
	}
	m.FixedGiB, m.GraphsGiB = fixedOn(f, e, l)
	m.MarginGiB = marginOn(f, e, m.ActivationGiB+m.GraphsGiB+m.FixedGiB)
	return m.sum()
}

// serve returns the fewest nodes of the size, taking so many GPUs on each, that serve the model. Where there are none it returns
// the last try, and why not.
func (r *Request) serve(s SKU, gpus, maxNodes int) (Option, func() string) {
	var last Memory
	tried := false
	if r.Transformers || !r.Preset.Model.Distributed {
		maxNodes = 1
	}
	f := r.modelFacts()
	e := engineFor(s, f.mla, r.flags())
	for nodes := 1; nodes <= maxNodes; nodes++ {
		for _, l := range layouts(r.Preset.Model, s, gpus, nodes) {
			m := r.memory(s, f, e, l)
			if m.fits() {
				return Option{
					SKU: s, Nodes: nodes, GPUsPerNode: gpus, GPUs: nodes * gpus, Memory: m,
					TensorParallel: l.tensor, PipelineParallel: l.pipeline, DataParallel: l.data,
				}, nil
			}
			if !tried || l.data == 1 { // the smallest need of those tried
				last, tried = m, true
			}
		}
	}
	return Option{}, func() string {
		if !tried {
			return fmt.Sprintf("%s cannot be split over the %d GPUs of %s", r.Preset.Name, gpus, s.Name)
		}
		where := ""
		if maxNodes > 1 {
			where = fmt.Sprintf(", even on %d nodes", maxNodes)
		}
		return fmt.Sprintf("%s does not fit on %s: with a context of %d tokens it needs %.1f GiB on a GPU, of which %.1f can be used%s",
			r.Preset.Name, s.Name, r.context(), last.RequiredGiB, last.UsableGiB, where)
	}
}
