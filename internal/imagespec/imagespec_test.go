// SPDX-License-Identifier: Apache-2.0

package imagespec

import (
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"testing"

	"syncer.dev/syncer/presets"
)

// TestImage: the presets use the image that is known.
func TestImage(t *testing.T) {
	text, err := fs.ReadFile(presets.FS, "components/images/kustomization.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if want := "kaito-base\n  newTag: " + Image + "\n"; !strings.Contains(string(text), want) {
		t.Errorf("components/images does not have %q", want)
	}
	if s := Current(); s.Image != Image {
		t.Errorf("the data is of %s", s.Image)
	}
}

// TestData: every data file is complete, and every argument in it has a kind that the checks know.
func TestData(t *testing.T) {
	files, err := fs.Glob(data, "data/*.json")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	commit := regexp.MustCompile(`^[0-9a-f]{40}$`)
	for _, file := range files {
		image := strings.TrimSuffix(strings.TrimPrefix(file, "data/kaito-base-"), ".json")
		s, err := load(image)
		if err != nil {
			t.Fatal(err)
		}
		for _, project := range []string{"kaito", "vllm", "transformers", "peft", "trl"} {
			if p := s.Sources[project]; p.Version == "" || !commit.MatchString(p.Commit) {
				t.Errorf("%s: source of %s: %+v", file, project, p)
			}
		}
		for what, n := range map[string]int{
			"templates": len(s.ChatTemplates), "tool parsers": len(s.ToolParsers), "reasoning parsers": len(s.ReasoningParsers),
			"modes": len(s.TokenizerModes), "formats": len(s.LoadFormats), "methods": len(s.Quantizations),
			"retired":  len(s.Retired),
			"sections": len(s.Tuning), "keys": len(s.InferenceKeys),
		} {
			if n < 3 {
				t.Errorf("%s: %d %s", file, n, what)
			}
		}
		all := []map[string]Arg{s.Flags, s.KaitoFlags, s.InferenceKeys, s.TransformersFlags}
		for _, section := range s.Tuning {
			all = append(all, section)
		}
		for _, args := range all {
			for name, a := range args {
				if !slices.Contains([]Kind{
					Bool, Int, Size, Length, Float, Text, OptionalText, Choice, JSON, List, Mapping, Unset,
				}, a.Kind) || (a.Kind == Choice) != (len(a.Choices) > 0) || (a.Kind == List) != (a.Elem != "") {
					t.Errorf("%s: %s: %+v", file, name, a)
				}
			}
		}
		for name := range s.Retired {
			if s.Flag(name).Known && !s.Flag(name).Short {
				t.Errorf("%s: %s is a flag, and retired", file, name)
			}
		}
	}
}

func TestKey(t *testing.T) {
	for _, tt := range []struct{ name, want string }{
		{"max-model-len", "max-model-len"},
		{"max_model_len", "max-model-len"},
		{"max_model-len", "max-model-len"},
		{"max-model", "max-model-len"},
		{"no_enable_prefix_caching", "no-enable-prefix-caching"},
		{"compilation_config.pass_config.fuse_x", "compilation-config.pass_config.fuse_x"},
		{"kaito-config-file", "kaito-config-file"},
		{"frob_nicate", "frob-nicate"},
		{"max", "max"},
		{"", ""},
	} {
		if got := Key(tt.name); got != tt.want {
			t.Errorf("Key(%q) = %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestNumbers(t *testing.T) {
	for text, want := range map[string]int64{
		"8192": 8192, " 8192 ": 8192, "8k": 8000, "8K": 8192, "25.6k": 25600,
		"1_000": 1000, "2M": 2 << 20, "-5": -5, "1t": 1e12,
	} {
		if got, ok := ParseSize(text); !ok || got != want {
			t.Errorf("ParseSize(%q) = %d, %t, want %d", text, got, ok, want)
		}
	}
	for _, text := range []string{"", "8kk", "1.5", "1.5K", "k", "0x10", "auto", "99999999999T", "9999999999999t"} {
		if got, ok := ParseSize(text); ok {
			t.Errorf("ParseSize(%q) = %d", text, got)
		}
	}
	for _, text := range []string{"auto", "AUTO", "-1"} {
		if got, ok := ParseLength(text); !ok || got != 0 {
			t.Errorf("ParseLength(%q) = %d, %t", text, got, ok)
		}
	}
}

func TestJSON(t *testing.T) {
	for text, want := range map[string]bool{
		`{"a": 80m}`: true, `{"a": NaN, "b": -Infinity}`: true, `{"a": "80m NaN"}`: true,
		`{'a': 1}`: false, "": false, "{a: 1}": false, `{} {}`: false,
		`{"a": 1e999}`: true,
	} {
		if _, got := readJSON(text); got != want {
			t.Errorf("readJSON(%q) = %t", text, got)
		}
	}
}

// TestOption: what argparse may take for an option is no value of any kind.
func TestOption(t *testing.T) {
	suggest := func(string, []string) string { return "" }
	for text, want := range map[string]bool{
		"--host=127.0.0.1": true, "--host=127.0.0.1 x": true, "--tensor-parallel-size": true, "-tp=8": true, "-O3 x": true,
		"--": true, "-\tx": true, "-1": false, "-1.5": false, "-": false, "- x": false, "": false, "a --host=x": false,
	} {
		if got := Option(text); got != want {
			t.Errorf("Option(%q) = %t", text, got)
		}
		for _, kind := range []Kind{Bool, Int, Size, Length, Float, Text, OptionalText, Choice, JSON, Unset} {
			for _, arg := range []Arg{{Kind: kind}, {Kind: List, Elem: kind}} {
				if want && arg.Check(text, suggest) == nil {
					t.Errorf("%q is a value of the kind %s", text, kind)
				}
			}
		}
	}
}

// TestCode: every way to load code, or another model, by a flag, by a field of one, and in each spelling.
func TestCode(t *testing.T) {
	for _, name := range codeFlags {
		if _, retired := Current().Retired[name]; !Current().Flag(name).Known && !retired {
			t.Errorf("the image has no flag %s", name)
		}
	}
	for _, name := range append(append([]string{RemoteCodeFlag}, modelFlags...), objectFlags...) {
		if f := Current().Flag(name); !f.Known || f.Short {
			t.Errorf("the image has no flag %s", name)
		}
	}
	for _, tt := range []struct{ name, text, want string }{
		{"middleware", "evil.mod", "code"},
		{"middlew", "evil.mod", "code"},
		{"worker_cls", "evil.Worker", "code"},
		{"worker-cls", "auto", ""},
		{"io-processor-plugin", "None", ""},
		{"distributed-executor-backend", "evil.Executor", "code"},
		{"distributed-executor-backend", "mp", ""},
		{"kv-transfer-config", `{"kv_connector": "X"}`, ""},
		{"kv-transfer-config", `{"kv_connector_module_path": "evil"}`, "code"},
		{"kv-transfer-config", `{"kv_connector_extra_config": {"connectors": [{"kv_connector_module_path": "x"}]}}`, "code"},
		{"kv_transfer_config.kv_connector_module_path", "evil", "code"},
		{"ec-transfer-config.ec_connector_module_path", "evil", "code"},
		{"structured-outputs-config", `{"reasoning_parser_plugin": "/a.py"}`, "code"},
		{"structured-outputs-config", `{"reasoning_parser_plugin": ""}`, ""},
		{"hf-overrides", `{"auto_map": {"AutoModel": "evil/x--m.M"}}`, "code"},
		{"hf-overrides.auto_map.AutoModel", "evil/x--m.M", "code"},
		{"hf-overrides", `{"rope_theta": 1}`, ""},
		{"compilation-config.backend", "evil.compile", "code"},
		{"compilation-config", `{"backend": "inductor", "mode": 3}`, ""},
		{"compilation-config.inductor_passes.a+", "evil.x", "code"},
		{"trust-remote-code", "true", "remote"},
		{"trust-remote-code", "false", "remote"}, // any value turns a switch on
		{"no-trust-remote-code", "true", ""},
		{"hf-overrides.trust_remote_code", "true", "remote"},
		{"hf-overrides.trust_remote_code", "false", ""},
		{"model", "evil/x", "model"},
		{"tokenizer", "evil/x", "model"},
		{"tokenizer-mode", "hf", ""},
		{"revision", "main", "model"},
		{"revision", "None", ""},
		{"speculative-config", `{"model": "evil/x", "num_speculative_tokens": 80m}`, "model"},
		{"speculative_config.model", "evil/x", "model"},
		{"speculative-config", `{"model": "[ngram]"}`, ""},
		{"speculative-config", `{"method": "mtp"}`, ""},
		{"spec-model", "evil/x", "model"},
		{"model-loader-extra-config", `{"tensorizer_uri": "s3://evil"}`, "model"},
		{"seed", "1", ""},
	} {
		got := ""
		f := Current().Flag(tt.name)
		switch {
		case f.LoadsCode(tt.text):
			got = "code"
		case f.RemoteCode(tt.text):
			got = "remote"
		case f.ReplacesModel(tt.text):
			got = "model"
		}
		if got != tt.want {
			t.Errorf("%s: %s: %q, want %q", tt.name, tt.text, got, tt.want)
		}
	}
}

// TestLength: a length is positive, or left to vLLM.
func TestLength(t *testing.T) {
	arg := Current().Flags["max-model-len"]
	for text, want := range map[string]bool{
		"auto": true, "-1": true, "8k": true, "1": true, "0": false, "-2": false, "0k": false,
	} {
		if got := arg.Check(text, func(string, []string) string { return "" }) == nil; got != want {
			t.Errorf("%q: %t", text, got)
		}
	}
}
