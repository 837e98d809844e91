// SPDX-License-Identifier: Apache-2.0

package dependency

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"syncer.dev/syncer/internal/workspace"
)

func dependent(name, on string) workspace.Workspace {
	return workspace.Workspace{
		Key:         workspace.Key{Namespace: "default", Name: name},
		Annotations: map[string]string{workspace.AnnotationDependsOn: on},
		Tuning:      &workspace.Tuning{Output: &workspace.DataDestination{Image: "example.azurecr.io/" + name + ":1"}},
	}
}

func served(name string, images ...string) workspace.Workspace {
	w := workspace.Workspace{Key: workspace.Key{Namespace: "default", Name: name}, Inference: &workspace.Inference{}}
	for _, image := range images {
		source := workspace.DataSource{Name: "a", Image: image}
		w.Inference.Adapters = append(w.Inference.Adapters, workspace.Adapter{Source: &source})
	}
	return w
}

func TestDependsOn(t *testing.T) {
	w := dependent("a", "b, other/c,,x/y/z,/d")
	named, invalid := Named(&w)
	var got []string
	for _, d := range named {
		got = append(got, d.Key.String())
	}
	if d := cmp.Diff([]string{"default/b", "other/c"}, got) + cmp.Diff([]string{"", "x/y/z", "/d"}, invalid); d != "" {
		t.Error(d)
	}
}

func TestDependencies(t *testing.T) {
	w := served("s", "example.azurecr.io/b:1", "example.azurecr.io/b:2", "example.azurecr.io/other:1")
	w.Annotations = map[string]string{workspace.AnnotationDependsOn: "a"}
	set := &workspace.Set{Workspaces: []workspace.Workspace{dependent("a", ""), dependent("b", ""), w}}
	got := In(set).Of(&w)
	want := []Dependency{
		{Key: workspace.Key{Namespace: "default", Name: "a"}, Field: "metadata.annotations.syncer.dev/depends-on"},
		{
			Key:     workspace.Key{Namespace: "default", Name: "b"},
			Field:   "inference.adapters[0].source.image",
			Adapter: "example.azurecr.io/b:1",
		},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestCycles(t *testing.T) {
	adapted := served("s", "example.azurecr.io/t:1")
	set := &workspace.Set{Workspaces: []workspace.Workspace{
		dependent("a", "b"), dependent("b", "c"), dependent("c", "a"), // a cycle of three
		dependent("d", "a"),          // leads into it
		dependent("self", "self"),    // of one
		dependent("free", "d,gone"),  // in none
		adapted, dependent("t", "s"), // by an adapter
	}}
	got := map[string]string{}
	for k, way := range In(set).Cycles() {
		got[k.Name] = fmt.Sprint(way)
	}
	if d := cmp.Diff(map[string]string{
		"a":    "[default/a default/b default/c default/a]",
		"b":    "[default/b default/c default/a default/b]",
		"c":    "[default/c default/a default/b default/c]",
		"self": "[default/self default/self]",
		"s":    "[default/s default/t default/s]",
		"t":    "[default/t default/s default/t]",
	}, got); d != "" {
		t.Error(d)
	}
}

// TestLongChain: a hostile repository with a long chain costs no more than its length.
func TestLongChain(t *testing.T) {
	set := &workspace.Set{}
	for i := range 20_000 {
		set.Workspaces = append(set.Workspaces, dependent(fmt.Sprint("n", i), fmt.Sprint("n", i+1)))
	}
	if got := In(set).Cycles(); len(got) > 0 {
		t.Error(got)
	}
}
