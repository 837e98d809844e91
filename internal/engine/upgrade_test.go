// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/desired"
	"syncer.dev/syncer/internal/plan"
	"syncer.dev/syncer/internal/plan/cause"
	"syncer.dev/syncer/internal/workspace"
	"syncer.dev/syncer/internal/workspace/load"
	"syncer.dev/syncer/presets"
)

// running is a cluster with objects, of which it shows what applying would change.
type running struct {
	library
	live map[string]*unstructured.Unstructured
}

func (r *running) Preview(_ context.Context, objects []*unstructured.Unstructured) ([]cluster.Preview, error) {
	out := make([]cluster.Preview, len(objects))
	for i, o := range objects {
		out[i] = cluster.Preview{Ref: cluster.RefOf(o)}
		live := r.live[cluster.RefOf(o).String()]
		if live == nil {
			out[i].After = o
			continue
		}
		bare := live.DeepCopy()
		bare.SetManagedFields(nil)
		if a, b := text(bare), text(o); a != b {
			out[i].Before, out[i].After = live, o
		}
	}
	return out, nil
}

func text(o *unstructured.Unstructured) string {
	data, err := o.MarshalJSON()
	if err != nil {
		return err.Error()
	}
	return string(data)
}

// fieldsOf returns the fields of a value as an API server records who set them.
func fieldsOf(v any) map[string]any {
	out := map[string]any{}
	switch v := v.(type) {
	case map[string]any:
		for k, item := range v {
			out["f:"+k] = fieldsOf(item)
		}
	case []any:
		for _, item := range v {
			m, ok := item.(map[string]any)
			if name, named := m["name"]; ok && named {
				out[fmt.Sprintf(`k:{"name":%q}`, name)] = fieldsOf(m)
			}
		}
	}
	return out
}

// setBy records that a client set these fields.
func setBy(o *unstructured.Unstructured, manager string, fields map[string]any) {
	raw, err := json.Marshal(fields)
	if err != nil {
		panic(err)
	}
	o.SetManagedFields(append(o.GetManagedFields(), metav1.ManagedFieldsEntry{
		Manager: manager, Operation: metav1.ManagedFieldsOperationApply, FieldsType: "FieldsV1",
		FieldsV1: &metav1.FieldsV1{Raw: raw},
	}))
}

// upgraded returns the embedded presets of another version of syncer, with other images.
func upgraded(t *testing.T) fs.FS {
	t.Helper()
	out, changed := fstest.MapFS{}, 0
	if err := fs.WalkDir(presets.FS, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(presets.FS, name)
		if strings.HasPrefix(name, "components/images/") {
			lines := strings.Split(string(data), "\n")
			for i, line := range lines {
				if before, _, ok := strings.Cut(line, "newTag: "); ok {
					lines[i], changed = before+"newTag: next-version", changed+1
				}
			}
			data = []byte(strings.Join(lines, "\n"))
		}
		out[name] = &fstest.MapFile{Data: data}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if changed == 0 {
		t.Fatal("no image has a tag")
	}
	return out
}

// TestUpgradePlan plans with the presets of the next version against what runs since the last one, and says of each
// update where it comes from: the version, a commit, or another client.
func TestUpgradePlan(t *testing.T) {
	r := &running{live: map[string]*unstructured.Unstructured{}}
	engineWith := func(builtin fs.FS) *Engine {
		return New(Settings{
			Policy: desired.Policy{Cluster: "demo", Region: "eastus"},
			Depth:  PreviewAll,
			Read: func(rev Revision) (desired.Input, error) {
				return desired.Read(rev.Files, builtin, load.Options{}, workspace.Env{}, nil)
			},
		}, r)
	}
	revision := func(text string) Revision {
		return Revision{Commit: "head", Inputs: text, Files: fstest.MapFS{"phi.yaml": {Data: []byte(text)}}}
	}
	result, err := engineWith(presets.FS).Plan(t.Context(), revision(phi), Observed{})
	if err != nil {
		t.Fatal(err)
	}
	seen := Observed{}
	for _, o := range result.Desired.Objects {
		live := o.Content.DeepCopy()
		setBy(live, "syncer", fieldsOf(o.Content.Object))
		r.live[cluster.RefOf(live).String()] = live
		seen.State.Objects = append(seen.State.Objects, &cluster.Object{
			Ref: cluster.RefOf(live), Workspace: o.Workspace, Owned: true, Source: "phi.yaml",
		})
	}
	causes := func(builtin fs.FS, text string) (map[string]cause.Cause, string) {
		t.Helper()
		result, err := engineWith(builtin).Plan(t.Context(), revision(text), seen)
		if err != nil {
			t.Fatal(err)
		}
		out, diffs := map[string]cause.Cause{}, ""
		for _, c := range result.Plan.Changes {
			if c.Op == plan.Update {
				out[c.Target] = c.Cause
				diffs += c.Texts.Unified()
			}
		}
		return out, diffs
	}

	if got, _ := causes(presets.FS, phi); len(got) != 0 {
		t.Errorf("the same version updates %v", got)
	}
	got, diffs := causes(upgraded(t), phi)
	if len(got) != 1 || got["StatefulSet/phi"] != cause.Rendering || !strings.Contains(diffs, "next-version") {
		t.Errorf("an upgrade: %v\n%s", got, diffs)
	}
	if got, _ := causes(presets.FS, strings.Replace(phi, "phi-4-mini-instruct", "phi-4", 1)); len(got) != 3 ||
		got["StatefulSet/phi"] != cause.Commit {
		t.Errorf("a commit: %v", got)
	}

	// Another client scales the server: it is then the one that set the field last.
	server := r.live["StatefulSet/phi"]
	mine := fieldsOf(server.Object)
	delete(mine, "f:metadata")
	delete(mine["f:spec"].(map[string]any), "f:replicas")
	server.SetManagedFields(nil)
	setBy(server, "syncer", mine)
	setBy(server, "kubectl", map[string]any{"f:spec": map[string]any{"f:replicas": map[string]any{}}})
	if err := unstructured.SetNestedField(server.Object, int64(3), "spec", "replicas"); err != nil {
		t.Fatal(err)
	}
	if got, _ := causes(presets.FS, phi); len(got) != 1 || got["StatefulSet/phi"] != cause.Drift {
		t.Errorf("drift: %v", got)
	}
}
