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

// configs are written in the form in which models of the catalogue publish their figures, as far as it matters here. They are
// not copies of the files.
var configs = map[string]string{
	"microsoft/Phi-4-mini-instruct": `{"architectures": ["Phi3ForCausalLM"], "hidden_size": 3072, "intermediate_size": 8192, "max_position_embeddings": 131072,
		"num_attention_heads": 24, "num_hidden_layers": 32, "num_key_value_heads": 8, "sliding_window": 262144, "torch_dtype": "bfloat16", "vocab_size": 200064,
		"rope_scaling": {"long_factor": [1, 1.1, NaN, -Infinity, Infinity]}}`,
	"meta-llama/Llama-3.1-8B-Instruct": `{"architectures": ["LlamaForCausalLM"], "hidden_size": 4096, "intermediate_size": 14336, "max_position_embeddings": 131072,
		"num_attention_heads": 32, "num_hidden_layers": 32, "num_key_value_heads": 8, "vocab_size": 128256, "head_dim": null, "moe": false, "n_routed_experts": false}`,
	"google/gemma-3-27b-it": `{"architectures": ["Gemma3ForConditionalGeneration"], "vision_config": {"hidden_size": 1152, "num_hidden_layers": 27},
		"text_config": {"hidden_size": 5376, "intermediate_size": 21504, "num_hidden_layers": 62, "num_attention_heads": 32, "num_key_value_heads": 16, "head_dim": 128,
		"max_position_embeddings": 131072, "sliding_window": 1024, "sliding_window_pattern": 6, "vocab_size": 262208}}`,
	"openai/gpt-oss-20b": `{"architectures": ["GptOssForCausalLM"], "hidden_size": 2880, "head_dim": 64, "num_hidden_layers": 24, "num_attention_heads": 64, "num_key_value_heads": 8,
		"max_position_embeddings": 131072, "num_local_experts": 32, "sliding_window": 128, "vocab_size": 201088, "quantization_config": {"quant_method": "mxfp4"},
		"layer_types": [` + strings.Repeat(`"sliding_attention", "full_attention", `, 11) + `"sliding_attention", "full_attention"]}`,
	"deepseek-ai/DeepSeek-V3.2": `{"architectures": ["DeepseekV32ForCausalLM"], "hidden_size": 7168, "intermediate_size": 18432, "num_hidden_layers": 61, "num_attention_heads": 128,
		"num_key_value_heads": 128, "kv_lora_rank": 512, "qk_rope_head_dim": 64, "max_position_embeddings": 163840, "n_routed_experts": 256, "vocab_size": 129280,
		"quantization_config": {"quant_method": "fp8", "weight_block_size": [128, 128]}}`,
	"Qwen/Qwen3.5-4B": `{"architectures": ["Qwen3_5ForConditionalGeneration"], "text_config": {"full_attention_interval": 4, "head_dim": 256, "hidden_size": 2560,
		"intermediate_size": 9216, "max_position_embeddings": 262144, "num_attention_heads": 16, "num_hidden_layers": 32, "num_key_value_heads": 4, "vocab_size": 248320}}`,
	"nvidia/NVIDIA-Nemotron-Nano-9B-v2": `{"architectures": ["NemotronHForCausalLM"], "hidden_size": 4480, "intermediate_size": 15680, "num_hidden_layers": 56, "num_attention_heads": 40,
		"num_key_value_heads": 8, "head_dim": 128, "max_position_embeddings": 131072, "vocab_size": 131072,
		"hybrid_override_pattern": "M-M-M-MM-M-M-M*-M-M-M*-M-M-M-M*-M-M-M-M*-M-MM-M-M-M-M-M-"}`,
	"google/gemma-4-E4B-it": `{"architectures": ["Gemma4ForConditionalGeneration"], "text_config": {"hidden_size": 2560, "num_hidden_layers": 42, "intermediate_size": 10240,
		"num_attention_heads": 8, "num_key_value_heads": 2, "head_dim": 256, "global_head_dim": 512, "vocab_size": 262144, "max_position_embeddings": 131072, "sliding_window": 512,
		"num_kv_shared_layers": 18}}`,
	"tiiuae/falcon-7b": `{"architectures": ["FalconForCausalLM"], "hidden_size": 4544, "num_attention_heads": 71, "num_hidden_layers": 32, "multi_query": true, "vocab_size": 65024}`,
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
			Repo: repo, Revision: strings.Repeat("a", 40), License: "mit", Config: Document{"config.json", []byte(config)},
			Files: []File{{Path: "model-00001-of-00001.safetensors", Size: want.Model.WeightBytes - 1}, {Path: "tokenizer.json", Size: 1 << 20}, {Path: "pytorch_model.bin", Size: 1 << 40}},
		})
		if err != nil {
			t.Errorf("%s: %v", repo, err)
			continue
		}
		have, model := r.Preset.Model, want.Model
		// What needs more than config.json, and what only the catalogue says.
		model.Parameters, model.LoadBytes, have.QuantBits = 0, 0, model.QuantBits
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

const minimal = `{"architectures": ["LlamaForCausalLM"], "hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4}`

// TestWeights: which files count, and what is said about them.
func TestWeights(t *testing.T) {
	const g = 1 << 30
	tests := map[string]struct {
		in            Input
		bytes, loaded int64
		mistral       bool
	}{
		"safetensors before bin": {Input{Files: []File{{Path: "a.safetensors", Size: 3 * g}, {Path: "b.bin", Size: g}}}, 3 * g, 0, false},
		"bin":                    {Input{Files: []File{{Path: "pytorch_model.bin", Size: g}, {Path: "x.txt", Size: g}}}, g, 0, false},
		"two copies":             {Input{Files: []File{{Path: "model.safetensors", Size: 3 * g}, {Path: "original/model.safetensors", Size: 3 * g}}}, 6 * g, 3 * g, false},
		"only below":             {Input{Files: []File{{Path: "weights/model.safetensors", Size: 3 * g}}}, 3 * g, 0, false},
		"Mistral":                {Input{Files: []File{{Path: "model.safetensors", Size: 3 * g}, {Path: "consolidated.safetensors", Size: 2 * g}}}, 2 * g, 0, true},
		"index":                  {Input{Index: Document{"i.json", []byte(`{"metadata": {"total_size": 4294967296, "total_parameters": 7}, "weight_map": {"a": "model-1.safetensors"}}`)}}, 4 * g, 0, false},
		"index with a float":     {Input{Index: Document{"i.json", []byte(`{"metadata": {"total_size": 4294967296.0}}`)}}, 4 * g, 0, false},
		"index of Mistral":       {Input{Index: Document{"i.json", []byte(`{"metadata": {"total_size": 4294967296}, "weight_map": {"a": "consolidated-1.safetensors"}}`)}}, 4 * g, 0, true},
	}
	for name, test := range tests {
		test.in.Repo, test.in.Config = "a/b", Document{"config.json", []byte(minimal)}
		r, err := Preset(test.in)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		m := r.Preset.Model
		if _, mistral := r.Preset.RunParameters[preset.VLLM]["load_format"]; m.WeightBytes != test.bytes || m.LoadBytes != test.loaded || mistral != test.mistral {
			t.Errorf("%s: %d bytes, %d loaded, Mistral's format: %v", name, m.WeightBytes, m.LoadBytes, mistral)
		}
	}
}

// TestParams reads Mistral's own format.
func TestParams(t *testing.T) {
	r, err := Preset(Input{
		Repo: "mistralai/Ministral-3-8B-Instruct-2512", Files: []File{{Path: "consolidated.safetensors", Size: 10415362048}},
		Config: Document{"params.json", []byte(`{"dim": 4096, "n_layers": 34, "head_dim": 128, "hidden_dim": 14336, "n_heads": 32, "n_kv_heads": 8, "vocab_size": 131072,
			"max_position_embeddings": 262144, "moe": null, "quantization": {"qformat_weight": "fp8_e4m3"}}`)},
	})
	if err != nil {
		t.Fatal(err)
	}
	want, _ := catalog(t).Lookup("mistralai/Ministral-3-8B-Instruct-2512")
	if r.Preset.Model != want.Model || !maps.Equal(r.Preset.RunParameters[preset.VLLM], want.RunParameters[preset.VLLM]) {
		t.Errorf("have %+v\nwant %+v", r.Preset, want)
	}
	if got := strings.Join(r.Warnings, "; "); got != "no revision is pinned: whatever is on the main branch is served; add source.revision; the licence is not known: add source.license" {
		t.Errorf("warnings: %s", got)
	}
}

// TestHostile: every error says where.
func TestHostile(t *testing.T) {
	tests := map[string]string{
		`{`:                                 "config.json:1:2: the file ends early",
		``:                                  "config.json:1:1: the file ends early",
		"{\n \"a\": 1,\n}":                  "config.json:3:1: invalid character '}'",
		`[1]`:                               "config.json:1:1: array where an object is expected",
		`{} {}`:                             "config.json:1:5: more than one value",
		"{\n \"num_hidden_layers\": \"x\"}": "config.json:2:2: num_hidden_layers is not a number",
		`{"hidden_size": -1}`:               "config.json:1:2: hidden_size is -1, which is not a whole number from 0 to 1073741824",
		`{"hidden_size": 1e99}`:             "config.json:1:2: hidden_size is 1e99",
		`{"hidden_size": 1e999}`:            "config.json:1:2: hidden_size is 1e999",
		`{"hidden_size": 1.5}`:              "config.json:1:2: hidden_size is 1.5",
		"{\"x\": 1, \"text_config\":\n{\"num_attention_heads\": []}}": "config.json:2:2: num_attention_heads is not a number",
		`{}`: "config.json does not say how many or how large: layers",
		`{"num_hidden_layers": 1073741824, "num_attention_heads": 1073741824, "hidden_size": 64, "head_dim": 1073741824}`: "config.json: a token would take",
		`{"a": ` + strings.Repeat("[", 20000):       "config.json:1:10006: invalid character '[' exceeded max depth",
		`{"quantization_config": {"bits": "many"}}`: "config.json:1:26: bits is not a number",
		strings.Replace(minimal, "}", `, "quantization_config": {"quant_method": "awq", "bits": "many"}}`, 1): "config.json:1:157: bits is not a number",
		strings.Replace(minimal, "LlamaForCausalLM", `a\u001b[31m`, 1):                                        "what was worked out makes no sense: preset.yaml:7:3: model.architecture: not one line",
		strings.Repeat(" ", MaxConfig+1):                                                                      "config.json is larger than 4 MiB",
	}
	files := []File{{Path: "model.safetensors", Size: 1 << 30}}
	for config, want := range tests {
		_, err := Preset(Input{Repo: "a/b", Files: files, Config: Document{"config.json", []byte(config)}})
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%.100s:\nhave %v\nwant %s", config, err, want)
		}
	}
	others := map[string]Input{
		`"../etc" is not a Hugging Face repository`:       {Repo: "../etc"},
		`"a/b/c" is not a Hugging Face repository`:        {Repo: "a/b/c"},
		`"a/.." is not a Hugging Face repository`:         {Repo: "a/.."},
		"no weights: neither":                             {Repo: "a/b", Files: []File{{Path: "README.md", Size: 1}}},
		"x.safetensors has a size of -1 bytes":            {Repo: "a/b", Files: []File{{Path: "x.safetensors", Size: -1}}},
		"x.safetensors has a size of 9223372036854775807": {Repo: "a/b", Files: []File{{Path: "x.safetensors", Size: 1<<63 - 1}}},
		"the weight files take 0 bytes":                   {Repo: "a/b", Files: []File{{Path: "x.safetensors", Size: 0}}},
		"i.json: metadata.total_size is missing":          {Repo: "a/b", Index: Document{"i.json", []byte(`{"metadata": {}}`)}},
		"i.json:1:15: total_size is not a number":         {Repo: "a/b", Index: Document{"i.json", []byte(`{"metadata": {"total_size": "big"}}`)}},
		"i.json:1:2: the file ends early":                 {Repo: "a/b", Index: Document{"i.json", []byte(` `)}},
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
		r, err := Preset(Input{Repo: "a/b", Files: []File{{Path: "m.safetensors", Size: 1 << 30}}, Config: Document{"config.json", []byte(config)}})
		if err != nil {
			return
		}
		if _, problems := preset.Parse("preset.yaml", r.Files["preset.yaml"]); len(problems) > 0 {
			t.Error(problems)
		}
	})
}
