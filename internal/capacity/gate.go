package capacity

import (
	"fmt"
	"strings"

	"syncer.dev/syncer/internal/preset"
)

// What kinds of arithmetic need of a GPU. bfloat16 is minComputeCapability. Weights in fp8, MXFP4 and NVFP4 run on anything from 8.0:
// where the GPU has no such arithmetic, vLLM unpacks them as it multiplies (Marlin), which is slower but no larger. A cache in fp8
// is read by kernels that need 8.9, and DeepGEMM, on which the attention of some models depends, is written for 9.0.
const (
	nativeFP8   = 8.9
	nativeMXFP4 = 9.0
	nativeNVFP4 = 10.0
	needFP8KV   = 8.9
	needGEMM    = 9.0
)

// barred returns why the model cannot run on the GPUs of the size whatever their number, in plain words, or "".
func (r *Request) barred(s SKU) string {
	if s.ComputeCapability == 0 { // brought nodes of which it is not known
		return ""
	}
	p := r.Preset
	switch {
	case s.ComputeCapability < minComputeCapability:
		return "its GPUs cannot compute in bfloat16"
	case r.Tuning:
		return ""
	case p.CUDAToolkit && deepGEMM(p.Model) && s.ComputeCapability < needGEMM:
		return fmt.Sprintf("%s needs kernels for compute capability %.1f, and its GPUs have %.1f", p.Name, needGEMM, s.ComputeCapability)
	case strings.HasPrefix(r.flags()["kv-cache-dtype"], "fp8") && s.ComputeCapability < needFP8KV:
		return fmt.Sprintf("a cache in fp8 needs compute capability %.1f, and its GPUs have %.1f", needFP8KV, s.ComputeCapability)
	}
	return ""
}

// deepGEMM tells the models whose attention is written with DeepGEMM by their architectures.
func deepGEMM(m preset.Model) bool {
	for _, name := range []string{"DeepseekV32", "DeepseekV4", "GlmMoeDsa"} {
		if strings.HasPrefix(m.Architecture, name) {
			return true
		}
	}
	return false
}

// slower says that the GPU unpacks the weights as it goes, or "".
func slower(m preset.Model, s SKU) string {
	q := strings.ToLower(m.Quantization)
	for _, kind := range []struct {
		part, name string
		native     float64
	}{{"nvfp4", "NVFP4", nativeNVFP4}, {"mxfp4", "MXFP4", nativeMXFP4}, {"fp8", "fp8", nativeFP8}} {
		if strings.Contains(q, kind.part) && s.ComputeCapability > 0 && s.ComputeCapability < kind.native {
			return fmt.Sprintf("%s has no arithmetic for %s: weights are unpacked as they are used, which takes time", s.GPUModel, kind.name)
		}
	}
	return ""
}
