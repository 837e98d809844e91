// SPDX-License-Identifier: Apache-2.0

package render

import (
	"bytes"
	"context"
	"io/fs"
	"strings"
	"sync"
	"testing"

	"sigs.k8s.io/yaml"

	"syncer.dev/syncer/internal/podpolicy"
	"syncer.dev/syncer/internal/preset"
	"syncer.dev/syncer/internal/render/memo"
	"syncer.dev/syncer/internal/workspace"
	"syncer.dev/syncer/presets"
)

// loadBuiltin reads the catalogue once for all tests: it never changes, and renderers are safe for concurrent use.
var loadBuiltin = sync.OnceValues(func() (*preset.Catalog, error) { return preset.Load(presets.FS) })

// sharedCache is the cache of all tests: a test's result must not depend on what other tests rendered.
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
	r := New(c, sharedCache)
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

// privileged are options with which pods may ask for anything.
var privileged = Options{
	Cluster: options.Cluster,
	Source:  options.Source,
	Pods:    podpolicy.Policy{Level: podpolicy.Privileged},
}

// serving is an inference Workspace, and training a tuning one like that of KAITO's quick start; edit changes them.
func serving(model string, edit ...func(*workspace.Workspace)) *workspace.Workspace {
	w := &workspace.Workspace{
		Key: workspace.Key{
			Namespace: "default",
			Name:      "workspace-" + model,
		}, APIVersion: workspace.V1beta1, Digest: "0123abcd",
		Inference: &workspace.Inference{Preset: &workspace.PresetSpec{Name: model}},
	}
	for _, e := range edit {
		e(w)
	}
	return w
}

func training(model string, edit ...func(*workspace.Workspace)) *workspace.Workspace {
	w := &workspace.Workspace{
		Key: workspace.Key{
			Namespace: "default",
			Name:      "workspace-tuning-" + model,
		}, APIVersion: workspace.V1alpha1, Digest: "0123abcd",
		Tuning: &workspace.Tuning{
			Preset: &workspace.PresetSpec{Name: model}, Method: "qlora",
			Input: &workspace.DataSource{URLs: []string{
				"https://huggingface.co/datasets/philschmid/dolly-15k-oai-style/resolve/main/data/" +
					"train-00000-of-00001-54e3756291ca09c6.parquet?download=true",
			}},
			Output: &workspace.DataDestination{Image: "example.azurecr.io/tuned:0.0.1", ImagePushSecret: "registry"},
		},
	}
	for _, e := range edit {
		e(w)
	}
	return w
}

func named(name string) func(*workspace.Workspace) {
	return func(w *workspace.Workspace) { w.Name = name }
}

func annotate(key, value string) func(*workspace.Workspace) {
	return func(w *workspace.Workspace) {
		if w.Annotations == nil {
			w.Annotations = map[string]string{}
		}
		w.Annotations[key] = value
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
		{
			serving("phi-4-mini-instruct", annotate(workspace.AnnotationRuntime, "transformers")),
			"cannot be served by transformers",
		},
		{serving("falcon-7b", func(w *workspace.Workspace) {
			w.Inference.Adapters = []workspace.Adapter{{Source: &workspace.DataSource{Name: "a", Image: "a:1"}}}
		}), "cannot add adapters"},
		{serving("phi-4", func(w *workspace.Workspace) { w.Inference.Adapters = []workspace.Adapter{{}} }), "no source"},
		{serving("phi-4", func(w *workspace.Workspace) {
			w.Inference.Adapters = []workspace.Adapter{{Source: &workspace.DataSource{Name: "a"}}}
		}), "neither an image nor a volume"},
		{serving("phi-4", func(w *workspace.Workspace) {
			w.Inference.Adapters = []workspace.Adapter{
				{Source: &workspace.DataSource{Name: "a", Image: "a:1"}, Strength: &strength},
			}
		}), "strength"},
		{serving("phi-4", func(w *workspace.Workspace) { w.Name = strings.Repeat("a", 53) }), "52"},
		{training("qwen3-8b-awq"), "cannot be tuned"},
		{training("phi-4", func(w *workspace.Workspace) { w.Tuning.Method = "full" }), "neither lora nor qlora"},
		{
			training("phi-4", func(w *workspace.Workspace) { w.Tuning.Input.URLs = []string{"file:///etc/passwd"} }),
			"http or https",
		},
		{training("phi-4", func(w *workspace.Workspace) { w.Tuning.Input = &workspace.DataSource{} }), "tuning.input"},
		{
			training("phi-4", func(w *workspace.Workspace) { w.Tuning.Output = &workspace.DataDestination{Image: "a:1"} }),
			"push secret",
		},
		{training("phi-4", func(w *workspace.Workspace) { w.Inference = &workspace.Inference{} }), "exactly one"},
		{serving("phi-4", func(w *workspace.Workspace) {
			w.Inference = &workspace.Inference{Template: memo.Object{"metadata": "x", "spec": memo.Object{"containers": "y"}}}
		}), ""},
	}
	for _, tt := range tests {
		p, _ := c.Lookup(tt.w.PresetName())
		_, err := r.Render(context.Background(), tt.w, p, Placement{}, options)
		if err == nil && tt.want == "" {
			continue // the API server refuses an invalid template; rendering must only not panic
		}
		if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), tt.w.Key.String()) {
			t.Errorf("%s: error %v, want one with %q and the Workspace's key", tt.w.Key, err, tt.want)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	p, _ := c.Lookup("phi-4")
	if _, err := r.Render(ctx, serving("phi-4"), p, Placement{}, options); err == nil {
		t.Error("rendered although the context had ended")
	}
}

// panicking is a catalogue in which models cannot be read.
type panicking struct{ files fs.FS }

func (p panicking) FS() fs.FS { return p }

func (p panicking) Open(name string) (fs.File, error) {
	if strings.HasPrefix(name, "models/") {
		panic("no such luck")
	}
	return p.files.Open(name)
}

// TestPanicIsAnError: a panic while one Workspace renders is an error of that Workspace.
func TestPanicIsAnError(t *testing.T) {
	c, _ := builtin(t)
	for _, cache := range []*Cache{nil, NewCache()} {
		r := New(panicking{c.FS()}, cache)
		p, _ := c.Lookup("phi-4")
		for range 2 {
			if _, err := r.Render(context.Background(), serving("phi-4"), p, Placement{}, options); err == nil ||
				!strings.Contains(err.Error(), "no such luck") {
				t.Errorf("error %v", err)
			}
		}
	}
}
