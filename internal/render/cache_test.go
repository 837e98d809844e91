// SPDX-License-Identifier: Apache-2.0

package render

import (
	"context"
	"fmt"
	"testing"
	"testing/fstest"

	"syncer.dev/syncer/internal/preset"
	"syncer.dev/syncer/internal/render/memo"
	"syncer.dev/syncer/internal/wellknown"
	"syncer.dev/syncer/internal/workspace"
	"syncer.dev/syncer/presets"
)

// TestUnchangedIsNotRendered: a Workspace that a commit did not touch gets the identical bundle, although the
// catalogue is read again. A change of any input of the bundle gives another bundle.
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
		o.Objects = []workspace.Object{
			{
				Content: memo.Object{
					"kind":     "ConfigMap",
					"metadata": memo.Object{"name": "c"},
					"data":     memo.Object{"inference_config.yaml": text},
				},
			},
		}
		return o
	}
	withConfig := func(w *workspace.Workspace) { w.Inference.Config = "c" }

	same := func(a, b Bundle) bool { return a.Objects[0] == b.Objects[0] }
	before := get(builtin, w(), Placement{}, options)
	if !same(before, get(builtin, w(), Placement{}, options)) {
		t.Error("rendered again although nothing changed")
	}
	if !same(
		get(builtin, w(withConfig), Placement{}, config("a")),
		get(builtin, w(withConfig), Placement{}, config("a")),
	) {
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
		"the preset":      get(edited, w(), Placement{}, options),
		"an annotation":   get(builtin, w(annotate(workspace.AnnotationSuspend, "true")), Placement{}, options),
		"pruning":         get(builtin, w(annotate(workspace.AnnotationPrune, "disabled")), Placement{}, options),
		"the placement":   get(builtin, w(), Placement{Nodes: 1, GPUsPerNode: 2}, options),
		"the pool":        get(builtin, w(), Placement{Pool: "other"}, options),
		"the node labels": get(builtin, w(), Placement{NodeLabels: map[string]string{"a": "b"}}, options),
		"the source":      get(builtin, w(), Placement{}, Options{Cluster: "demo", Source: "elsewhere.yaml"}),
		"the cluster":     get(builtin, w(), Placement{}, Options{Cluster: "other", Source: options.Source}),
		"the digest":      get(builtin, w(func(w *workspace.Workspace) { w.Digest = "other" }), Placement{}, options),
		"the name":        get(builtin, w(named("other")), Placement{}, options),
		"the namespace":   get(builtin, w(func(w *workspace.Workspace) { w.Namespace = "other" }), Placement{}, options),
		"a label": get(
			builtin,
			w(func(w *workspace.Workspace) { w.Labels = map[string]string{wellknown.LabelInferenceSet: "set"} }),
			Placement{},
			options,
		),
		"a preferred node": get(
			builtin,
			w(func(w *workspace.Workspace) { w.Resource.PreferredNodes = []string{"n"} }),
			Placement{},
			options,
		),
		"a patch": get(
			builtin,
			w(withPatch("kind: StatefulSet\nspec: {minReadySeconds: 3}\n")),
			Placement{},
			options,
		),
	} {
		if changed.Digest == before.Digest {
			t.Errorf("%s changed, and the bundle is the same", name)
		}
	}
	if get(
		builtin,
		w(withConfig),
		Placement{},
		config("a"),
	).Digest == get(
		builtin,
		w(withConfig),
		Placement{},
		config("b"),
	).Digest {
		t.Error("its ConfigMap changed, and the bundle is the same")
	}
}

// TestMemoOfUserPresets: presets that do more than the built-in ones render as in a plain build, from a template or
// not.
func TestMemoOfUserPresets(t *testing.T) {
	const head = "apiVersion: syncer.dev/v1alpha1\nkind: Preset\nsource: {repo: team/model}\nmodel: {weights: " +
		"1Gi}\nruntimes: [vllm, transformers]\ntuning: {gpuMemory: 16Gi, totalMemory: 16Gi, disk: 90Gi}\n"
	const component = "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n"
	models := map[string]string{
		"generates": "configMapGenerator: [{name: phi-params, literals: [a=b]}]\npatches:\n- target: {kind: " +
			"StatefulSet}\n  patch: '[{\"op\":\"add\",\"path\":\"/spec/template/spec/volumes/-\"," +
			"\"value\":{\"name\":\"x\",\"configMap\":{\"name\":\"phi-params\"}}}]'\n",
		"replaces": "replacements: [{source: {kind: StatefulSet, fieldPath: metadata.name}, targets: [{select: " +
			"{kind: StatefulSet}, fieldPaths: [\"spec.template.metadata.labels.[x]\"], options: {create: true}}]}]\n",
		"prefixes": "namePrefix: x-\n",
		"labels":   "labels: [{pairs: {syncer.dev/preset: labels, phi: hf}, includeSelectors: true}]\n",
		"mentions": "patches:\n- target: {kind: StatefulSet}\n  patch: |-\n    apiVersion: apps/v1\n    kind: " +
			"StatefulSet\n    metadata: {name: model}\n    spec: {template: {spec: {imagePullSecrets: [{name: registry}]," +
			" volumes: [{name: adapter-volume, emptyDir: {sizeLimit: 1Gi}}], containers: [{name: model, env: [{name: " +
			"HF_TOKEN, value: none}]}], initContainers: [{name: puller-a, image: curl}]}}}\n",
		"annotates": "commonAnnotations: {team: a}\npatches:\n- target: {kind: StatefulSet, name: model}\n  patch: " +
			"'[{\"op\":\"test\",\"path\":\"/metadata/name\",\"value\":\"model\"},{\"op\":\"add\"," +
			"\"path\":\"/spec/template/spec/hostname\",\"value\":\"zz\"}]'\n",
		"renames": "patches:\n- target: {kind: Service, name: model-headless}\n  patch: '[{\"op\":\"replace\"," +
			"\"path\":\"/metadata/name\",\"value\":\"other\"}]'\n  options: {allowNameChange: true}\n",
	}
	images := map[string]string{
		"as they are": "",
		"more": "images: [{name: kaito-base, newName: mirror/base, newTag: \"1\"}, {name: skopeo, newName: " +
			"mirror/skopeo, newTag: \"1\"}]\npatches:\n- target: {kind: StatefulSet}\n  patch: |-\n    apiVersion: " +
			"apps/v1\n    kind: StatefulSet\n    metadata: {name: any}\n    spec: {template: {spec: {imagePullSecrets: " +
			"[{name: mirror}]}}}\n",
		"by name": "images: [{name: kaito-base, newTag: \"1\"}]\npatches:\n- target: {kind: StatefulSet, name: " +
			"'chat.*'}\n  patch: '[{\"op\":\"add\",\"path\":\"/spec/minReadySeconds\",\"value\":3}]'\n",
		"looking": "images: [{name: kaito-base, newTag: \"1\"}]\nreplacements: [{source: {kind: StatefulSet, " +
			"fieldPath: metadata.name, options: {delimiter: '-', index: 0}}, targets: [{select: {kind: StatefulSet}, " +
			"fieldPaths: [metadata.annotations.first], options: {create: true}}]}]\n",
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
		memoized := New(c, NewCache())
		plain := New(c, nil)
		for model := range models {
			p, _ := c.Lookup(model)
			for i, called := range []string{"phi", "chat-a"}[:max(2/slowdown, 1)] {
				w := serving(model, named(called), func(w *workspace.Workspace) {
					w.Inference.Config, w.Inference.Preset.Options.ModelAccessSecret = "phi-params", "hf"
					w.Inference.Preset.Options.ImagePullSecrets = []string{"registry", "mirror", "mine"}
					w.Inference.Adapters = []workspace.Adapter{
						{
							Source: &workspace.DataSource{Name: "a", Image: "a:1"},
						}, {Source: &workspace.DataSource{Name: "b", Image: "b:1", ImagePullSecrets: []string{"registry"}}},
					}
				})
				t.Run(fmt.Sprintf("%s/%s/%s", name, model, called), func(t *testing.T) {
					compare(t, plain, memoized, i, job{w, p, Placement{Pool: "p"}, options})
					compare(t, plain, memoized, i, job{training(model, named(called)), p, Placement{}, options})
				})
			}
		}
	}
}

// TestAgain: what was rendered serves again as it was, without an object that was put before it, for as long as the
// files of its preset are the same. Nothing serves where nothing was rendered.
func TestAgain(t *testing.T) {
	type again interface {
		Render(context.Context, *workspace.Workspace, preset.Preset, Placement, Options) (Bundle, error)
		Again(Bundle) (Bundle, bool)
	}
	c, _ := builtin(t)
	edited, cache, outlines := editedCatalog(t), NewCache(), NewOutlines()
	for name, in := range map[string]func(c *preset.Catalog) again{
		"in full":  func(c *preset.Catalog) again { return New(c, cache) },
		"packed":   func(c *preset.Catalog) again { return Packer{New(c, cache)} },
		"outlines": func(c *preset.Catalog) again { return Outliner{New(c, cache), outlines} },
	} {
		t.Run(name, func(t *testing.T) {
			w := serving(editedPreset)
			p, _ := c.Lookup(editedPreset)
			first, err := in(c).Render(context.Background(), w, p, Placement{}, options)
			if err != nil {
				t.Fatal(err)
			}
			if b, ok := in(c).Again(first); !ok || b.Objects[0] != first.Objects[0] || b.Digest != first.Digest {
				t.Errorf("of the same files, %t, or another Bundle", ok)
			}
			if _, ok := in(edited).Again(first); ok {
				t.Error("it serves although a file of its preset is another one")
			}
			if _, ok := in(c).Again(Bundle{}); ok {
				t.Error("nothing serves")
			}
			if name == "outlines" { // which nothing is put before
				return
			}
			front := first.Before(first.Objects[0])
			b, ok := in(c).Again(front)
			if !ok || len(b.Objects) != len(first.Objects) || len(b.List()) != len(first.List()) || b.front != 0 {
				t.Errorf("%d objects of %d, %d of them in front", len(b.Objects), len(first.Objects), b.front)
			}
		})
	}
}
