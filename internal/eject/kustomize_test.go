// SPDX-License-Identifier: Apache-2.0

package eject_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/yaml"

	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/eject"
	"syncer.dev/syncer/internal/preset"
	"syncer.dev/syncer/internal/render"
	"syncer.dev/syncer/internal/testenv/tooltest"
	"syncer.dev/syncer/internal/workspace"
	"syncer.dev/syncer/presets"
)

// TestStockBuildsCatalogue: every folder of the catalogue is something that the stock command takes as it is.
func TestStockBuildsCatalogue(t *testing.T) {
	root := "../../presets"
	count := 0
	for _, pattern := range []string{"base/*", "components/*", "models/*"} {
		dirs, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, dir := range dirs {
			count++
			if _, err := tooltest.Kustomize(dir); err != nil {
				t.Error(err)
			}
		}
	}
	if count < 71+8+6 {
		t.Errorf("only %d folders", count)
	}
}

// TestStockBuildsEjected builds every ejected preset with the stock command, and compares with what syncer renders.
func TestStockBuildsEjected(t *testing.T) {
	c, r := catalog(t)
	tasks := 0
	var mu sync.Mutex
	t.Run("presets", func(t *testing.T) {
		for _, p := range c.All() {
			if p.Deprecated != "" {
				continue
			}
			t.Run(p.Name, func(t *testing.T) {
				t.Parallel()
				dir := write(t, c, r, p, eject.Options{GPUs: 2, Nodes: nodesFor(p)})
				examples, err := os.ReadDir(filepath.Join(dir, "examples"))
				if err != nil {
					t.Fatal(err)
				}
				for _, e := range examples {
					mu.Lock()
					tasks++
					mu.Unlock()
					compare(t, r, p, filepath.Join(dir, "examples", e.Name()), e.Name())
				}
				if out, err := tooltest.Kustomize(filepath.Join(dir, "models", p.Name)); err != nil {
					t.Errorf("%v\n%s", err, out)
				}
			})
		}
	})
	if tasks < 63+20+2*12 {
		t.Errorf("only %d ways to use a model were built", tasks)
	}
}

// nodesFor has some models span nodes.
func nodesFor(p preset.Preset) int {
	if p.Model.WeightBytes > 400<<30 {
		return 2
	}
	return 1
}

func catalog(t testing.TB, own ...fs.FS) (*preset.Catalog, *render.Renderer) {
	t.Helper()
	c, err := preset.Load(append([]fs.FS{presets.FS}, own...)...)
	if err != nil || len(c.Problems()) > 0 {
		t.Fatal(err, c.Problems())
	}
	r := render.New(c, nil)
	return c, r
}

// write writes a preset out to a folder of the test.
func write(t *testing.T, c *preset.Catalog, r *render.Renderer, p preset.Preset, o eject.Options) string {
	t.Helper()
	files, err := eject.Files(context.Background(), c.FS(), r, p, o)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, data := range files {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// compare builds an example, and compares it with what syncer renders for a Workspace of the same name.
func compare(t *testing.T, r *render.Renderer, p preset.Preset, dir, task string) {
	t.Helper()
	text, err := tooltest.Kustomize(dir)
	if err != nil {
		t.Error(err)
		return
	}
	have := map[string]map[string]any{}
	var name string
	dec := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(text), 4096)
	for {
		u := &unstructured.Unstructured{}
		if err := dec.Decode(&u.Object); err != nil {
			break
		}
		have[u.GetKind()+" "+u.GetName()] = u.Object
		if k := u.GetKind(); k == "StatefulSet" || k == "Job" {
			name = u.GetName()
		}
	}
	b, err := r.Render(
		context.Background(),
		example(p, task, name),
		p,
		render.Placement{Nodes: nodesIn(p, task), GPUsPerNode: 2},
		render.Options{Cluster: "example"},
	)
	if err != nil {
		t.Error(err)
		return
	}
	if len(have) != len(b.Objects) {
		t.Errorf("%s builds %d objects, syncer renders %d", dir, len(have), len(b.Objects))
	}
	for _, o := range b.Objects {
		clean(o)
		got, want := canonical(t, have[o.GetKind()+" "+o.GetName()]), canonical(t, o.Object)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s %s %s (-syncer +kustomize):\n%s", filepath.Base(dir), o.GetKind(), o.GetName(), diff)
		}
	}
}

// canonical returns an object as JSON, with lists sorted whose order means nothing.
func canonical(t *testing.T, o map[string]any) string {
	t.Helper()
	var sorted func(field string, v any) any
	sorted = func(field string, v any) any {
		switch v := v.(type) {
		case map[string]any:
			for k := range v {
				v[k] = sorted(k, v[k])
			}
		case []any:
			for i := range v {
				v[i] = sorted("", v[i])
			}
			if slices.Contains([]string{"ports", "env", "volumes", "volumeMounts"}, field) {
				slices.SortFunc(v, func(a, b any) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
			}
		}
		return v
	}
	text, err := json.MarshalIndent(sorted("", o), "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func nodesIn(p preset.Preset, task string) int {
	if task == "vllm" {
		return nodesFor(p)
	}
	return 1
}

func example(p preset.Preset, task, name string) *workspace.Workspace {
	w := &workspace.Workspace{Key: workspace.Key{Namespace: "default", Name: name}}
	switch task {
	case "vllm", "transformers":
		w.Annotations = map[string]string{workspace.AnnotationRuntime: task}
		w.Inference = &workspace.Inference{Preset: &workspace.PresetSpec{Name: p.Name}}
	default:
		w.Tuning = &workspace.Tuning{
			Preset: &workspace.PresetSpec{Name: p.Name}, Method: task,
			Input: &workspace.DataSource{URLs: []string{"https://example.com/training-data.parquet"}},
			Output: &workspace.DataDestination{
				Volume: map[string]any{"persistentVolumeClaim": map[string]any{"claimName": "results"}},
			},
		}
	}
	return w
}

// clean removes what syncer writes on objects to find them again.
func clean(u *unstructured.Unstructured) {
	for _, fields := range [][]string{{"metadata"}, {"spec", "template", "metadata"}} {
		for _, label := range []string{cluster.LabelManagedBy, cluster.LabelCluster} {
			unstructured.RemoveNestedField(u.Object, append(fields, "labels", label)...)
		}
		for _, a := range []string{cluster.AnnotationSource, cluster.AnnotationInputs} {
			unstructured.RemoveNestedField(u.Object, append(fields, "annotations", a)...)
		}
		for _, m := range []string{"labels", "annotations"} {
			if v, ok, _ := unstructured.NestedMap(u.Object, append(fields, m)...); ok && len(v) == 0 {
				unstructured.RemoveNestedField(u.Object, append(fields, m)...)
			}
		}
	}
}

// TestEjectedReadsAsPresets: the folder can be the presets folder of a repository as it is.
func TestEjectedReadsAsPresets(t *testing.T) {
	c, r := catalog(t)
	p, _ := c.Lookup("phi-4-mini-instruct")
	dir := write(t, c, r, p, eject.Options{})
	own, _ := catalog(t, os.DirFS(dir))
	again, ok := own.Lookup("microsoft/Phi-4-mini-instruct")
	if !ok || !reflect.DeepEqual(again, p) {
		t.Errorf("read back: %+v", again)
	}
	readme, err := os.ReadFile(filepath.Join(dir, "README.md"))
	if err != nil || !strings.Contains(string(readme), "kustomize build examples/vllm") {
		t.Errorf("%v\n%s", err, readme)
	}
}

func TestRefused(t *testing.T) {
	c, r := catalog(t)
	p, _ := c.Lookup("llama-2-7b")
	if _, err := eject.Files(context.Background(), c.FS(), r, p, eject.Options{}); err == nil ||
		!strings.Contains(err.Error(), "can no longer be used") {
		t.Error(err)
	}
}
