// SPDX-License-Identifier: Apache-2.0

package admission_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/preset"
	"syncer.dev/syncer/internal/workspace"
	"syncer.dev/syncer/internal/workspace/admission"
	"syncer.dev/syncer/internal/workspace/load"
	"syncer.dev/syncer/presets"
)

// found returns the problems of a file, as "severity field: message (hint)".
func found(t *testing.T, file string, own []preset.Preset, env workspace.Env) []string {
	t.Helper()
	builtin, err := preset.Load(presets.FS)
	if err != nil {
		t.Fatal(err)
	}
	catalog := testCatalog{builtin, map[string]preset.Preset{}}
	for _, p := range own {
		catalog.extra[p.Name] = p
	}
	set, err := load.Load(fstest.MapFS{"w.yaml": {Data: []byte(file)}}, load.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, p := range append(set.Problems, admission.Validate(set, catalog, env)...) {
		text := string(p.Severity) + " " + p.Field + ": " + p.Message
		if p.Hint != "" {
			text += " (" + p.Hint + ")"
		}
		out = append(out, text)
	}
	return out
}

// file is a Workspace that serves a preset, in a version of the API.
func file(version, annotations, spec string) string {
	return "apiVersion: kaito.sh/" + version + "\nkind: Workspace\n" +
		"metadata: {name: w, annotations: {" + annotations + "}}\n" +
		"resource: {instanceType: Standard_NC24ads_A100_v4, labelSelector: {matchLabels: {a: b}}}\n" +
		"inference: {preset: {" + spec + "}}\n"
}

// TestToken: a gated model needs a token wherever it is downloaded, in each version of the API, and nowhere else.
func TestToken(t *testing.T) {
	const beta = "error inference.preset.presetOptions.modelAccessSecret: is required, because downloading " +
		"meta-llama/Llama-3.1-8B-Instruct needs a token (name a Secret of the namespace that has the key HF_TOKEN)"
	const alpha = "error inference.preset: downloading meta-llama/Llama-3.1-8B-Instruct needs a token, for which " +
		"kaito.sh/v1alpha1 has no field (use apiVersion kaito.sh/v1beta1, and name in presetOptions.modelAccessSecret a " +
		"Secret that has the key HF_TOKEN)"
	const unsure = "warning inference.preset.presetOptions.modelAccessSecret: is missing, and downloading " +
		"mistralai/Mistral-7B-v0.3 may need a token (name a Secret of the namespace that has the key HF_TOKEN)"
	const local = `kaito.sh/use-local-weights: "true"`
	for name, tt := range map[string]struct{ file, want string }{
		"v1beta1":  {file("v1beta1", "", "name: llama-3.1-8b-instruct"), beta},
		"v1alpha1": {file("v1alpha1", "", "name: llama-3.1-8b-instruct"), alpha},
		"v1beta1, with token": {
			file("v1beta1", "", "name: llama-3.1-8b-instruct, presetOptions: {modelAccessSecret: t}"), "",
		},
		"on the node": {file("v1beta1", local, "name: llama-3.1-8b-instruct"), ""},
		"on the node, for the other runtime": {
			file("v1beta1", local+", kaito.sh/runtime: transformers", "name: llama-3.1-8b-instruct"), beta,
		},
		"on the node, v1alpha1": {file("v1alpha1", local, "name: llama-3.1-8b-instruct"), ""},
		"an image": {
			file(
				"v1beta1", "",
				"name: llama-3.1-8b-instruct, accessMode: private, presetOptions: {image: registry.example.com/m:1}",
			), "",
		},
		"Gemma 3":     {file("v1beta1", "", "name: gemma-3-4b-it"), strings.ReplaceAll(beta, llama, "google/gemma-3-4b-it")},
		"not certain": {file("v1beta1", "", "name: mistral-7b-v0.3"), unsure},
		"free":        {file("v1beta1", "", "name: phi-4"), ""},
	} {
		if diff := cmp.Diff(tt.want, strings.Join(found(t, tt.file, nil, workspace.Env{}), "\n")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

const llama = "meta-llama/Llama-3.1-8B-Instruct"

// TestUnpinned: the policy judges a download of a model without a commit, once for each Workspace.
func TestUnpinned(t *testing.T) {
	const said = " inference.preset.name: preset mine pins no commit: the code and weights that run may change with the " +
		"branch main of team/mine (add source.revision to a preset of the repository: syncer presets add team/mine presets " +
		"--name mine)"
	plain := strings.Replace(said, "the code and weights that run", "what is downloaded", 1)
	code := map[preset.Runtime]map[string]string{preset.VLLM: {"trust-remote-code": ""}}
	for name, tt := range map[string]struct {
		annotations string
		flags       map[preset.Runtime]map[string]string
		verdict     diag.Verdict
		want        string
	}{
		"by default":  {"", nil, "", "warning" + plain},
		"warn":        {"", code, diag.Warn, "warning" + said},
		"fail":        {"", code, diag.Fail, "error" + said},
		"off":         {"", code, diag.Off, ""},
		"on the node": {`kaito.sh/use-local-weights: "true"`, code, diag.Fail, ""},
	} {
		mine := preset.Preset{
			Name: "mine", Repo: "team/mine", Runtimes: []preset.Runtime{preset.VLLM}, RunParameters: tt.flags,
		}
		got := found(t, file("v1beta1", tt.annotations, "name: mine"), []preset.Preset{mine},
			workspace.Env{UnpinnedRevision: tt.verdict})
		if diff := cmp.Diff(tt.want, strings.Join(got, "\n")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// TestPoolingRuntime: a model that turns text into numbers runs on vLLM only.
func TestPoolingRuntime(t *testing.T) {
	mine := preset.Preset{
		Name: "mine", Repo: "team/mine", Revision: strings.Repeat("a", 40), Task: "feature-extraction",
		Runtimes: []preset.Runtime{preset.VLLM, preset.Transformers},
	}
	for annotations, want := range map[string]string{
		"": "",
		"kaito.sh/runtime: transformers": "error metadata.annotations.kaito.sh/runtime: preset mine turns text " +
			"into numbers, and the transformers runtime serves chats only (remove the annotation: vllm serves it)",
	} {
		got := found(t, file("v1beta1", annotations, "name: mine"), []preset.Preset{mine}, workspace.Env{})
		if diff := cmp.Diff(want, strings.Join(got, "\n")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", annotations, diff)
		}
	}
}

// TestCPUCache: a warning says what a value for moving the cache to the CPU does to a model with caches of different
// kinds.
func TestCPUCache(t *testing.T) {
	for name, tt := range map[string]struct{ model, value, want string }{
		"windows": {
			"gemma-3-27b-it", "0.5",
			"warning inference.config: kv_cache_cpu_memory_utilization 0.5 switches the hybrid cache of gemma-3-27b-it off: " +
				"52 layers cache whole sequences in place of windows of 1024 tokens " +
				"(set it to 0 or remove it; the estimate counts the larger cache)",
		},
		"windows, 0": {"gemma-3-27b-it", "0", ""},
		"states": {
			"qwen3.6-27b", "0.5",
			"warning inference.config: kv_cache_cpu_memory_utilization has no effect: preset qwen3.6-27b starts the server " +
				"with --kaito-kv-cache-cpu-memory-utilization=0 (remove it)",
		},
		"all layers alike": {"phi-4", "0.5", ""},
	} {
		config := "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata:\n  inference_config.yaml: |\n" +
			"    kv_cache_cpu_memory_utilization: " + tt.value + "\n    vllm: {}\n"
		w := strings.TrimSuffix(file("v1beta1", "", "name: "+tt.model+", presetOptions: {modelAccessSecret: t}"), "}\n") +
			", config: c}\n"
		if diff := cmp.Diff(tt.want, strings.Join(found(t, w+config, nil, workspace.Env{}), "\n")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
