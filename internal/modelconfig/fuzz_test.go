// SPDX-License-Identifier: Apache-2.0

package modelconfig_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/imagespec"
	"syncer.dev/syncer/internal/modelconfig"
	"syncer.dev/syncer/internal/workspace"
)

var seeds = []string{
	"", "vllm:\n", "vllm: {max-model-len: 8192}\n", "vllm:\n  max_model_len: 8k\n  swap-space: 4\n",
	"max-model-len: 1\nvllm:\n  enable-prefix-cachng: true\n", "vllm: &a {seed: *a}\n", "vllm: [1]\n", "- 1\n",
	"vllm:\n  <<: {seed: 1}\n  ? [a]\n  : b\n", "vllm:\n  'a.b.c': \"\\x00\"\n  \"--port\": -1\n  '': ''\n",
	"vllm: {.: 1, _: 2, -: 3}\n",
	"vllm:\n  compilation-config: '{\"a\": 1e999}'\n  max-num-batched-tokens: 99999999999999999999T\n",
	"kv_cache_cpu_memory_utilization: .nan\nmax_probe_steps: 0x\nvllm: {gpu-memory-utilization: .inf}\n",
	"training_config:\n  LoraConfig: {r: 8}\n" +
		"  TrainingArguments: {optim: [a], label_names: [], lr_scheduler_kwargs: {a: 1}}\n",
	"training_config: {LoraConfig: , DataCollator: {mlm: maybe}, X: 1}\nLoraConfig: {}\n", "training_config: []\n",
	"vllm:\n  enforce-eager: \"--host=127.0.0.1\"\n  hf-token: '--host=1 x'\n  host.a: 1\n  seed: -1.5\n",
	"vllm: {middlew: e, hf-overrides: '{\"auto_map\": {\"a\": 1}}', kv-transfer-config.a.b+: e}\n",
	"vllm: {trust_remote_code: no, hf-tok: \"--host=1 x\"}\n",
	"training_config: {ModelConfig: {trust_remote_code: [true], pretrained: evil/x, revision: {a: 1}}}\n",
	"vllm:\n  \xff: 1\n", "---\nvllm: {}\n---\nvllm: {}\n", "vllm: !!map {seed: !!int 1}\n",
}

// FuzzConfig: for any content of a ConfigMap, each problem is one line at a place in the text, there are not too many,
// the same text has the same problems, and what the rest of syncer cannot read has an error.
func FuzzConfig(f *testing.F) {
	for _, s := range seeds {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		served := modelconfig.Inference(text, modelconfig.Server{Benchmark: true})
		tuned := modelconfig.Training(text, modelconfig.Server{})
		for kind, found := range map[string][]diag.Diagnostic{"inference": served, "training": tuned} {
			if len(found) > 200 {
				t.Errorf("%s: %d problems", kind, len(found))
			}
			lines := 2
			for _, end := range []string{"\n", "\r", "\u0085", "\u2028", "\u2029"} { // the line breaks of YAML
				lines += strings.Count(text, end)
			}
			for _, d := range found {
				if d.Line < 0 || d.Line > lines || d.Message == "" || d.Reason == "" {
					t.Errorf("%s: %+v", kind, d)
				}
			}
		}
		if diff := cmp.Diff(served, modelconfig.Inference(text, modelconfig.Server{Benchmark: true})); diff != "" {
			t.Error(diff)
		}
		foreign := modelconfig.Server{Foreign: true}
		for _, d := range append(modelconfig.Inference(text, foreign), modelconfig.Training(text, foreign)...) {
			if d.Severity == diag.Error {
				t.Errorf("an error for an image that is not known: %v", d)
			}
		}
		settings, ok := workspace.VLLMSettings(text)
		if hasError(served) {
			return
		}
		if !ok {
			t.Errorf("not read, and not reported: %v", served)
		}
		for name, value := range settings {
			f := imagespec.Current().Flag(name)
			if null := value == "~" || strings.EqualFold(value, "null"); imagespec.Option(value) ||
				!null && (f.LoadsCode(value) || f.ReplacesModel(value)) || f.Field != "" && !f.Object() {
				t.Errorf("%s: %q is not reported: %v", name, value, served)
			}
		}
	})
}

func hasError(found []diag.Diagnostic) bool {
	for _, d := range found {
		if d.Severity == diag.Error {
			return true
		}
	}
	return false
}
