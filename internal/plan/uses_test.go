// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/desired"
	"syncer.dev/syncer/internal/render"
	"syncer.dev/syncer/internal/workspace"
)

// sharing are three Workspaces whose own objects are as desired: a and b name the ConfigMap conf, which changes.
func sharing() (desired.Desired, []*cluster.Preview) {
	object := func(kind, name string) *unstructured.Unstructured {
		return &unstructured.Unstructured{Object: map[string]any{
			"apiVersion": "v1", "kind": kind, "metadata": map[string]any{"namespace": "default", "name": name},
		}}
	}
	var d desired.Desired
	for _, name := range []string{"a", "b", "c"} {
		w := &desired.Workload{
			Key: keyOf(name), Workspace: &workspace.Workspace{Key: keyOf(name), Inference: &workspace.Inference{}},
		}
		if name != "c" {
			w.Workspace.Inference.Config = "conf"
		}
		w.Bundle = render.Bundle{Objects: []*unstructured.Unstructured{object("StatefulSet", name)}}
		d.Workloads = append(d.Workloads, w)
		d.Objects = append(d.Objects, desired.Object{Workspace: w.Key, Content: w.Bundle.Objects[0]})
	}
	d.Objects = append(d.Objects, desired.Object{Content: object("ConfigMap", "conf")})
	var previews []*cluster.Preview
	for _, o := range d.Objects {
		p := &cluster.Preview{Ref: cluster.RefOf(o.Content)}
		if p.Ref.Kind == "ConfigMap" {
			p.Before, p.After = o.Content, o.Content
		}
		previews = append(previews, p)
	}
	return d, previews
}

// TestHeldWithoutSteps: a Workspace that may not change is held even where it has no step of its own, so that its new
// inputs and its new place are never taken for carried out.
func TestHeldWithoutSteps(t *testing.T) {
	d, previews := sharing()
	for _, held := range []map[workspace.Key]string{nil, {keyOf("a"): "not reviewed", keyOf("c"): "not reviewed"}} {
		p := Make(Comparison{
			Desired: d, Previews: previews, Guard: Guard{Held: held, firm: held},
			Serving: func(workspace.Key) bool { return false },
			Before:  func(workspace.Key, int) (Values, bool) { return Values{}, false },
		})
		for i := range p.Workspaces {
			w := p.Workspaces[i]
			if is := w.Held == "not reviewed" && w.Op == Hold; is != (held[w.Key] != "") {
				t.Errorf("%s: %s, held %q", w.Key, w.Op, w.Held)
			}
			want := 0
			if held == nil && w.Key != keyOf("c") {
				want = 1
			}
			if len(w.Uses) != want {
				t.Errorf("%s uses changes of %q", w.Key, w.Uses)
			}
		}
	}
}
