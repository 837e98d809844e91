// SPDX-License-Identifier: Apache-2.0

package derive

import (
	_ "embed"
	"slices"
	"strings"

	"syncer.dev/syncer/internal/preset"
)

// architectures lists the models that the vLLM of KAITO can generate text with, one on a line. It is a selection from
// KAITO's own list, from its repository rather than a release. A missing architecture gives a warning, not an error.
//
//go:embed architectures.txt
var architectures string

// served reports whether vLLM knows one of the architectures. A model that names none is let through.
func served(names []string) bool {
	return len(names) == 0 ||
		slices.ContainsFunc(names, func(n string) bool { return strings.Contains("\n"+architectures, "\n"+n+"\n") })
}

// table maps the name of a model, or else its architecture, to a value.
type table struct {
	prefixes      map[string]string // of the short name; the longest match wins
	architectures map[string]string
	none          []string // prefixes of names without a value, for any architecture
}

// value returns the value for a model, or "".
func (t table) value(short string, archs []string) string {
	if slices.ContainsFunc(t.none, func(p string) bool { return strings.HasPrefix(short, p) }) {
		return ""
	}
	best := ""
	for p := range t.prefixes {
		if len(p) > len(best) && strings.HasPrefix(short, p) {
			best = p
		}
	}
	if best != "" {
		return t.prefixes[best]
	}
	for _, a := range archs {
		if v := t.architectures[a]; v != "" {
			return v
		}
	}
	return ""
}

// The tables below hold the names of vLLM's parsers, and of the templates in KAITO's image. For the sixty models of the
// catalogue they give what the catalogue has, which a test compares: what KAITO v0.12.0 does, but for what its image
// does not have and what is for other models. For all others they follow an earlier state of KAITO's tables. A test
// holds every value against the image.
var (
	toolParsers = table{
		prefixes: map[string]string{
			"ai21-jamba":    "jamba",
			"deepseek-r1":   "deepseek_v3",
			"deepseek-v3":   "deepseek_v3",
			"deepseek-v3.1": "deepseek_v31",
			"deepseek-v3.2": "deepseek_v32",
			"deepseek-v4":   "deepseek_v4",
			"ernie-4.5":     "ernie45",
			"functiongemma": "functiongemma",
			"gemma-4":       "gemma4",
			"gigachat3":     "gigachat3",
			"glm-4":         "glm45",
			"glm-4.7":       "glm47",
			"glm-5":         "glm47",
			"granite-3":     "granite",
			"granite-4":     "granite4",
			"hermes-2":      "hermes",
			"hermes-3":      "hermes",
			"hunyuan-a13b":  "hunyuan_a13b",
			"internlm":      "internlm",
			"kimi_k2":       "kimi_k2",
			"llama-xlama":   "xlam",
			"longcat":       "longcat",
			"meta-llama-3":  "llama3_json",
			"meta-llama-4":  "llama4_pythonic",
			"minimax-m2":    "minimax_m2",
			"ministral-3":   "mistral",
			"mistral":       "mistral",
			"olmo-3":        "olmo3",
			"phi-4-mini":    "phi4_mini_json",
			"phi4-mini":     "phi4_mini_json",
			"qwen2.5":       "hermes",
			"qwen3":         "hermes",
			"qwen3-coder":   "qwen3_xml",
			"qwen3.5":       "qwen3_coder",
			"qwen3.6":       "qwen3_coder",
			"qwen3.8":       "qwen3_coder",
			"qwq-32b":       "hermes",
			"seed-oss":      "seed_oss",
			"step3":         "step3",
			"step3p5":       "step3p5",
			"xlam":          "xlam",
		},
		architectures: map[string]string{
			"DeepseekV32ForCausalLM":                 "deepseek_v32",
			"DeepseekV3ForCausalLM":                  "deepseek_v3",
			"DeepseekV4ForCausalLM":                  "deepseek_v4",
			"Ernie4_5_MoeForCausalLM":                "ernie45",
			"Ernie4_5_VLMoeForConditionalGeneration": "ernie45",
			"GPTBigCodeForCausalLM":                  "granite-20b-fc",
			"Glm4MoeForCausalLM":                     "glm45",
			"GlmMoeDsaForCausalLM":                   "glm47",
			"GptOssForCausalLM":                      "openai",
			"GraniteForCausalLM":                     "granite",
			"GraniteMoeForCausalLM":                  "granite",
			"GraniteMoeHybridForCausalLM":            "hermes",
			"HunYuanMoEV1ForCausalLM":                "hunyuan_a13b",
			"InternLM2ForCausalLM":                   "internlm",
			"JambaForCausalLM":                       "jamba",
			"KimiK25ForConditionalGeneration":        "kimi_k2",
			"Llama4ForConditionalGeneration":         "llama4_pythonic",
			"LlamaForCausalLM":                       "llama3_json",
			"LongcatFlashForCausalLM":                "longcat",
			"MiniMaxM2ForCausalLM":                   "minimax_m2",
			"MistralForCausalLM":                     "mistral",
			"MistralLarge3ForCausalLM":               "mistral",
			"NemotronHForCausalLM":                   "qwen3_coder",
			"NemotronH_Nano_VL_V2":                   "qwen3_coder",
			"Olmo3ForCausalLM":                       "olmo3",
			"Qwen2ForCausalLM":                       "hermes",
			"Qwen3ForCausalLM":                       "hermes",
			"Qwen3MoeForCausalLM":                    "qwen3_xml",
			"SeedOssForCausalLM":                     "seed_oss",
			"Step3TextForCausalLM":                   "step3",
		},
	}
	reasoningParsers = table{
		prefixes: map[string]string{
			"deepseek-r1":  "deepseek_r1",
			"deepseek-v3":  "deepseek_v3",
			"deepseek-v4":  "deepseek_v4",
			"ernie-4.5":    "ernie45",
			"gemma-4":      "gemma4",
			"glm-4.5":      "glm45",
			"glm-5":        "glm45",
			"granite-3.2":  "granite",
			"holo2":        "holo2",
			"hunyuan-a13b": "hunyuan_a13b",
			"kimi-k2":      "kimi_k2",
			"minimax-m2":   "minimax_m2_append_think",
			"minimax-m2.7": "minimax_m2",
			"olmo-3":       "olmo3",
			"qwen3":        "qwen3",
			"qwq-32b":      "deepseek_r1",
			"step3":        "step3",
		},
		architectures: map[string]string{
			"DeepseekV3ForCausalLM":                  "deepseek_v3",
			"Ernie4_5_MoeForCausalLM":                "ernie45",
			"Ernie4_5_VLMoeForConditionalGeneration": "ernie45",
			"Glm4MoeForCausalLM":                     "glm45",
			"GptOssForCausalLM":                      "openai_gptoss",
			"GraniteForCausalLM":                     "granite",
			"HunYuanMoEV1ForCausalLM":                "hunyuan_a13b",
			"KimiK25ForConditionalGeneration":        "kimi_k2",
			"MiniMaxM2ForCausalLM":                   "minimax_m2_append_think",
			"Mistral3ForConditionalGeneration":       "mistral",
			"MistralForCausalLM":                     "mistral",
			"NemotronHForCausalLM":                   "nemotron_v3",
			"NemotronH_Nano_VL_V2":                   "nemotron_v3",
			"Qwen3ForCausalLM":                       "qwen3",
			"Qwen3MoeForCausalLM":                    "qwen3",
			"Step3TextForCausalLM":                   "step3",
			"Step3VLForConditionalGeneration":        "step3",
		},
		none: []string{"mistral-7b-v0.3", "mistral-7b-instruct-v0.3", "ministral-3-", "mistral-large-3-675b"},
	}
	chatTemplates = table{prefixes: map[string]string{
		"deepseek-r1": "tool-chat-deepseekr1.jinja",
		"deepseek-v3": "tool-chat-deepseekv3.jinja",
		"gemma-4":     "tool-chat-gemma4.jinja",
		"llama-3":     "tool-chat-llama3.1-json.jinja",
		"phi-4-mini":  "tool-chat-phi4-mini.jinja",
		"qwen2.5":     "tool-chat-hermes.jinja",
	}}
	tokenizers = table{
		prefixes: map[string]string{
			"deepseek-v3.2": "deepseek_v32",
			"deepseek-v4":   "deepseek_v4",
		},
	}
)

// templatesDir is where KAITO's image keeps its templates.
const templatesDir = "/workspace/chat_templates/"

// noOffload lists architectures that cannot offload the cache to the CPU, because their layers have different caches,
// also where config.json does not say so in a known form.
var noOffload = []string{
	"NemotronH", "Gemma2", "Gemma3", "Gemma4", "Qwen3_5", "Qwen3Next", "DeepseekV4", "DeepseekV32", "GptOss",
}

// deepGEMM lists architectures that compile kernels when the model loads, for which the image has no CUDA
// toolkit.
var deepGEMM = []string{"DeepseekV4ForCausalLM", "DeepseekV32ForCausalLM", "GlmMoeDsaForCausalLM"}

func begins(names, prefixes []string) bool {
	return slices.ContainsFunc(names, func(n string) bool {
		return slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(n, p) })
	})
}

// needsToolkit reports whether vLLM needs the CUDA toolkit at run time.
func (d draft) needsToolkit() bool {
	return begins(d.network.architectures, deepGEMM) || d.short == "mistral-small-4-119b-2603"
}

// flags are the model's own flags of vLLM.
func (d draft) flags() map[string]string {
	archs := d.network.architectures
	f := map[string]string{"dtype": d.dtype()}
	if d.network.remoteCode {
		f["trust-remote-code"] = ""
	}
	if d.pooling() {
		return d.poolingFlags(f)
	}
	set := func(name, value string) {
		if value != "" {
			f[name] = value
		}
	}
	set("reasoning-parser", reasoningParsers.value(d.short, archs))
	set("tokenizer_mode", tokenizers.value(d.short, archs))
	if parser := toolParsers.value(d.short, archs); parser != "" {
		f["tool-call-parser"], f["enable-auto-tool-choice"] = parser, ""
	}
	if file := chatTemplates.value(d.short, archs); file != "" {
		f["chat-template"] = templatesDir + file
	}
	if d.weights.mistral {
		f["load_format"], f["config_format"], f["tokenizer_mode"] = "mistral", "mistral", "mistral"
	}
	has := func(prefixes ...string) bool { return begins([]string{d.short}, prefixes) }
	if has("deepseek-v4", "glm-5.2-fp8") {
		f["kv-cache-dtype"] = "fp8"
	}
	if has("qwen3.5", "qwen3.6", "qwen3.8") {
		f["gdn-prefill-backend"] = "triton"
	}
	if has("minimax-m2") {
		f["enable-expert-parallel"] = ""
	}
	if has("deepseek-v3.2") {
		f["kernel-config.enable_flashinfer_autotune"] = "False"
	}
	if begins(archs, noOffload) || d.network.hybrid() {
		f[preset.FlagCPUCache] = "0"
	}
	return f
}

// dtype is the type that weights are computed with: that of a quantized model is its own.
func (d draft) dtype() string {
	if d.network.quantization != "" {
		return "auto"
	}
	return "bfloat16"
}
