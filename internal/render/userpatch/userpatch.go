// SPDX-License-Identifier: Apache-2.0

package userpatch

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/render/judge"
	"syncer.dev/syncer/internal/render/kustomize"
	"syncer.dev/syncer/internal/render/memo"
	"syncer.dev/syncer/internal/strictyaml"
	"syncer.dev/syncer/internal/workspace"
)

// Apply applies the Workspace's own patch to its objects, last. Kustomize applies one document of the patch after
// another, so that an error names the document. The error is a diag.Diagnostic with the path of the patch.
func Apply(
	ctx context.Context,
	objects []*unstructured.Unstructured,
	w *workspace.Workspace,
) ([]*unstructured.Unstructured, error) {
	if w.Patch == nil {
		return objects, nil
	}
	docs, err := kustomize.Documents(w.Patch.Path, []byte(w.Patch.Text))
	if err != nil {
		return nil, err
	}
	var shared []*unstructured.Unstructured
	objects = slices.DeleteFunc(slices.Clone(objects), func(o *unstructured.Unstructured) bool {
		own := o.GetLabels()[cluster.LabelWorkspace] == w.Name
		if !own {
			shared = append(shared, o) // other Workspaces have it too
		}
		return !own
	})
	for _, doc := range docs {
		at := kustomize.Location{File: w.Patch.Path}
		p, err := read(at, doc)
		if err == nil {
			objects, err = p.apply(ctx, at, doc, objects)
		}
		if err != nil {
			return nil, err
		}
	}
	return append(objects, shared...), nil
}

// document is one document of a Workspace's patch: a strategic merge patch of the objects of a kind, or a target with a
// patch of either sort, as in the field patches of a kustomization.
type document struct {
	Kind string
	Name string
	Body any
}

func read(at kustomize.Location, n *yaml.Node) (document, error) {
	const hint = "write a strategic merge patch with apiVersion and kind, or target and patch"
	if n.Kind != yaml.MappingNode {
		return document{}, at.Refuse(n, diag.InvalidPatch, hint, "not a patch")
	}
	body, errs := strictyaml.Map(n)
	if len(errs) > 0 {
		return document{}, errs[0].In(at.File)
	}
	text := func(m memo.Object, key string) string { s, _ := m[key].(string); return s }
	target, isTarget := body["target"].(memo.Object)
	var p document
	switch {
	case isTarget && len(body) == 2 && body["patch"] != nil:
		for key := range target {
			if key != "kind" && key != "name" {
				return document{}, at.In("target.%s", key).
					Refuse(n, diag.InvalidPatch, "a target has kind and name", "is not allowed")
			}
		}
		p = document{text(target, "kind"), text(target, "name"), body["patch"]}
		if s, isText := p.Body.(string); isText { // as in kustomizations
			inner, err := kustomize.Documents(at.File, []byte(s))
			if err != nil || len(inner) != 1 {
				return document{}, at.In("patch").Refuse(n, diag.InvalidPatch, "", "is not one YAML document")
			}
			var wrong []diag.Diagnostic
			if p.Body, wrong = strictyaml.Value(inner[0]); len(wrong) > 0 {
				return document{}, at.In("patch").Refuse(n, diag.InvalidPatch, "", "%v", wrong[0])
			}
		}
	case isTarget:
		return document{}, at.Refuse(n, diag.InvalidPatch, hint, "a document with a target has a patch and no other field")
	default:
		meta, _ := body["metadata"].(memo.Object)
		p = document{text(body, "kind"), text(meta, "name"), body}
	}
	if p.Kind == "" {
		return document{}, at.In("kind").Refuse(n, diag.RequiredField, hint, "not given")
	}
	switch v := p.Body.(type) {
	case memo.List:
	case memo.Object:
		v["kind"] = p.Kind
		meta, _ := v["metadata"].(memo.Object)
		if meta == nil {
			meta = memo.Object{}
		}
		meta["name"], v["metadata"] = "any", meta // Kustomize requires a name and uses only the target
		if v["apiVersion"] == nil {
			v["apiVersion"] = "v1"
		}
	default:
		return document{}, at.In("patch").Refuse(n, diag.InvalidPatch, "", "is neither a list of operations nor an object")
	}
	return p, nil
}

// apply returns the objects with the patch applied.
func (p document) apply(
	ctx context.Context,
	at kustomize.Location,
	n *yaml.Node,
	objects []*unstructured.Unstructured,
) ([]*unstructured.Unstructured, error) {
	var resources memo.List
	var names []string
	matched := false
	files := kustomize.Tree{}
	for i, o := range objects {
		name := fmt.Sprintf("object-%d.yaml", i)
		if err := files.AddJSON("last/"+name, o.Object); err != nil {
			return nil, err
		}
		resources = append(resources, name)
		names = append(names, o.GetKind()+" "+o.GetName())
		matched = matched || o.GetKind() == p.Kind && (p.Name == "" || o.GetName() == p.Name)
	}
	if !matched {
		return nil, at.Refuse(
			n,
			diag.PatchTargetNotFound,
			"the objects are "+strings.Join(names, ", "),
			"no object matches %s",
			strings.TrimSpace(p.Kind+" "+p.Name),
		)
	}
	target := memo.Object{"kind": p.Kind}
	if p.Name != "" {
		target["name"] = regexp.QuoteMeta(p.Name)
	}
	if err := files.AddJSON("last/patch.yaml", p.Body); err != nil {
		return nil, at.Refuse(n, diag.InvalidPatch, "", "%v", err)
	}
	if err := files.AddJSON("last/kustomization.yaml", memo.Object{
		"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization", "resources": resources,
		"patches": memo.List{memo.Object{"path": "patch.yaml", "target": target}},
	}); err != nil {
		return nil, err
	}
	after, err := kustomize.BuildObjects(ctx, files, "last")
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case err != nil:
		return nil, at.Refuse(n, diag.PatchFailed, "", "does not apply: %v", err)
	}
	slices.SortFunc(objects, cluster.ByApplyOrder)
	slices.SortFunc(after, cluster.ByApplyOrder)
	if what := judge.ProtectedChange(objects, after); what != "" {
		return nil, at.Refuse(n, diag.PatchNotAllowed, "", "changes %s", what)
	}
	if err := judge.CheckSchema(objects, after); err != nil {
		return nil, at.Refuse(n, diag.PatchNotAllowed, "", "%v", err)
	}
	return after, nil
}
