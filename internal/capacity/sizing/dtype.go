// SPDX-License-Identifier: Apache-2.0

package sizing

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/sizing/memory"
	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/preset"
)

// The types in which a model computes.
const (
	float16  = "float16"
	bfloat16 = "bfloat16"
	float32  = "float32"
)

// unstableInHalf lists architectures that vLLM refuses to compute in float16, because their values overflow
// (_FLOAT16_NOT_SUPPORTED_MODELS of its configuration).
var unstableInHalf = []string{"Gemma2", "Gemma3", "Glm4ForCausalLM", "Plamo2"}

// computes returns the type in which the model computes: as the Workspace or else the preset asks, which for "auto" is
// the type of the values that are stored. All presets are served in bfloat16 unless they say something else.
func (r *Request) computes() string {
	asked := r.flags()["dtype"]
	if r.Transformers {
		asked = r.Preset.RunParameters[preset.Transformers]["torch_dtype"]
	}
	switch strings.ToLower(asked) {
	case "half", float16:
		return float16
	case "float", float32:
		return float32
	case "", "auto":
		return cmp.Or(r.Preset.Model.StoredDType, bfloat16)
	}
	return bfloat16
}

// asksFor returns the dtype that the Workspace itself sets, in its own word.
func (r *Request) asksFor() (word string, ok bool) {
	word, ok = memory.SettingsOf(r.Settings)["dtype"]
	return word, ok && !r.Tuning && !r.Transformers
}

// needsBFloat16 reports whether the model runs only on GPUs that compute in bfloat16. Every GPU that the base image
// supports computes in float16 and float32 (vLLM checks the compute capability for bfloat16 alone).
func (r *Request) needsBFloat16() bool { return r.Tuning || r.computes() == bfloat16 }

// Unusable returns why the model cannot run on the size for a property of the size other than its memory, or "".
// GPUs without bfloat16 are usable for what computes in float16 or float32.
func (r *Request) Unusable(s capacity.SKU) string {
	if r.needsBFloat16() {
		return r.becauseAsked(s.Unusable(), s)
	}
	return r.becauseAsked(s.UnusableInHalf(), s)
}

// becauseAsked adds to the reason why an old GPU cannot be used what the Workspace asks for: the setting causes the
// refusal, or was seen and does not prevent it.
func (r *Request) becauseAsked(why string, s capacity.SKU) string {
	word, asked := r.asksFor()
	switch {
	case why == "" || !asked || s.ComputeCapability == 0 || s.ComputeCapability >= capacity.MinComputeCapability:
		return why
	case r.needsBFloat16() && strings.EqualFold(word, bfloat16):
		return fmt.Sprintf("%s, which dtype: %s of inference.config asks for", why, word)
	}
	return fmt.Sprintf("dtype: %s does not suffice: %s", word, why)
}

// withoutType returns why the GPUs of the size cannot compute in the type of the model, or "".
func (r *Request) withoutType(s capacity.SKU) string {
	kind := packed(r.Preset.Model)
	switch why := r.noType(); {
	case why != "":
		return why
	case s.ComputeCapability >= capacity.MinComputeCapability:
		return ""
	case r.needsBFloat16():
		return r.becauseAsked(s.Unusable(), s)
	case s.ComputeCapability < capacity.OldestComputeCapability:
		return r.becauseAsked(s.UnusableInHalf(), s)
	case kind != "":
		return r.becauseAsked(fmt.Sprintf("weights in %s need compute capability %.1f, and its GPUs have %.1f",
			kind, capacity.MinComputeCapability, s.ComputeCapability), s)
	}
	return ""
}

// noType returns why the model computes on no GPU in its type, or "".
func (r *Request) noType() string {
	m := r.Preset.Model
	half := !r.Tuning && r.computes() == float16
	switch {
	case half && slices.ContainsFunc(unstableInHalf, func(a string) bool { return strings.HasPrefix(m.Architecture, a) }):
		return fmt.Sprintf("vLLM does not compute %s in float16, in which its values overflow", r.Preset.Name)
	case r.tooWide():
		word, _ := r.asksFor()
		return fmt.Sprintf("dtype: %s does not go with the weights of %s: vLLM does not compute with %s in float32",
			word, r.Preset.Name, m.Quantization)
	}
	return ""
}

// typeConflict refuses a dtype of the Workspace in which the model computes on no GPU.
func (r *Request) typeConflict() error {
	word, asked := r.asksFor()
	if why := r.noType(); asked && why != "" {
		return Refused(diag.ConflictingFields, "inference.config", why, fmt.Sprintf("remove dtype: %s", word))
	}
	return nil
}

// narrow are parts of the names of the methods of quantization that vLLM does not run in float32 (the types that
// get_supported_act_dtypes of each method lists).
var narrow = []string{"awq", "gptq", "fp8", "mxfp4", "nvfp4", "modelopt"}

// tooWide reports whether the Workspace asks for float32 with quantized weights that vLLM does not run in it. What the
// model stores itself does not count: vLLM narrows it.
func (r *Request) tooWide() bool {
	_, asked := r.asksFor()
	q := strings.ToLower(r.Preset.Model.Quantization)
	return asked && r.computes() == float32 &&
		slices.ContainsFunc(narrow, func(part string) bool { return strings.Contains(q, part) })
}

// packed returns the name of a number format of weights that needs compute capability 8.0, or "". AWQ and GPTQ have
// kernels for older GPUs.
func packed(m preset.Model) string {
	q := strings.ToLower(m.Quantization)
	for _, kind := range formats {
		if strings.Contains(q, kind.part) {
			return kind.name
		}
	}
	return ""
}
