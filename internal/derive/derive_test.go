// SPDX-License-Identifier: Apache-2.0

package derive

import (
	"encoding/json"
	"maps"
	"os"
	"strings"
	"testing"

	"syncer.dev/syncer/internal/preset"
	"syncer.dev/syncer/presets"
)

func catalog(t testing.TB) *preset.Catalog {
	t.Helper()
	c, err := preset.Load(presets.FS)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestFlags: for every model of the catalogue the tables give the flags that its preset has.
func TestFlags(t *testing.T) {
	data, err := os.ReadFile("../preset/testdata/kaito-models.json")
	if err != nil {
		t.Fatal(err)
	}
	var models []struct {
		HFRepo, Architecture, Quantization string
		Supported                          bool
		VLLMRunParams                      map[string]string `json:"vllmRunParams"`
	}
	if err := json.Unmarshal(data, &models); err != nil {
		t.Fatal(err)
	}
	c, count := catalog(t), 0
	for _, m := range models {
		if !m.Supported {
			continue
		}
		count++
		p, _ := c.Lookup(m.HFRepo)
		d := draft{short: p.Name, network: network{architectures: []string{m.Architecture}, quantization: m.Quantization}}
		d.network.remoteCode = p.RemoteCode(preset.VLLM)
		d.weights.mistral = m.VLLMRunParams["load_format"] == "mistral"
		if got, want := d.flags(), p.RunParameters[preset.VLLM]; !maps.Equal(got, want) {
			t.Errorf("%s:\nhave %v\nwant %v", p.Name, got, want)
		}
		if d.needsToolkit() != p.CUDAToolkit {
			t.Errorf("%s: cudaToolkit is %v", p.Name, d.needsToolkit())
		}
		if !served([]string{m.Architecture}) {
			t.Errorf("%s: vLLM does not know %s", p.Name, m.Architecture)
		}
	}
	if count != 60 {
		t.Errorf("%d models", count)
	}
}

// configs are written in the form in which models of the catalogue publish their figures, as far as it matters here.
// They are not copies of the files.
var configs = map[string]string{
	"microsoft/Phi-4-mini-instruct": `{"architectures": ["Phi3ForCausalLM"], "hidden_size": 3072,
		"intermediate_size": 8192, "max_position_embeddings": 131072,
		"num_attention_heads": 24, "num_hidden_layers": 32, "num_key_value_heads": 8, "sliding_window": 262144,
		"torch_dtype": "bfloat16", "vocab_size": 200064,
		"rope_scaling": {"long_factor": [1, 1.1, NaN, -Infinity, Infinity]}}`,
	"meta-llama/Llama-3.1-8B-Instruct": `{"architectures": ["LlamaForCausalLM"], "hidden_size": 4096,
		"intermediate_size": 14336, "max_position_embeddings": 131072,
		"num_attention_heads": 32, "num_hidden_layers": 32, "num_key_value_heads": 8, "vocab_size": 128256,
		"head_dim": null, "moe": false, "n_routed_experts": false}`,
	"google/gemma-3-27b-it": `{"architectures": ["Gemma3ForConditionalGeneration"],
		"vision_config": {"hidden_size": 1152, "num_hidden_layers": 27},
		"text_config": {"hidden_size": 5376, "intermediate_size": 21504, "num_hidden_layers": 62,
		"num_attention_heads": 32, "num_key_value_heads": 16, "head_dim": 128,
		"max_position_embeddings": 131072, "sliding_window": 1024, "sliding_window_pattern": 6, "vocab_size": 262208}}`,
	"openai/gpt-oss-20b": `{"architectures": ["GptOssForCausalLM"], "hidden_size": 2880, "head_dim": 64,
		"num_hidden_layers": 24, "num_attention_heads": 64, "num_key_value_heads": 8,
		"max_position_embeddings": 131072, "num_local_experts": 32, "intermediate_size": 2880, "sliding_window": 128,
		"vocab_size": 201088,
		"quantization_config": {"quant_method": "mxfp4"},
		"layer_types": [` + strings.Repeat(
		`"sliding_attention", "full_attention", `,
		11,
	) + `"sliding_attention", "full_attention"]}`,
	"deepseek-ai/DeepSeek-V3.2": `{"architectures": ["DeepseekV32ForCausalLM"], "hidden_size": 7168,
		"intermediate_size": 18432, "num_hidden_layers": 61, "num_attention_heads": 128,
		"num_key_value_heads": 128, "kv_lora_rank": 512, "qk_rope_head_dim": 64, "index_head_dim": 128,
		"index_topk": 2048, "max_position_embeddings": 163840,
		"n_routed_experts": 256, "vocab_size": 129280,
		"quantization_config": {"quant_method": "fp8", "weight_block_size": [128, 128]}}`,
	"Qwen/Qwen3.5-4B": `{"architectures": ["Qwen3_5ForConditionalGeneration"],
		"text_config": {"full_attention_interval": 4, "head_dim": 256, "hidden_size": 2560,
		"intermediate_size": 9216, "max_position_embeddings": 262144, "num_attention_heads": 16, "num_hidden_layers": 32,
		"num_key_value_heads": 4, "vocab_size": 248320}}`,
	"nvidia/NVIDIA-Nemotron-Nano-9B-v2": `{"architectures": ["NemotronHForCausalLM"], "hidden_size": 4480,
		"intermediate_size": 15680, "num_hidden_layers": 56, "num_attention_heads": 40,
		"num_key_value_heads": 8, "head_dim": 128, "max_position_embeddings": 131072, "vocab_size": 131072,
		"mamba_num_heads": 128, "mamba_head_dim": 80, "ssm_state_size": 128, "conv_kernel": 4, "n_groups": 8,
		"hybrid_override_pattern": "M-M-M-MM-M-M-M*-M-M-M*-M-M-M-M*-M-M-M-M*-M-MM-M-M-M-M-M-"}`,
	"google/gemma-4-E4B-it": `{"architectures": ["Gemma4ForConditionalGeneration"],
		"text_config": {"hidden_size": 2560, "num_hidden_layers": 42, "intermediate_size": 10240,
		"num_attention_heads": 8, "num_key_value_heads": 2, "head_dim": 256, "global_head_dim": 512,
		"vocab_size": 262144, "max_position_embeddings": 131072, "sliding_window": 512,
		"num_kv_shared_layers": 18, "layer_types": [` + strings.Repeat(
		`"sliding_attention", "sliding_attention", "sliding_attention", "sliding_attention", "sliding_attention",
		"full_attention", `, 6) +
		`"sliding_attention", "sliding_attention", "sliding_attention", "sliding_attention", "sliding_attention",
		"full_attention"]}}`,
	"google/gemma-4-31B-it": `{"architectures": ["Gemma4ForConditionalGeneration"],
		"text_config": {"hidden_size": 5376, "num_hidden_layers": 60, "intermediate_size": 21504,
		"num_attention_heads": 32, "num_key_value_heads": 16, "head_dim": 256, "global_head_dim": 512,
		"num_global_key_value_heads": 4, "attention_k_eq_v": true, "num_kv_shared_layers": 0,
		"vocab_size": 262144, "max_position_embeddings": 262144, "sliding_window": 1024,
		"sliding_window_pattern": 6}}`,
	"Qwen/Qwen3.6-35B-A3B": `{"architectures": ["Qwen3_5MoeForConditionalGeneration"],
		"text_config": {"full_attention_interval": 4, "head_dim": 256, "hidden_size": 2048,
		"max_position_embeddings": 262144, "num_attention_heads": 16, "num_hidden_layers": 40, "num_experts": 256,
		"linear_num_value_heads": 32, "linear_value_head_dim": 128, "linear_num_key_heads": 16,
		"linear_key_head_dim": 128, "linear_conv_kernel_dim": 4, "num_key_value_heads": 2, "vocab_size": 248320}}`,
	"deepseek-ai/DeepSeek-V4-Flash-0731": `{"architectures": ["DeepseekV4ForCausalLM"], "hidden_size": 4096,
		"num_hidden_layers": 43, "num_attention_heads": 64, "num_key_value_heads": 1, "head_dim": 512,
		"max_position_embeddings": 1048576, "sliding_window": 128, "index_head_dim": 128, "index_topk": 512,
		"n_routed_experts": 256, "vocab_size": 129280, "quantization_config": {"quant_method": "fp8"},
		"compress_ratios": [0, 0` + strings.Repeat(`, 4, 128`, 20) + `, 4, 0]}`,
	"tiiuae/falcon-7b": `{"architectures": ["FalconForCausalLM"], "hidden_size": 4544, "num_attention_heads": 71,
		"num_hidden_layers": 32, "multi_query": true, "vocab_size": 65024}`,
}

// TestNetwork: the facts of the catalogue follow from what is published.
func TestNetwork(t *testing.T) {
	c := catalog(t)
	for repo, config := range configs {
		want, ok := c.Lookup(repo)
		if !ok {
			t.Fatal(repo)
		}
		r, err := Preset(Input{
			Repo:     repo,
			Revision: strings.Repeat("a", 40),
			License:  "mit",
			Config:   Document{"config.json", []byte(config)},
			Files: []File{
				{Path: "model-00001-of-00001.safetensors", Size: want.Model.WeightBytes - 1},
				{Path: "tokenizer.json", Size: 1 << 20},
				{Path: "pytorch_model.bin", Size: 1 << 40},
			},
		})
		if err != nil {
			t.Errorf("%s: %v", repo, err)
			continue
		}
		have, model := r.Preset.Model, want.Model
		// What needs more than config.json, and what only the catalogue says.
		model.Parameters, model.LoadBytes, have.QuantBits = 0, 0, model.QuantBits
		model.MarlinBytes, model.KAITOBytes, model.CachePaddingLayers = 0, 0, 0
		if repo == "tiiuae/falcon-7b" {
			model.IntermediateSize, model.Distributed, model.TensorParallel = 0, true, true
		}
		if have != model {
			t.Errorf("%s:\nhave %+v\nwant %+v", repo, have, model)
		}
		if repo != "tiiuae/falcon-7b" && r.Preset.DiskGiB != want.DiskGiB {
			t.Errorf("%s: disk of %d GiB, want %d", repo, r.Preset.DiskGiB, want.DiskGiB)
		}
		if len(r.Warnings) > 0 || r.Name != want.Name || r.Preset.Repo != repo {
			t.Errorf("%s: named %s, warnings %v", repo, r.Name, r.Warnings)
		}
	}
}

const minimal = `{"architectures": ["LlamaForCausalLM"], "hidden_size": 64, "num_hidden_layers": 2,
		"num_attention_heads": 4}`

// TestWeights checks which files count as weights, and the facts derived from them.
func TestWeights(t *testing.T) {
	const g = 1 << 30
	tests := map[string]struct {
		in             Input
		bytes, counted int64
		mistral        bool
	}{
		"safetensors before bin": {
			Input{Files: []File{{Path: "a.safetensors", Size: 3 * g}, {Path: "b.bin", Size: g}}},
			3 * g,
			0,
			false,
		},
		"bin": {
			Input{Files: []File{{Path: "pytorch_model.bin", Size: g}, {Path: "x.txt", Size: g}}},
			g,
			0,
			false,
		},
		"two copies": {
			Input{Files: []File{{Path: "model.safetensors", Size: 3 * g}, {Path: "original/model.safetensors", Size: 3 * g}}},
			3 * g,
			6 * g,
			false,
		},
		"only below": {Input{Files: []File{{Path: "weights/model.safetensors", Size: 3 * g}}}, 3 * g, 0, false},
		"Mistral": {
			Input{Files: []File{{Path: "model.safetensors", Size: 3 * g}, {Path: "consolidated.safetensors", Size: 2 * g}}},
			2 * g,
			0,
			true,
		},
		"index": {
			Input{
				Index: Document{
					"i.json",
					[]byte(
						`{"metadata": {"total_size": 4294967296, "total_parameters": 7}, "weight_map": {"a": "model-1.safetensors"}}`,
					),
				},
			},
			4 * g,
			0,
			false,
		},
		"index with a float": {
			Input{Index: Document{"i.json", []byte(`{"metadata": {"total_size": 4294967296.0}}`)}},
			4 * g,
			0,
			false,
		},
		"index of Mistral": {
			Input{
				Index: Document{
					"i.json",
					[]byte(`{"metadata": {"total_size": 4294967296}, "weight_map": {"a": "consolidated-1.safetensors"}}`),
				},
			},
			4 * g,
			0,
			true,
		},
	}
	for name, test := range tests {
		test.in.Repo, test.in.Config = "a/b", Document{"config.json", []byte(minimal)}
		r, err := Preset(test.in)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		m := r.Preset.Model
		if _, mistral := r.Preset.RunParameters[preset.VLLM]["load_format"]; m.WeightBytes != test.bytes ||
			m.KAITOBytes != test.counted ||
			mistral != test.mistral {
			t.Errorf("%s: %d bytes, %d for KAITO, Mistral's format: %v", name, m.WeightBytes, m.KAITOBytes, mistral)
		}
	}
}

// TestGroups reads how many inputs of a quantized layer share a scale, and in which type it computes.
func TestGroups(t *testing.T) {
	for config, want := range map[string]struct {
		group int
		dtype string
	}{
		`"torch_dtype": "float16", "quantization_config": {"quant_method": "awq", "group_size": 64}`: {64, "float16"},
		`"dtype": "bfloat16", "quantization_config": {"quant_method": "gptq", "group_size": -1}`:     {1, "bfloat16"},
		`"quantization_config": {"quant_method": "awq"}`:                                             {0, ""},
		`"quantization_config": {"quant_method": "compressed-tensors", "config_groups": {"group_0": {"weights":
			{"num_bits": 4, "group_size": 128}}}}`: {128, ""},
		`"torch_dtype": "float16"`: {0, ""}, // not quantized: served as bfloat16
	} {
		r, err := Preset(Input{
			Repo:   "a/b",
			Files:  []File{{Path: "model.safetensors", Size: 1 << 30}},
			Config: Document{"config.json", []byte(strings.TrimSuffix(minimal, "}") + ", " + config + "}")},
		})
		if err != nil {
			t.Errorf("%s: %v", config, err)
			continue
		}
		if m := r.Preset.Model; m.QuantGroupSize != want.group || m.StoredDType != want.dtype {
			t.Errorf("%s: groups of %d, %q", config, m.QuantGroupSize, m.StoredDType)
		}
	}
	for _, bad := range []string{
		`"quantization_config": {"quant_method": "awq", "group_size": "many"}`,
		`"quantization_config": {"quant_method": "awq", "group_size": -2}`,
		`"hybrid_override_pattern": "MM", "mamba_num_heads": 1073741824, "mamba_head_dim": 1073741824, "ssm_state_size":
			1073741824, "conv_kernel": 4`,
	} {
		_, err := Preset(Input{
			Repo:   "a/b",
			Files:  []File{{Path: "model.safetensors", Size: 1 << 30}},
			Config: Document{"config.json", []byte(strings.TrimSuffix(minimal, "}") + ", " + bad + "}")},
		})
		if err == nil {
			t.Errorf("%s is accepted", bad)
		}
	}
}

// TestParams reads Mistral's own format.
func TestParams(t *testing.T) {
	r, err := Preset(Input{
		Repo:  "mistralai/Ministral-3-8B-Instruct-2512",
		Files: []File{{Path: "consolidated.safetensors", Size: 10415362048}},
		Config: Document{
			"params.json",
			[]byte(
				`{"dim": 4096, "n_layers": 34, "head_dim": 128, "hidden_dim": 14336, "n_heads": 32, "n_kv_heads": 8,
		"vocab_size": 131072,
			"max_position_embeddings": 262144, "moe": null, "quantization": {"qformat_weight": "fp8_e4m3"}}`,
			),
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	want, _ := catalog(t).Lookup("mistralai/Ministral-3-8B-Instruct-2512")
	want.Model.Parameters = 0 // params.json does not say it
	if r.Preset.Model != want.Model || !maps.Equal(r.Preset.RunParameters[preset.VLLM], want.RunParameters[preset.VLLM]) {
		t.Errorf("have %+v\nwant %+v", r.Preset, want)
	}
	if got := strings.Join(r.Warnings, "; "); got != "no revision is pinned: the model may change with the main "+
		"branch; add source.revision; the licence is unknown: add source.license" {
		t.Errorf("warnings: %s", got)
	}
}

// TestHostile: every error says where.
func TestHostile(t *testing.T) {
	tests := []struct{ text, want string }{
		{`{`, "config.json:1:2: the file ends early"},
		{``, "config.json:1:1: the file ends early"},
		{"{\n \"a\": 1,\n}", "config.json:3:1: the file is not valid JSON: invalid character '}'"},
		{`[1]`, "config.json:1:1: want an object, not array"},
		{`{} {}`, "config.json:1:5: the file holds more than one value"},
		{"{\n \"num_hidden_layers\": \"x\"}", "config.json:2:2: num_hidden_layers: want a number"},
		{
			text: `{"hidden_size": -1}`,
			want: "config.json:1:2: hidden_size: -1 is not a whole number from 0 to 1073741824",
		},
		{`{"hidden_size": 1e99}`, "config.json:1:2: hidden_size: 1e99 is not"},
		{`{"hidden_size": 1e999}`, "config.json:1:2: hidden_size: 1e999 is not"},
		{`{"hidden_size": 1.5}`, "config.json:1:2: hidden_size: 1.5 is not"},
		{
			text: "{\"x\": 1, \"text_config\":\n{\"num_attention_heads\": []}}",
			want: "config.json:2:2: text_config.num_attention_heads: want a number",
		},
		{`{}`, "config.json: num_hidden_layers: is missing"},
		{
			text: `{"num_hidden_layers": 1073741824, "num_attention_heads": 1073741824, "hidden_size": 64,
		"head_dim": 1073741824}`,
			want: "config.json: a token would take",
		},
		{
			text: `{"a": ` + strings.Repeat("[", 20000),
			want: "config.json:1:10006: the file is not valid JSON: invalid character '[' exceeded max depth",
		},
		{`{"quantization_config": {"bits": "many"}}`, "config.json:1:26: quantization_config.bits: want a number"},
		{
			text: strings.Replace(
				minimal,
				"}",
				`, "quantization_config": {"quant_method": "awq", "bits": "many"}}`,
				1,
			),
			want: "config.json:2:76: quantization_config.bits: want a number",
		},
		{
			text: strings.Replace(
				minimal,
				"LlamaForCausalLM",
				`a\u001b[31m`,
				1,
			),
			want: "the preset that follows from config.json is not valid: preset.yaml:8:3: model.architecture: not one line",
		},
		{strings.Repeat(" ", MaxConfig+1), "config.json: the file is larger than 4 MiB"},
	}
	files := []File{{Path: "model.safetensors", Size: 1 << 30}}
	for _, tt := range tests {
		_, err := Preset(Input{Repo: "a/b", Files: files, Config: Document{"config.json", []byte(tt.text)}})
		if err == nil || !strings.HasPrefix(err.Error(), tt.want) {
			t.Errorf("%.100s:\nhave %v\nwant %s", tt.text, err, tt.want)
		}
	}
	others := map[string]Input{
		`"../etc" is not the name of a Hugging Face repository`: {Repo: "../etc"},
		`"a/b/c" is not the name of a Hugging Face repository`:  {Repo: "a/b/c"},
		`"a/.." is not the name of a Hugging Face repository`:   {Repo: "a/.."},
		"the repository has no weights (it needs .safetensors or .bin files": {
			Repo:  "a/b",
			Files: []File{{Path: "README.md", Size: 1}},
		},
		"x.safetensors: the size is -1 bytes": {Repo: "a/b", Files: []File{{Path: "x.safetensors", Size: -1}}},
		"x.safetensors: the size is 9223372036854775807 bytes, not 0 to": {
			Repo:  "a/b",
			Files: []File{{Path: "x.safetensors", Size: 1<<63 - 1}},
		},
		"the weight files take 0 bytes in all": {Repo: "a/b", Files: []File{{Path: "x.safetensors", Size: 0}}},
		"i.json: metadata.total_size: is missing": {
			Repo:  "a/b",
			Index: Document{"i.json", []byte(`{"metadata": {}}`)},
		},
		"i.json:1:15: metadata.total_size: want a whole number": {
			Repo:  "a/b",
			Index: Document{"i.json", []byte(`{"metadata": {"total_size": "big"}}`)},
		},
		"i.json:1:2: the file ends early": {Repo: "a/b", Index: Document{"i.json", []byte(` `)}},
	}
	for want, in := range others {
		in.Config = Document{"config.json", []byte(minimal)}
		if _, err := Preset(in); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("have %v\nwant %s", err, want)
		}
	}
}

// FuzzConfig: no document makes it panic, and what it makes of one can be read.
func FuzzConfig(f *testing.F) {
	for _, c := range configs {
		f.Add(c)
	}
	f.Fuzz(func(t *testing.T, config string) {
		r, err := Preset(
			Input{
				Repo:   "a/b",
				Files:  []File{{Path: "m.safetensors", Size: 1 << 30}},
				Config: Document{"config.json", []byte(config)},
			},
		)
		if err != nil {
			return
		}
		if _, problems := preset.Parse("preset.yaml", r.Files["preset.yaml"]); len(problems) > 0 {
			t.Error(problems)
		}
	})
}

// TestFewBytes: models for tests take a few megabytes. They are written, and read back, as more than nothing.
func TestFewBytes(t *testing.T) {
	r, err := Preset(Input{
		Repo:   "a/b",
		Config: Document{"config.json", []byte(minimal)},
		Files:  []File{{Path: "m.safetensors", Size: 1000}, {Path: "copy/m.safetensors", Size: 1000}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if m := r.Preset.Model; m.WeightBytes == 0 || m.KAITOBytes == 0 {
		t.Errorf("weights of %d bytes, KAITO counts %d", m.WeightBytes, m.KAITOBytes)
	}
}
