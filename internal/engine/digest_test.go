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
	first := fstest.MapFS{
		"a.yaml": file("a", "phi-4", ", config: conf"), "b.yaml": file("b", "phi-4", ""), "conf.yaml": conf(1024),
	}
	second, third := maps.Clone(first), maps.Clone(first)
	second["b.yaml"], third["conf.yaml"] = file("b", "phi-4-mini-instruct", ""), conf(2048)
	fourth := maps.Clone(third)
	delete(fourth, "a.yaml")
	fourth["c.yaml"] = file("c", "phi-4", ", config: conf")
	memo, cache := load.NewMemo(), render.NewCache()
	policy := desired.Policy{Cluster: "demo", Region: "eastus"}
	key := func(name string) workspace.Key { return workspace.Key{Namespace: "default", Name: name} }
	e := New(Settings{Policy: policy}, nil)
	for _, tt := range []struct {
		name  string
		files fstest.MapFS
		kept  []string
	}{
		{"from nothing", first, nil},
		{"another Workspace changes", second, []string{"a"}},
		{"a ConfigMap changes", third, nil},
		{"one goes, and another comes", fourth, []string{"b"}},
	} {
		in, err := desired.Read(tt.files, presets.FS, load.Options{Memo: memo}, workspace.Env{}, cache)
		if err != nil || len(in.Set.Problems) > 0 {
			t.Fatal(err, in.Set.Problems)
		}
		d, err := Desire(t.Context(), in, policy, desired.Observed{})
		if err != nil {
			t.Fatal(err)
		}
		want := New(Settings{Policy: policy}, nil).identifyAll(t.Context(), in, d)
		for k := range e.known.known { // what is kept shows
			e.known.known[k] = "kept"
		}
		for _, name := range tt.kept {
			want[key(name)] = "kept"
		}
		got := e.identifyAll(t.Context(), in, d)
		if d := cmp.Diff(want, got); d != "" || slices.Contains(slices.Collect(maps.Values(got)), "") {
			t.Errorf("%s: digests (-want +got):\n%s", tt.name, d)
		}
	}
}
