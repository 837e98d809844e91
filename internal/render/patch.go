package render

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/strictyaml"
	"syncer.dev/syncer/internal/workspace"
)

// PatchError says what is wrong with the patch of a Workspace. Its Path is that of the patch.
type PatchError struct{ *Refusal }

// Unwrap returns the Refusal.
func (e *PatchError) Unwrap() error { return e.Refusal }

// patched applies the Workspace's own patch to its objects. That is done last, by Kustomize, one document of the patch after
// another, so that it can be said of each whether it applies.
func patched(ctx context.Context, objects []*unstructured.Unstructured, w *workspace.Workspace) ([]*unstructured.Unstructured, error) {
	if w.Patch == nil {
		return objects, nil
	}
	docs, err := documents(w.Patch.Path, []byte(w.Patch.Text))
	if err != nil {
		if r, ok := err.(*Refusal); ok {
			return nil, &PatchError{r}
		}
		return nil, err
	}
	var shared []*unstructured.Unstructured
	objects = slices.DeleteFunc(slices.Clone(objects), func(o *unstructured.Unstructured) bool {
		own := o.GetLabels()[cluster.LabelWorkspace] == w.Name
		if !own {
			shared = append(shared, o) // others have it too
		}
		return !own
	})
	for _, doc := range docs {
		at := place{file: w.Patch.Path}
		p, err := readPatch(at, doc)
		if err == nil {
			objects, err = p.apply(ctx, at, doc, objects)
		}
		if r, ok := err.(*Refusal); ok {
			return nil, &PatchError{r}
		}
		if err != nil {
			return nil, err
		}
	}
	return append(objects, shared...), nil
}

// lastPatch is one document of a Workspace's patch: a strategic merge patch of the objects of a kind, or what an item of a
// kustomization's patches is: a target, and a patch of either sort.
type lastPatch struct {
	Kind string
	Name string
	Body any
}

func readPatch(at place, n *yaml.Node) (lastPatch, error) {
	const hint = "write a strategic merge patch with apiVersion and kind, or target and patch"
	if n.Kind != yaml.MappingNode {
		return lastPatch{}, at.refuse(n, hint, "not a patch")
	}
	body, errs := strictyaml.Map(n)
	if len(errs) > 0 {
		e := errs[0]
		return lastPatch{}, &Refusal{Path: at.file, Line: e.Line, Column: e.Column, Field: e.Field, Message: e.Message, Hint: e.Hint}
	}
	text := func(m object, key string) string { s, _ := m[key].(string); return s }
	target, isTarget := body["target"].(object)
	var p lastPatch
	switch {
	case isTarget && len(body) == 2 && body["patch"] != nil:
		for key := range target {
			if key != "kind" && key != "name" {
				return lastPatch{}, at.in("target.%s", key).refuse(n, "a target has kind and name", "is not allowed")
			}
		}
		p = lastPatch{text(target, "kind"), text(target, "name"), body["patch"]}
		if s, isText := p.Body.(string); isText { // as kustomizations have it
			inner, err := documents(at.file, []byte(s))
			if err != nil || len(inner) != 1 {
				return lastPatch{}, at.in("patch").refuse(n, "", "is not one YAML document")
			}
			if err := inner[0].Decode(&p.Body); err != nil {
				return lastPatch{}, at.in("patch").refuse(n, "", "%v", err)
			}
		}
	case isTarget:
		return lastPatch{}, at.refuse(n, hint, "a target goes with a patch, and nothing else")
	default:
		meta, _ := body["metadata"].(object)
		p = lastPatch{text(body, "kind"), text(meta, "name"), body}
	}
	if p.Kind == "" {
		return lastPatch{}, at.in("kind").refuse(n, hint, "not given")
	}
	switch v := p.Body.(type) {
	case list:
	case object:
		v["kind"] = p.Kind
		meta, _ := v["metadata"].(object)
		if meta == nil {
			meta = object{}
		}
		meta["name"], v["metadata"] = "any", meta // Kustomize wants one, and looks only at the target
		if v["apiVersion"] == nil {
			v["apiVersion"] = "v1"
		}
	default:
		return lastPatch{}, at.in("patch").refuse(n, "", "neither a list of operations nor an object")
	}
	return p, nil
}

// apply returns the objects with the patch applied.
func (p lastPatch) apply(ctx context.Context, at place, n *yaml.Node, objects []*unstructured.Unstructured) ([]*unstructured.Unstructured, error) {
	var resources list
	var names []string
	hit := false
	files := tree{}
	for i, o := range objects {
		name := fmt.Sprintf("object-%d.yaml", i)
		if err := files.addJSON("last/"+name, o.Object); err != nil {
			return nil, err
		}
		resources = append(resources, name)
		names = append(names, o.GetKind()+" "+o.GetName())
		hit = hit || o.GetKind() == p.Kind && (p.Name == "" || o.GetName() == p.Name)
	}
	if !hit {
		return nil, at.refuse(n, "there are "+strings.Join(names, ", "), "there is no %s", strings.TrimSpace(p.Kind+" "+p.Name))
	}
	target := object{"kind": p.Kind}
	if p.Name != "" {
		target["name"] = regexp.QuoteMeta(p.Name)
	}
	if err := files.addJSON("last/patch.yaml", p.Body); err != nil {
		return nil, at.refuse(n, "", "%v", err)
	}
	if err := files.addJSON("last/kustomization.yaml", object{
		"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization", "resources": resources,
		"patches": list{object{"path": "patch.yaml", "target": target}},
	}); err != nil {
		return nil, err
	}
	after, err := build(ctx, files, "last", decoded)
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case err != nil:
		return nil, at.refuse(n, "", "does not apply: %v", err)
	}
	slices.SortFunc(objects, byApplyOrder)
	slices.SortFunc(after, byApplyOrder)
	if what := forbidden(objects, after); what != "" {
		return nil, at.refuse(n, "", "changes %s", what)
	}
	if err := stillKnown(objects, after); err != nil {
		return nil, at.refuse(n, "", "%v", err)
	}
	return after, nil
}
