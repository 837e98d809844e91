// SPDX-License-Identifier: Apache-2.0

package sizing

import (
	"fmt"
	"strings"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/preset"
)

// Compute capabilities that number formats and kernels need; for types of values see dtype.go. Weights in
// fp8, MXFP4 and NVFP4 run on any GPU from 8.0: a GPU without that arithmetic unpacks them as it multiplies (vLLM's
// Marlin kernels), which is slower and takes no more memory. vLLM's kernels for a cache in fp8 need 8.9. DeepGEMM,
// which the attention of some models uses, needs 9.0.
const (
	nativeFP8   = 8.9
	nativeMXFP4 = 9.0
	nativeNVFP4 = 10.0
	needFP8KV   = 8.9
	needGEMM    = 9.0
)

// incapable returns why no number of GPUs of the size can run the model, in plain words, or "". It is the compute
// capability check.
func (r *Request) incapable(s capacity.SKU) string {
	if s.ComputeCapability == 0 { // existing nodes with an unknown GPU
		return ""
	}
	p := r.Preset
	switch why := r.withoutType(s); {
	case why != "":
		return why
	case r.Tuning:
		return ""
	case p.CUDAToolkit && deepGEMM(p.Model) && s.ComputeCapability < needGEMM:
		return fmt.Sprintf(
			"%s needs kernels for compute capability %.1f, and its GPUs have %.1f",
			p.Name,
			needGEMM,
			s.ComputeCapability,
		)
	case strings.HasPrefix(r.flags()["kv-cache-dtype"], "fp8") && s.ComputeCapability < needFP8KV:
		return fmt.Sprintf(
			"a cache in fp8 needs compute capability %.1f, and its GPUs have %.1f",
			needFP8KV,
			s.ComputeCapability,
		)
	}
	return ""
}

// deepGEMM reports whether the attention of a model needs DeepGEMM, by its architecture.
func deepGEMM(m preset.Model) bool {
	for _, name := range []string{"DeepseekV32", "DeepseekV4", "GlmMoeDsa"} {
		if strings.HasPrefix(m.Architecture, name) {
			return true
		}
	}
	return false
}

// formats are the number formats of weights that recent GPUs compute in.
var formats = []struct {
	part, name string
	native     float64
}{{"nvfp4", "NVFP4", nativeNVFP4}, {"mxfp4", "MXFP4", nativeMXFP4}, {"fp8", "fp8", nativeFP8}}

// slower returns a note if the GPU has to unpack the quantized weights as it computes, or "".
func slower(m preset.Model, s capacity.SKU) string {
	q := strings.ToLower(m.Quantization)
	for _, kind := range formats {
		if strings.Contains(q, kind.part) && s.ComputeCapability > 0 && s.ComputeCapability < kind.native {
			return fmt.Sprintf(
				"%s has no arithmetic for %s: weights are unpacked as they are used, which takes time",
				s.GPUModel,
				kind.name,
			)
		}
	}
	return ""
}
