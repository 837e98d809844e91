// SPDX-License-Identifier: Apache-2.0

package render

import (
	"context"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"syncer.dev/syncer/internal/golden"
	"syncer.dev/syncer/internal/preset"
	"syncer.dev/syncer/internal/render/memo"
	"syncer.dev/syncer/internal/wellknown"
	"syncer.dev/syncer/internal/workspace"
	"syncer.dev/syncer/presets"
)

// vectors is a preset of a repository for a model that turns text into vectors.
const vectors = `apiVersion: syncer.dev/v1alpha1
kind: Preset
source: {repo: team/vectors, revision: 0123456789abcdef0123456789abcdef01234567, task: feature-extraction}
model: {architecture: BertModel, weights: 1Gi, contextLength: 512, layers: 24, hiddenSize: 1024, heads: 16}
disk: 81Gi
runtimes: [vllm]
runParameters: {vllm: {dtype: auto}}
`

// TestPooling: a model that turns text into numbers gets the server for that, without events of a cache that it has
// not, and without a benchmark that is a chat.
func TestPooling(t *testing.T) {
	c, err := preset.Load(presets.FS, fstest.MapFS{
		"models/vectors/preset.yaml": {Data: []byte(vectors)},
		"models/vectors/kustomization.yaml": {
			Data: []byte("apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n" +
				"labels: [{pairs: {syncer.dev/preset: vectors}}]\n"),
		},
	})
	if err != nil || len(c.Problems()) > 0 {
		t.Fatal(err, c.Problems())
	}
	p, _ := c.Lookup("team/vectors")
	b, err := New(c, NewCache()).Render(context.Background(), serving("vectors", named("vectors")), p, Placement{
		Nodes: 1, GPUsPerNode: 1, TensorParallel: 1,
	}, options)
	if err != nil {
		t.Fatal(err)
	}
	validate(t, b)
	golden.Equal(t, "testdata/golden/inference-pooling.yaml", text(t, b))
}

// flagsOf returns the arguments of the server of a Workspace with an inference_config.yaml.
func flagsOf(t *testing.T, model, config string) []string {
	t.Helper()
	o := options
	o.Objects = []workspace.Object{{Content: memo.Object{
		"apiVersion": "v1", "kind": "ConfigMap", "metadata": memo.Object{"name": "mine", "namespace": "default"},
		"data": memo.Object{"inference_config.yaml": config},
	}}}
	w := serving(model, named("w"), func(w *workspace.Workspace) { w.Inference.Config = "mine" })
	b := mustRender(t, w, Placement{Nodes: 1, GPUsPerNode: 1, TensorParallel: 1}, o)
	var out []string
	for _, a := range container(t, b, "w")["args"].(memo.List) {
		out = append(out, a.(string))
	}
	return out
}

// TestCPUCache: the flag that keeps the hybrid cache on gives way to the Workspace's own value, where vLLM can follow
// it.
func TestCPUCache(t *testing.T) {
	const flag = "--" + preset.FlagCPUCache + "=0"
	for name, tt := range map[string]struct {
		model, config string
		there         bool
	}{
		"windows":              {"gemma-3-4b-it", "vllm: {}\n", true},
		"windows, own value":   {"gemma-3-4b-it", "kv_cache_cpu_memory_utilization: 0.5\nvllm: {}\n", false},
		"windows, own value 0": {"gemma-3-4b-it", "kv_cache_cpu_memory_utilization: 0\nvllm: {}\n", true},
		"states, own value":    {"qwen3.6-27b", "kv_cache_cpu_memory_utilization: 0.5\nvllm: {}\n", true},
		"all layers alike":     {"phi-4", "kv_cache_cpu_memory_utilization: 0.5\nvllm: {}\n", false},
	} {
		if args := flagsOf(t, tt.model, tt.config); slices.Contains(args, flag) != tt.there {
			t.Errorf("%s: %s is there: %v; arguments %q", name, flag, !tt.there, args)
		}
	}
}

// TestBenchmarkTokenizer: the benchmark measures with the tokenizer of the pinned commit, once the model is loaded, and
// with what the image finds where no commit is pinned or nothing is downloaded.
func TestBenchmarkTokenizer(t *testing.T) {
	probe := func(w *workspace.Workspace) memo.Object {
		c := container(t, mustRender(t, w, Placement{Nodes: 1, GPUsPerNode: 1, TensorParallel: 1}, options), "w")
		command, _, err := unstructured.NestedSlice(c, "startupProbe", "exec", "command")
		if err != nil {
			t.Fatal(err)
		}
		return memo.Object{"command": command, "env": c["env"]}
	}
	const loaded = `case "$1" in
-c) [ -e "$SANDBOX/loaded" ] || { echo "not loaded" >&2; exit 1; }; echo "/cache/$MODEL_REPO/$MODEL_REVISION" ;;
*) echo "$1 with ${KAITO_PROCESSOR:-its own}" ;;
esac`
	const commit = "187ef0342fff0eb3333be9f00389385e95ef0b61"
	pinned := probe(serving("phi-4", named("w")))
	for name, tt := range map[string]struct {
		probe  memo.Object
		loaded bool
		want   string
		code   int
	}{
		"pinned":             {pinned, true, "with /cache/microsoft/phi-4/" + commit, 0},
		"pinned, not loaded": {pinned, false, "not loaded", 1},
		"unpinned":           {probe(serving("qwen3.5-397b-a17b-gptq-int4", named("w"))), true, "with its own", 0},
		"on the node": {
			probe(serving("phi-4", named("w"), annotate(wellknown.AnnotationLocalWeights, "true"))), true,
			"with /opt/kaito/models/phi-4", 0,
		},
	} {
		s := newSandbox(t, map[string]string{"python3": loaded})
		if tt.loaded {
			s.write("loaded", "")
		}
		out, code := s.run(tt.probe)
		if code != tt.code || !strings.HasSuffix(strings.TrimSpace(out), tt.want) {
			t.Errorf("%s: code %d, %s; want code %d, %s", name, code, out, tt.code, tt.want)
		}
	}
}
