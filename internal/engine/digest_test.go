// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"syncer.dev/syncer/internal/desired"
	"syncer.dev/syncer/internal/render"
	"syncer.dev/syncer/internal/workspace"
	"syncer.dev/syncer/internal/workspace/load"
	"syncer.dev/syncer/presets"
)

// TestDigestsAgain identifies the Workspaces of several sources in turn: a change of one leaves the digests of the
// others alone, and one of a ConfigMap none.
func TestDigestsAgain(t *testing.T) {
	file := func(name, model, more string) *fstest.MapFile {
		return &fstest.MapFile{Data: fmt.Appendf(nil, "apiVersion: kaito.sh/v1beta1\nkind: Workspace\n"+
			"metadata: {name: %s}\ninference: {preset: {name: %s}%s}\n", name, model, more)}
	}
	conf := func(length int) *fstest.MapFile {
		return &fstest.MapFile{Data: fmt.Appendf(nil, "apiVersion: v1\nkind: ConfigMap\n"+
			"metadata: {name: conf, namespace: default}\ndata: {inference_config.yaml: \"vllm: {max-model-len: %d}\"}\n",
			length)}
	}
	method := func(dir string) *fstest.MapFile { // which no Workspace names
		return &fstest.MapFile{Data: []byte("apiVersion: v1\nkind: ConfigMap\n" +
			"metadata: {name: lora-params-template, namespace: default}\n" +
			"data: {training_config.yaml: 'training_config: {TrainingArguments: {output_dir: " + dir + "}}'}\n")}
	}
	first := fstest.MapFS{
		"a.yaml": file("a", "phi-4", ", config: conf"), "b.yaml": file("b", "phi-4", ""), "conf.yaml": conf(1024),
		"tune.yaml": {Data: []byte("apiVersion: kaito.sh/v1beta1\nkind: Workspace\nmetadata: {name: tune}\n" +
			"resource: {instanceType: Standard_NC24ads_A100_v4, labelSelector: {matchLabels: {app: x}}}\n" +
			"tuning:\n  preset: {name: phi-3-mini-128k-instruct}\n  method: lora\n" +
			"  input: {urls: ['https://example.com/d']}\n" +
			"  output: {image: 'registry.example.com/a:1', imagePushSecret: push}\n")},
		"method.yaml": method("/mnt/a"),
	}
	second, third := maps.Clone(first), maps.Clone(first)
	second["b.yaml"], third["conf.yaml"] = file("b", "phi-4-mini-instruct", ""), conf(2048)
	fourth := maps.Clone(third)
	delete(fourth, "a.yaml")
	fourth["c.yaml"] = file("c", "phi-4", ", config: conf")
	fifth := maps.Clone(fourth)
	fifth["a.yaml"] = first["a.yaml"]
	sixth := maps.Clone(fifth)
	delete(sixth, "tune.yaml")
	seventh := maps.Clone(fifth)
	seventh["method.yaml"] = method("/mnt/b")
	eighth := maps.Clone(seventh)
	for _, name := range []string{"models/phi-4/preset.yaml", "models/phi-4/kustomization.yaml"} {
		text, err := presets.FS.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		eighth["presets/"+name] = &fstest.MapFile{Data: text}
	}
	eighth["presets/models/phi-4/kustomization.yaml"].Data = append(
		eighth["presets/models/phi-4/kustomization.yaml"].Data, "commonAnnotations: {edition: mine}\n"...)
	memo, cache := load.NewMemo(), render.NewCache()
	policy := desired.Policy{Cluster: "demo", Region: "eastus"}
	e := New(Settings{Policy: policy}, nil)
	for _, tt := range []struct {
		name  string
		files fstest.MapFS
		kept  []string
	}{
		{"from nothing", first, nil},
		{"another Workspace changes", second, []string{"a", "tune"}},
		{"a ConfigMap changes", third, nil},
		{"one goes, and another comes", fourth, []string{"b", "tune"}},
		{"one comes before all others", fifth, []string{"b", "c", "tune"}},
		{"the last one goes", sixth, []string{"a", "b", "c"}},
		{"the ConfigMap of a method changes", seventh, nil},
		{"the presets change", eighth, nil},
	} {
		in, err := desired.Read(tt.files, presets.FS, load.Options{Memo: memo}, workspace.Env{}, cache)
		if err != nil {
			t.Fatal(err)
		}
		d, err := Desire(t.Context(), in, policy, desired.Observed{})
		if err != nil {
			t.Fatal(err)
		}
		never := func(int) bool { return false }
		want, _ := New(Settings{Policy: policy}, nil).identifyAll(t.Context(), in, d.Workloads, never)
		for k := range e.known.known { // what is kept shows
			e.known.known[k] = "kept"
		}
		for i, w := range d.Workloads {
			if slices.Contains(tt.kept, w.Name) {
				want[i] = "kept"
			}
		}
		got, waiting := e.identifyAll(t.Context(), in, d.Workloads, never)
		diff := cmp.Diff(want, got)
		if diff != "" || waiting > 0 || slices.Contains(got, "") || slices.Contains(got, unidentifiable) {
			t.Errorf("%s: digests, %d of them later (-want +got):\n%s", tt.name, waiting, diff)
		}
	}
}
