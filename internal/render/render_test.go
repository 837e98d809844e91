package render

import (
	"bytes"
	"context"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"sigs.k8s.io/yaml"

	"syncer.dev/syncer/internal/preset"
	"syncer.dev/syncer/internal/workspace"
	"syncer.dev/syncer/presets"
)

var update = flag.Bool("update", false, "write the golden files anew")

// loadBuiltin reads the catalogue once for all tests: it never changes, and renderers are safe for concurrent use.
var loadBuiltin = sync.OnceValues(func() (*preset.Catalog, error) { return preset.Load(presets.FS) })

// sharedCache is that of all tests: what they render must not depend on what others rendered before.
var sharedCache = NewCache()

// builtin is the catalogue and a renderer for it.
func builtin(t testing.TB) (*preset.Catalog, *Renderer) {
	t.Helper()
	c, err := loadBuiltin()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range c.Problems() {
		t.Fatal(p)
	}
	r, err := New(c, sharedCache)
	if err != nil {
		t.Fatal(err)
	}
	return c, r
}

// render renders a Workspace with the preset that it names.
func render(t testing.TB, w *workspace.Workspace, at Placement, o Options) (Bundle, error) {
	t.Helper()
	c, r := builtin(t)
	var p preset.Preset
	if name := w.PresetName(); name != "" {
		var ok bool
		if p, ok = c.Lookup(name); !ok {
			t.Fatalf("no preset %q", name)
		}
	}
	return r.Render(context.Background(), w, p, at, o)
}

func mustRender(t testing.TB, w *workspace.Workspace, at Placement, o Options) Bundle {
	t.Helper()
	b, err := render(t, w, at, o)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func text(t testing.TB, b Bundle) []byte {
	t.Helper()
	var out bytes.Buffer
	for _, o := range b.Objects {
		y, err := yaml.Marshal(o.Object)
		if err != nil {
			t.Fatal(err)
		}
		out.WriteString("---\n")
		out.Write(y)
	}
	return out.Bytes()
}

// options are what most tests render with.
var options = Options{Cluster: "demo", Source: "workspaces/w.yaml"}

// serving is an inference Workspace, and training a tuning one like that of KAITO's quick start; edit changes them.
func serving(model string, edit ...func(*workspace.Workspace)) *workspace.Workspace {
	w := &workspace.Workspace{
		Key: workspace.Key{Namespace: "default", Name: "workspace-" + model}, APIVersion: workspace.V1beta1, Digest: "0123abcd",
		Inference: &workspace.Inference{Preset: &workspace.PresetSpec{Name: model}},
	}
	for _, e := range edit {
		e(w)
	}
	return w
}

func training(model string, edit ...func(*workspace.Workspace)) *workspace.Workspace {
	w := &workspace.Workspace{
		Key: workspace.Key{Namespace: "default", Name: "workspace-tuning-" + model}, APIVersion: workspace.V1alpha1, Digest: "0123abcd",
		Tuning: &workspace.Tuning{
			Preset: &workspace.PresetSpec{Name: model}, Method: "qlora",
			Input: &workspace.DataSource{URLs: []string{
				"https://huggingface.co/datasets/philschmid/dolly-15k-oai-style/resolve/main/data/train-00000-of-00001-54e3756291ca09c6.parquet?download=true",
			}},
			Output: &workspace.DataDestination{Image: "example.azurecr.io/tuned:0.0.1", ImagePushSecret: "registry"},
		},
	}
	for _, e := range edit {
		e(w)
	}
	return w
}

func annotate(key, value string) func(*workspace.Workspace) {
	return func(w *workspace.Workspace) {
		if w.Annotations == nil {
			w.Annotations = map[string]string{}
		}
		w.Annotations[key] = value
	}
}

// goldenCase is one feature, and what it is rendered with.
type goldenCase struct {
	name string
	w    *workspace.Workspace
	at   Placement
	o    Options
}

// goldenCases is everything that rendering can do.
func goldenCases() []goldenCase {
	strength := "0.5"
	one := Placement{Nodes: 1, GPUsPerNode: 1, TensorParallel: 1, GPUModel: "NVIDIA A100", Pool: "w1", NodeLabels: map[string]string{"app": "demo"}}
	config := func(key, value string) Options {
		o := options
		o.Objects = []workspace.Object{{Content: object{
			"apiVersion": "v1", "kind": "ConfigMap", "metadata": object{"name": "mine", "namespace": "default"}, "data": object{key: value},
		}}}
		return o
	}
	return []goldenCase{
		{"inference-phi-4-mini-instruct", serving("phi-4-mini-instruct"), one, options},
		{"inference-falcon-7b", serving("falcon-7b"), one, options},
		{"inference-deepseek-v3.2-two-nodes", serving("deepseek-ai/DeepSeek-V3.2", func(w *workspace.Workspace) {
			w.Name = "deepseek"
			w.Inference.Preset.Options.ModelAccessSecret = "hugging-face"
		}), Placement{Nodes: 2, GPUsPerNode: 8, TensorParallel: 8, PipelineParallel: 2, GPUModel: "NVIDIA H100", Pool: "w2"}, options},
		{
			"inference-data-parallel-a10", serving("qwen3.5-2b", annotate(annotationPerformance, "throughput"), func(w *workspace.Workspace) { w.Name = "qwen" }),
			Placement{Nodes: 1, GPUsPerNode: 2, TensorParallel: 1, DataParallel: 2, GPUModel: "NVIDIA A10", Pool: "w3"},
			options,
		},
		{"inference-adapters", serving("phi-4", func(w *workspace.Workspace) {
			w.Inference.Adapters = []workspace.Adapter{
				{Source: &workspace.DataSource{Name: "adapter-1", Image: "example.azurecr.io/a:1", ImagePullSecrets: []string{"one", "two"}}},
				{Source: &workspace.DataSource{Name: "from.volume", Volume: object{"persistentVolumeClaim": object{"claimName": "adapters"}}}},
			}
		}), one, options},
		{"inference-transformers", serving("phi-4", annotate(workspace.AnnotationRuntime, "transformers"), func(w *workspace.Workspace) {
			w.Inference.Adapters = []workspace.Adapter{{Source: &workspace.DataSource{Name: "a", Image: "example.azurecr.io/a:1"}, Strength: &strength}}
		}), one, options},
		{
			"inference-config", serving("phi-4-mini-instruct", func(w *workspace.Workspace) { w.Inference.Config = "mine" }),
			one, config("inference_config.yaml", "vllm: {max-model-len: 4096}\n"),
		},
		{"inference-exposed-suspended-kept", serving("phi-4-mini-instruct", annotate(annotationLoadBalancer, "True"),
			annotate(workspace.AnnotationSuspend, "true"), annotate(workspace.AnnotationPrune, "disabled"), annotate(annotationBenchmark, "true")), one, options},
		{
			"inference-nvme", serving("phi-4-mini-instruct"),
			Placement{LocalNVMe: true},
			Options{Cluster: "demo", Source: "w.yaml", NVMeStorageClass: "kaito-local-nvme-disk"},
		},
		{
			"inference-local-weights", serving("microsoft/Phi-4-mini-instruct", annotate(annotationLocalWeights, "true"), func(w *workspace.Workspace) { w.Name = "phi" }),
			one, options,
		},
		{"inference-mig", serving("phi-4-mini-instruct", func(w *workspace.Workspace) {
			w.Resource.Partition = &workspace.Partition{Mode: "mig", Profile: "1g.10gb"}
			w.Labels = map[string]string{"inferenceset.kaito.sh/created-by": "set"}
		}), Placement{GPUsPerNode: 4}, options},
		{"inference-template", &workspace.Workspace{
			Key: workspace.Key{Namespace: "team", Name: "own"}, Digest: "0123abcd",
			Inference: &workspace.Inference{Template: object{
				"metadata": object{"labels": object{"theirs": "yes"}},
				"spec": object{
					"affinity": object{"podAffinity": object{}}, "tolerations": list{object{"key": "theirs", "operator": "Exists"}},
					"containers": list{object{"name": "curl", "image": "curl", "args": list{"$(HOSTNAME)"}}},
				},
			}},
		}, one, options},
		{"tuning-phi-3-mini-128k-instruct-qlora", training("phi-3-mini-128k-instruct"), one, options},
		{"tuning-falcon-7b-qlora", training("falcon-7b"), one, options},
		{"tuning-falcon-7b-lora-volumes", training("falcon-7b", func(w *workspace.Workspace) {
			w.Tuning.Method = "LoRA"
			w.Tuning.Input = &workspace.DataSource{Name: "data", Volume: object{"persistentVolumeClaim": object{"claimName": "data"}}}
			w.Tuning.Output = &workspace.DataDestination{Volume: object{"hostPath": object{"path": "/data"}}}
		}), Placement{GPUsPerNode: 4, Pool: "w4"}, options},
		{"tuning-phi-4-image-config-suspended", training("phi-4", annotate(workspace.AnnotationSuspend, "true"), func(w *workspace.Workspace) {
			w.Tuning.Config = "mine"
			w.Tuning.Preset.Options.ModelAccessSecret = "hugging-face"
			w.Tuning.Input = &workspace.DataSource{Name: "data", Image: "example.azurecr.io/data:1", ImagePullSecrets: []string{"one"}}
		}), one, config("training_config.yaml", "training_config:\n  TrainingArguments:\n    output_dir: out/here\n")},
	}
}

func TestGolden(t *testing.T) {
	for _, tt := range goldenCases() {
		t.Run(tt.name, func(t *testing.T) {
			b := mustRender(t, tt.w, tt.at, tt.o)
			validate(t, b)
			got := text(t, b)
			file := filepath.Join("testdata", "golden", tt.name+".yaml")
			if *update {
				if err := os.WriteFile(file, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, want) {
				t.Errorf("not as in %s; run with -update and look at the difference. Got:\n%s", file, got)
			}
		})
	}
}

func TestRefusesToRender(t *testing.T) {
	strength := "1.0"
	c, r := builtin(t)
	tests := []struct {
		w    *workspace.Workspace
		want string
	}{
		{serving("phi-2"), "can no longer be used"},
		{serving("phi-4-mini-instruct", annotate(workspace.AnnotationRuntime, "transformers")), "cannot be served by transformers"},
		{serving("falcon-7b", func(w *workspace.Workspace) {
			w.Inference.Adapters = []workspace.Adapter{{Source: &workspace.DataSource{Name: "a", Image: "a:1"}}}
		}), "cannot add adapters"},
		{serving("phi-4", func(w *workspace.Workspace) { w.Inference.Adapters = []workspace.Adapter{{}} }), "no source"},
		{serving("phi-4", func(w *workspace.Workspace) {
			w.Inference.Adapters = []workspace.Adapter{{Source: &workspace.DataSource{Name: "a"}}}
		}), "neither an image nor a volume"},
		{serving("phi-4", func(w *workspace.Workspace) {
			w.Inference.Adapters = []workspace.Adapter{{Source: &workspace.DataSource{Name: "a", Image: "a:1"}, Strength: &strength}}
		}), "strength"},
		{serving("phi-4", func(w *workspace.Workspace) { w.Name = strings.Repeat("a", 53) }), "52"},
		{training("qwen3-8b-awq"), "cannot be tuned"},
		{training("phi-4", func(w *workspace.Workspace) { w.Tuning.Method = "full" }), "neither lora nor qlora"},
		{training("phi-4", func(w *workspace.Workspace) { w.Tuning.Input.URLs = []string{"file:///etc/passwd"} }), "http or https"},
		{training("phi-4", func(w *workspace.Workspace) { w.Tuning.Input = &workspace.DataSource{} }), "tuning.input"},
		{training("phi-4", func(w *workspace.Workspace) { w.Tuning.Output = &workspace.DataDestination{Image: "a:1"} }), "push secret"},
		{training("phi-4", func(w *workspace.Workspace) { w.Inference = &workspace.Inference{} }), "exactly one"},
		{serving("phi-4", func(w *workspace.Workspace) {
			w.Inference = &workspace.Inference{Template: object{"metadata": "x", "spec": object{"containers": "y"}}}
		}), ""},
	}
	for _, tt := range tests {
		p, _ := c.Lookup(tt.w.PresetName())
		_, err := r.Render(context.Background(), tt.w, p, Placement{}, options)
		if err == nil && tt.want == "" {
			continue // nonsense in a template is for the API server to refuse; here it must only do no harm
		}
		if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), tt.w.Key.String()) {
			t.Errorf("%s: error %v, want one with %q and the Workspace's key", tt.w.Key, err, tt.want)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	p, _ := c.Lookup("phi-4")
	if _, err := r.Render(ctx, serving("phi-4"), p, Placement{}, options); err == nil {
		t.Error("rendered in spite of a context that had ended")
	}
}
