// SPDX-License-Identifier: Apache-2.0

package render

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"sync"
	"testing"
	"testing/fstest"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"syncer.dev/syncer/internal/golden"
	"syncer.dev/syncer/internal/preset"
	"syncer.dev/syncer/internal/render/memo"
	"syncer.dev/syncer/internal/workspace"
	"syncer.dev/syncer/presets"
)

// TestEveryPreset renders each model of the catalogue for every runtime and for tuning. A golden file for each
// holds the workloads; the other objects are equal for all models.
func TestEveryPreset(t *testing.T) {
	c, r := builtin(t)
	served, tuned := 0, 0
	for _, p := range c.All() {
		if p.Deprecated != "" {
			continue
		}
		var runs []byte
		rendered := func(w *workspace.Workspace, at Placement) {
			t.Helper()
			w.Name = "w"
			b, err := r.Render(context.Background(), w, p, at, options)
			if err != nil {
				t.Errorf("%s: %v", p.Name, err)
				return
			}
			validate(t, b)
			runs = append(runs, text(t, Bundle{Objects: b.Objects[len(b.Objects)-1:]})...)
		}
		for _, runtime := range p.Runtimes {
			rendered(serving(p.Name, annotate(workspace.AnnotationRuntime, string(runtime))), Placement{})
			served++
		}
		if p.Tuning != nil {
			rendered(training(p.Name), Placement{})
			tuned++
		}
		golden.Equal(t, "testdata/golden/presets/"+p.Name+".yaml", runs)
		if p.Model.Distributed {
			rendered(serving(p.Name), Placement{Nodes: 2, GPUsPerNode: 8})
		}
		if p.Tuning != nil {
			rendered(training(p.Name, func(w *workspace.Workspace) { w.Tuning.Method = "lora" }), Placement{})
		}
	}
	if served < 80 || tuned != 12 {
		t.Errorf("%d ways to serve and %d models to tune; where are the others?", served, tuned)
	}
}

// TestSharedParameters: Workspaces of a namespace share the default training configuration, so all of them must render
// the same object.
func TestSharedParameters(t *testing.T) {
	find := func(b Bundle) *unstructured.Unstructured {
		for _, o := range b.Objects {
			if o.GetKind() == "ConfigMap" {
				return o
			}
		}
		return nil
	}
	a := find(mustRender(t, training("phi-4"), Placement{Pool: "a"}, Options{Cluster: "demo", Source: "a.yaml"}))
	b := find(
		mustRender(
			t,
			training("falcon-7b", annotate(workspace.AnnotationPrune, "disabled")),
			Placement{Pool: "b"},
			Options{Cluster: "demo", Source: "b.yaml"},
		),
	)
	if a == nil || !reflect.DeepEqual(a, b) {
		t.Errorf("different objects:\n%v\n%v", a, b)
	}

	theirs := options
	theirs.Objects = []workspace.Object{
		{
			Content: memo.Object{
				"kind":     "ConfigMap",
				"metadata": memo.Object{"name": "qlora-params-template", "namespace": "default"},
			},
		},
	}
	if o := find(mustRender(t, training("phi-4"), Placement{}, theirs)); o != nil {
		t.Errorf("rendered %v, which is already in the repository", o)
	}
}

// TestPodsStayTheSame: a change of metadata must not restart pods.
func TestPodsStayTheSame(t *testing.T) {
	template := func(w *workspace.Workspace, o Options) any {
		b := mustRender(t, w, Placement{}, o)
		pod, _, err := unstructured.NestedMap(b.Objects[len(b.Objects)-1].Object, "spec", "template")
		if err != nil || pod == nil {
			t.Fatal(err)
		}
		return pod
	}
	before := template(serving("phi-4"), options)
	moved := template(serving("phi-4", annotate("team", "b"), annotate(workspace.AnnotationPrune, "disabled"),
		func(w *workspace.Workspace) { w.Digest = "other" }), Options{Cluster: "demo", Source: "elsewhere.yaml"})
	if !reflect.DeepEqual(before, moved) {
		t.Errorf("pods changed:\n%v\n%v", before, moved)
	}

	config := func(text string) any {
		o := options
		o.Objects = []workspace.Object{{Content: memo.Object{
			"kind": "ConfigMap", "metadata": memo.Object{"name": "c"}, "data": memo.Object{"inference_config.yaml": text},
		}}}
		return template(serving("phi-4", func(w *workspace.Workspace) { w.Inference.Config = "c" }), o)
	}
	if reflect.DeepEqual(config("a: 1"), config("a: 2")) {
		t.Error("a changed configuration does not reach the pods")
	}
}

// TestParallel: parallel builds share only Kustomize's schema.
func TestParallel(t *testing.T) {
	c, r := builtin(t)
	all := slices.DeleteFunc(c.All(), func(p preset.Preset) bool { return p.Deprecated != "" })[:12]
	digests := make([]string, len(all))
	draw := func(i int) (string, error) {
		w := serving(all[i].Name)
		w.Name = fmt.Sprintf("w-%d", i)
		b, err := r.Render(context.Background(), w, all[i], Placement{}, options)
		return b.Digest, err
	}
	for i := range all {
		var err error
		if digests[i], err = draw(i); err != nil {
			t.Fatal(err)
		}
	}
	var wg sync.WaitGroup
	for worker := range 6 {
		wg.Go(func() {
			for i := range all {
				i := (i + worker*3) % len(all)
				if got, err := draw(i); err != nil || got != digests[i] {
					t.Errorf("%s: digest %s, error %v; alone it was %s", all[i].Name, got, err, digests[i])
				}
			}
		})
	}
	wg.Wait()
}

// TestOwnPreset: a repository has a preset with its own patch, and presets that are refused.
func TestOwnPreset(t *testing.T) {
	const head = "apiVersion: syncer.dev/v1alpha1\nkind: Preset\nsource: {repo: team/model}\nmodel: {weights: " +
		"1Gi}\nruntimes: [vllm]\n"
	file := func(s string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(s)} }
	c, err := preset.Load(presets.FS, fstest.MapFS{
		"models/mine/preset.yaml": file(head),
		"models/mine/kustomization.yaml": file(`apiVersion: kustomize.config.k8s.io/v1alpha1
kind: Component
components: [../../components/proxy]
`),
		"components/proxy/kustomization.yaml": file(`apiVersion: kustomize.config.k8s.io/v1alpha1
kind: Component
patches:
- target: {kind: StatefulSet}
  patch: |
    apiVersion: apps/v1
    kind: StatefulSet
    metadata: {name: any}
    spec:
      template:
        spec:
          containers:
          - {name: proxy, image: proxy}
          - {name: model, env: [{name: MINE, value: "1"}]}
`),
		"models/greedy/preset.yaml":        file(head),
		"models/greedy/kustomization.yaml": file("kind: Component\nresources: [role.yaml]\n"),
		"models/greedy/role.yaml": file(
			"apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: all}\n",
		),
		"models/evil/preset.yaml":        file(head),
		"models/evil/kustomization.yaml": file("kind: Component\ncomponents: [https://example.com/evil]\n"),
	})
	if err != nil || len(c.Problems()) > 0 {
		t.Fatal(err, c.Problems())
	}
	r := New(c, sharedCache)
	p, _ := c.Lookup("mine")
	b, err := r.Render(context.Background(), serving("mine"), p, Placement{}, options)
	if err != nil {
		t.Fatal(err)
	}
	validate(t, b)
	containers, _, _ := unstructured.NestedSlice(b.Objects[2].Object, "spec", "template", "spec", "containers")
	names := map[any]any{}
	for _, c := range containers {
		names[c.(memo.Object)["name"]] = c.(memo.Object)["env"]
	}
	if len(names) != 2 || names["workspace-mine"] == nil {
		t.Errorf("containers %v, want proxy and workspace-mine with its variable", names)
	}

	for _, name := range []string{"evil", "greedy"} {
		p, _ = c.Lookup(name)
		if _, err = r.Render(context.Background(), serving(name), p, Placement{}, options); err == nil {
			t.Errorf("%s was not refused", name)
		}
	}
}
