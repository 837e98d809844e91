// SPDX-License-Identifier: Apache-2.0

package derive

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/preset"
)

// shape is a config.json with an architecture.
func shape(architecture, more string) Document {
	return Document{"config.json", []byte(`{"architectures": ["` + architecture + `"], "hidden_size": 384,
		"num_hidden_layers": 12, "num_attention_heads": 12, "max_position_embeddings": 512` + more + `}`)}
}

// TestPooling: models that turn text into numbers are recognised by their tag, their modules or their architecture, and
// are no chat models.
func TestPooling(t *testing.T) {
	weights := File{Path: "model.safetensors", Size: 1 << 28}
	modules := File{Path: "modules.json", Size: 100}
	tests := map[string]struct {
		in      Input
		pooling bool
		flags   map[string]string
		cache   bool // a cache of keys and values
	}{
		"vectors of an encoder": {
			in:      Input{Task: "sentence-similarity", Config: shape("BertModel", ""), Files: []File{weights, modules}},
			pooling: true,
			flags:   map[string]string{"dtype": "auto", "runner": "pooling", preset.FlagCPUCache: "0"},
		},
		"vectors of a decoder": {
			in:      Input{Task: "feature-extraction", Config: shape("Qwen3ForCausalLM", ""), Files: []File{weights, modules}},
			pooling: true,
			flags:   map[string]string{"dtype": "auto", "runner": "pooling", preset.FlagCPUCache: "0"},
			cache:   true,
		},
		"by its modules": {
			in:      Input{Config: shape("Qwen3ForCausalLM", ""), Files: []File{weights, modules}},
			pooling: true,
			flags:   map[string]string{"dtype": "auto", "runner": "pooling", preset.FlagCPUCache: "0"},
			cache:   true,
		},
		"a reranker with code": {
			in: Input{
				Task:   "text-ranking",
				Config: shape("XLMRobertaForSequenceClassification", `, "auto_map": {"AutoConfig": "configuration_x.X"}`),
				Files:  []File{weights},
			},
			pooling: true,
			flags: map[string]string{
				"dtype": "auto", "runner": "pooling", preset.FlagCPUCache: "0", "trust-remote-code": "",
			},
		},
		"a chat model": {
			in:    Input{Task: "text-generation", Config: shape("LlamaForCausalLM", ""), Files: []File{weights}},
			flags: map[string]string{"dtype": "bfloat16", "enable-auto-tool-choice": "", "tool-call-parser": "llama3_json"},
			cache: true,
		},
	}
	for name, tt := range tests {
		tt.in.Repo = "team/model"
		r, err := Preset(tt.in)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		p := r.Preset
		if p.Pooling() != tt.pooling || p.Model.Distributed == tt.pooling || (p.Model.KVBytesPerToken > 0) != tt.cache {
			t.Errorf("%s: pooling %v, distributed %v, cache of %d bytes",
				name, p.Pooling(), p.Model.Distributed, p.Model.KVBytesPerToken)
		}
		if diff := cmp.Diff(tt.flags, p.RunParameters[preset.VLLM]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		if warned := strings.Join(r.Warnings, "; "); strings.Contains(warned, "does not know") {
			t.Errorf("%s: %s", name, warned)
		}
	}
}

// TestGeneratingReranker: a text generator that is used as a reranker cannot be served as one, and an error says so.
func TestGeneratingReranker(t *testing.T) {
	_, err := Preset(Input{
		Repo:   "team/reranker",
		Task:   "text-ranking",
		Config: shape("Qwen3ForCausalLM", ""),
		Files:  []File{{Path: "model.safetensors", Size: 1 << 28}},
	})
	const want = "team/reranker ranks texts by words that it would generate (Qwen3ForCausalLM), which needs settings of " +
		"its own (take an edition of it for sequence classification, such as one whose name ends with -seq-cls)"
	if err == nil || err.Error() != want {
		t.Errorf("have %v\nwant %s", err, want)
	}
}

// TestOwnCode: only a model whose repository has code of its own may run it.
func TestOwnCode(t *testing.T) {
	files := func(names ...string) []File {
		out := []File{{Path: "model.safetensors", Size: 1 << 28}}
		for _, n := range names {
			out = append(out, File{Path: n, Size: 1})
		}
		return out
	}
	for name, tt := range map[string]struct {
		in   Input
		code bool
	}{
		"none":         {Input{Config: shape("LlamaForCausalLM", ""), Files: files("README.md")}, false},
		"an empty map": {Input{Config: shape("LlamaForCausalLM", `, "auto_map": {}`), Files: files()}, false},
		"of the model": {
			Input{Config: shape("LlamaForCausalLM", `, "auto_map": {"AutoConfig": "a.B"}`), Files: files()},
			true,
		},
		"of a part": {
			Input{Config: shape("LlamaForCausalLM", `, "text_config": {"auto_map": {"A": "a.B"}}`), Files: files()},
			true,
		},
		"of the tokenizer": {Input{Config: shape("LlamaForCausalLM", ""), Files: files("tokenization_x.py")}, true},
		"scripts of authors": {
			Input{Config: shape("LlamaForCausalLM", ""), Files: files("inference/model.py", "convert.py")},
			false,
		},
	} {
		tt.in.Repo = "team/model"
		r, err := Preset(tt.in)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		stated := strings.Contains(string(r.Files["preset.yaml"]), "\n  remoteCode: true\n")
		warned := strings.Contains(strings.Join(r.Warnings, "; "), "the server will run code of the repository")
		if got := r.Preset.RemoteCode(preset.VLLM); got != tt.code || stated != tt.code || warned != tt.code {
			t.Errorf("%s: flag %v, stated %v, warned %v; want %v", name, got, stated, warned, tt.code)
		}
	}
}

// TestForeignCode: the commit of a model does not pin the code of another repository.
func TestForeignCode(t *testing.T) {
	for name, tt := range map[string]struct{ more, want string }{
		"of the model": {
			`, "auto_map": {"AutoModel": "evil/other--modeling.X"}`,
			`auto_map: names code of another repository, "evil/other"`,
		},
		"without owner": {`, "auto_map": {"AutoModel": "other--modeling.X"}`, `another repository, "other"`},
		"no map":        {`, "auto_map": "evil/other--modeling.X"`, `another repository, "evil/other"`},
		"another case":  {`, "auto_map": {"AutoModel": "Team/model--modeling.X"}`, `another repository, "Team/model"`},
		"beside its own code": {
			`, "auto_map": {"AutoConfig": "a.B", "AutoTokenizer": ["a.B", "evil/other--a.C"]}`,
			`another repository, "evil/other"`,
		},
		"of a part": {
			`, "text_config": {"auto_map": {"A": "evil/other--a.B"}}`,
			`text_config.auto_map: names code of another repository`,
		},
		"of a part in a list": {
			`, "parts": [{"x": {"auto_map": {"A": "evil/other--a.B"}}}]`,
			`parts[0].x.auto_map: names code`,
		},
		"its own, in full": {`, "auto_map": {"AutoModel": "team/model--modeling.X"}`, ""},
		"its own":          {`, "auto_map": {"AutoModel": "modeling.X", "AutoTokenizer": [null, "a.B"]}`, ""},
	} {
		_, err := Preset(Input{
			Repo:   "team/model",
			Config: shape("LlamaForCausalLM", tt.more),
			Files:  []File{{Path: "model.safetensors", Size: 1 << 28}},
		})
		switch d, _ := diag.As(err); {
		case tt.want == "" && err != nil, tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)):
			t.Errorf("%s: %v, want %q", name, err, tt.want)
		case tt.want != "" && (d.Line < 1 || d.Reason != diag.UnpinnedRevision):
			t.Errorf("%s: %+v", name, d)
		}
	}
}

// TestLicense: a licence has its real name, and a link where the name does not say which text holds.
func TestLicense(t *testing.T) {
	const unknown = `the licence "team-licence" has no known text: add source.licenseURL`
	for name, tt := range map[string]struct{ tag, link, license, url, warning string }{
		"SPDX":               {"apache-2.0", "", "Apache-2.0", "", ""},
		"of a publisher":     {"gemma", "", "Gemma Terms of Use", "https://ai.google.dev/gemma/terms", ""},
		"own, with a link":   {"team-licence", "https://a.example/l", "team-licence", "https://a.example/l", ""},
		"own":                {"team-licence", "", "team-licence", "", unknown},
		"own, with no https": {"team-licence", "http://a.example/l", "team-licence", "", unknown},
		"other":              {"other", "", "other", "", "the licence is unknown: add source.license"},
	} {
		r, err := Preset(Input{
			Repo: "team/model", Revision: strings.Repeat("a", 40), License: tt.tag, LicenseURL: tt.link,
			Config: shape("LlamaForCausalLM", ""),
			Files:  []File{{Path: "model.safetensors", Size: 1 << 28}},
		})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		p, warnings := r.Preset, strings.Join(r.Warnings, "; ")
		if p.License != tt.license || p.LicenseURL != tt.url || warnings != tt.warning {
			t.Errorf("%s: %s, %s, warnings: %s", name, p.License, p.LicenseURL, warnings)
		}
	}
}
