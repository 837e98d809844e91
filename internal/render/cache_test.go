package render

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"

	"syncer.dev/syncer/internal/preset"
	"syncer.dev/syncer/internal/workspace"
	"syncer.dev/syncer/presets"
)

// TestUnchangedIsNotRendered: what a commit did not touch is the very same bundle, although the catalogue was read anew. Whatever
// it was made from, when it changes, makes another one.
func TestUnchangedIsNotRendered(t *testing.T) {
	cache := NewCache()
	get := func(c *preset.Catalog, w *workspace.Workspace, at Placement, o Options) Bundle {
		t.Helper()
		r := New(c, cache)
		p, _ := c.Lookup(w.PresetName())
		b, err := r.Render(context.Background(), w, p, at, o)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	builtin, err := preset.Load(presets.FS)
	if err != nil {
		t.Fatal(err)
	}
	w := func(edit ...func(*workspace.Workspace)) *workspace.Workspace { return serving(editedPreset, edit...) }
	config := func(text string) Options {
		o := options
		o.Objects = []workspace.Object{{Content: object{"kind": "ConfigMap", "metadata": object{"name": "c"}, "data": object{"inference_config.yaml": text}}}}
		return o
	}
	withConfig := func(w *workspace.Workspace) { w.Inference.Config = "c" }

	same := func(a, b Bundle) bool { return a.Objects[0] == b.Objects[0] }
	before := get(builtin, w(), Placement{}, options)
	if !same(before, get(builtin, w(), Placement{}, options)) {
		t.Error("rendered again although nothing changed")
	}
	if !same(get(builtin, w(withConfig), Placement{}, config("a")), get(builtin, w(withConfig), Placement{}, config("a"))) {
		t.Error("rendered again although its ConfigMap did not change")
	}
	if !same(before, get(builtin, w(), Placement{}, config("a"))) {
		t.Error("rendered again because of a ConfigMap that it does not read")
	}
	other := get(builtin, serving("phi-4"), Placement{}, options)
	edited := editedCatalog(t)
	if !same(other, get(edited, serving("phi-4"), Placement{}, options)) {
		t.Error("rendered again because of another preset")
	}
	for name, changed := range map[string]Bundle{
		"the preset":       get(edited, w(), Placement{}, options),
		"an annotation":    get(builtin, w(annotate(workspace.AnnotationSuspend, "true")), Placement{}, options),
		"pruning":          get(builtin, w(annotate(workspace.AnnotationPrune, "disabled")), Placement{}, options),
		"the placement":    get(builtin, w(), Placement{Nodes: 1, GPUsPerNode: 2}, options),
		"the pool":         get(builtin, w(), Placement{Pool: "other"}, options),
		"the node labels":  get(builtin, w(), Placement{NodeLabels: map[string]string{"a": "b"}}, options),
		"the source":       get(builtin, w(), Placement{}, Options{Cluster: "demo", Source: "elsewhere.yaml"}),
		"the cluster":      get(builtin, w(), Placement{}, Options{Cluster: "other", Source: options.Source}),
		"the digest":       get(builtin, w(func(w *workspace.Workspace) { w.Digest = "other" }), Placement{}, options),
		"the name":         get(builtin, w(named("other")), Placement{}, options),
		"the namespace":    get(builtin, w(func(w *workspace.Workspace) { w.Namespace = "other" }), Placement{}, options),
		"a label":          get(builtin, w(func(w *workspace.Workspace) { w.Labels = map[string]string{labelSet: "set"} }), Placement{}, options),
		"a preferred node": get(builtin, w(func(w *workspace.Workspace) { w.Resource.PreferredNodes = []string{"n"} }), Placement{}, options),
		"a patch":          get(builtin, w(withPatch("kind: StatefulSet\nspec: {minReadySeconds: 3}\n")), Placement{}, options),
	} {
		if changed.Digest == before.Digest {
			t.Errorf("%s changed, and the bundle is the same", name)
		}
	}
	if get(builtin, w(withConfig), Placement{}, config("a")).Digest == get(builtin, w(withConfig), Placement{}, config("b")).Digest {
		t.Error("its ConfigMap changed, and the bundle is the same")
	}
}

// TestShapesOfOwnPresets: presets that do more than the built-in ones are rendered as Kustomize alone would, from a shape or not.
func TestShapesOfOwnPresets(t *testing.T) {
	const head = "apiVersion: syncer.dev/v1alpha1\nkind: Preset\nsource: {repo: team/model}\nmodel: {weights: 1Gi}\nruntimes: [vllm, transformers]\ntuning: {gpuMemory: 16Gi, totalMemory: 16Gi, disk: 90Gi}\n"
	const component = "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n"
	models := map[string]string{
		"generates": "configMapGenerator: [{name: phi-params, literals: [a=b]}]\npatches:\n- target: {kind: StatefulSet}\n  patch: '[{\"op\":\"add\",\"path\":\"/spec/template/spec/volumes/-\",\"value\":{\"name\":\"x\",\"configMap\":{\"name\":\"phi-params\"}}}]'\n",
		"replaces":  "replacements: [{source: {kind: StatefulSet, fieldPath: metadata.name}, targets: [{select: {kind: StatefulSet}, fieldPaths: [\"spec.template.metadata.labels.[x]\"], options: {create: true}}]}]\n",
		"prefixes":  "namePrefix: x-\n",
		"labels":    "labels: [{pairs: {syncer.dev/preset: labels, phi: hf}, includeSelectors: true}]\n",
		"mentions":  "patches:\n- target: {kind: StatefulSet}\n  patch: |-\n    apiVersion: apps/v1\n    kind: StatefulSet\n    metadata: {name: model}\n    spec: {template: {spec: {imagePullSecrets: [{name: registry}], volumes: [{name: adapter-volume, emptyDir: {sizeLimit: 1Gi}}], containers: [{name: model, env: [{name: HF_TOKEN, value: none}]}], initContainers: [{name: puller-a, image: curl}]}}}\n",
		"annotates": "commonAnnotations: {team: a}\npatches:\n- target: {kind: StatefulSet, name: model}\n  patch: '[{\"op\":\"test\",\"path\":\"/metadata/name\",\"value\":\"model\"},{\"op\":\"add\",\"path\":\"/spec/template/spec/hostname\",\"value\":\"zz\"}]'\n",
		"renames":   "patches:\n- target: {kind: Service, name: model-headless}\n  patch: '[{\"op\":\"replace\",\"path\":\"/metadata/name\",\"value\":\"other\"}]'\n  options: {allowNameChange: true}\n",
	}
	images := map[string]string{
		"as they are": "",
		"more":        "images: [{name: kaito-base, newName: mirror/base, newTag: \"1\"}, {name: skopeo, newName: mirror/skopeo, newTag: \"1\"}]\npatches:\n- target: {kind: StatefulSet}\n  patch: |-\n    apiVersion: apps/v1\n    kind: StatefulSet\n    metadata: {name: any}\n    spec: {template: {spec: {imagePullSecrets: [{name: mirror}]}}}\n",
		"by name":     "images: [{name: kaito-base, newTag: \"1\"}]\npatches:\n- target: {kind: StatefulSet, name: 'chat.*'}\n  patch: '[{\"op\":\"add\",\"path\":\"/spec/minReadySeconds\",\"value\":3}]'\n",
		"looking":     "images: [{name: kaito-base, newTag: \"1\"}]\nreplacements: [{source: {kind: StatefulSet, fieldPath: metadata.name, options: {delimiter: '-', index: 0}}, targets: [{select: {kind: StatefulSet}, fieldPaths: [metadata.annotations.first], options: {create: true}}]}]\n",
	}
	for name, text := range images {
		layer := fstest.MapFS{}
		if text != "" {
			layer["components/images/kustomization.yaml"] = &fstest.MapFile{Data: []byte(component + text)}
		}
		for model, text := range models {
			layer["models/"+model+"/preset.yaml"] = &fstest.MapFile{Data: []byte(head)}
			layer["models/"+model+"/kustomization.yaml"] = &fstest.MapFile{Data: []byte(component + text)}
		}
		c, err := preset.Load(presets.FS, layer)
		if err != nil || len(c.Problems()) > 0 {
			t.Fatal(err, c.Problems())
		}
		fast := New(c, NewCache())
		alone := New(c, nil)
		for model := range models {
			p, _ := c.Lookup(model)
			for i, called := range []string{"phi", "chat-a"}[:max(2/slowdown, 1)] {
				w := serving(model, named(called), func(w *workspace.Workspace) {
					w.Inference.Config, w.Inference.Preset.Options.ModelAccessSecret = "phi-params", "hf"
					w.Inference.Preset.Options.ImagePullSecrets = []string{"registry", "mirror", "mine"}
					w.Inference.Adapters = []workspace.Adapter{
						{Source: &workspace.DataSource{Name: "a", Image: "a:1"}}, {Source: &workspace.DataSource{Name: "b", Image: "b:1", ImagePullSecrets: []string{"registry"}}},
					}
				})
				t.Run(fmt.Sprintf("%s/%s/%s", name, model, called), func(t *testing.T) {
					compare(t, alone, fast, i, job{w, p, Placement{Pool: "p"}, options})
					compare(t, alone, fast, i, job{training(model, named(called)), p, Placement{}, options})
				})
			}
		}
	}
}

// TestRecent: it keeps what was used last, makes nothing twice, and keeps no errors.
func TestRecent(t *testing.T) {
	r := recent[int]{max: 2}
	for i := range 3 {
		r.put(fmt.Sprint(i), i)
	}
	if _, ok := r.find("0"); ok {
		t.Error("the oldest is still there")
	}
	r.find("1")
	r.put("3", 3)
	if v, ok := r.find("1"); !ok || v != 1 {
		t.Error("what was used last is gone")
	}
	r.put("1", 11)
	if v, _ := r.find("1"); v != 11 || r.order.Len() != 2 {
		t.Errorf("%d, %d entries", v, r.order.Len())
	}

	var made atomic.Int32
	var all sync.WaitGroup
	gate := make(chan struct{})
	for range 20 {
		all.Go(func() {
			<-gate
			if v, err := r.get(context.Background(), "x", func() (int, error) { made.Add(1); return 7, nil }); v != 7 || err != nil {
				t.Errorf("%d, %v", v, err)
			}
		})
	}
	close(gate)
	all.Wait()
	if made.Load() != 1 {
		t.Errorf("made %d times", made.Load())
	}

	broken := errors.New("broken")
	for range 2 {
		if _, err := r.get(context.Background(), "y", func() (int, error) { return 0, broken }); !errors.Is(err, broken) {
			t.Error(err)
		}
	}
	// Whoever makes it may run out of time, or panic; the others must not hang.
	if _, err := r.get(context.Background(), "z", func() (int, error) { return 0, context.Canceled }); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	func() {
		defer func() { _ = recover() }()
		_, _ = r.get(context.Background(), "z", func() (int, error) { panic("x") })
	}()
	if v, err := r.get(context.Background(), "z", func() (int, error) { return 5, nil }); v != 5 || err != nil {
		t.Errorf("%d, %v", v, err)
	}
}
