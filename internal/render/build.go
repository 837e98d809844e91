// SPDX-License-Identifier: Apache-2.0

package render

import (
	"context"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"syncer.dev/syncer/internal/render/folders"
	"syncer.dev/syncer/internal/render/kustomize"
	"syncer.dev/syncer/internal/render/memo"
	"syncer.dev/syncer/internal/workspace"
)

// buildTemplate is the result of building an overlay in which tokens stand for the texts of one Workspace. Many
// Workspaces have equal overlays then, and share a template.
type buildTemplate struct {
	objects []memo.Object
	// unusable reports that the tokens do not come out whole: Kustomize has to build each Workspace by itself.
	unusable bool
}

// build returns the objects of an overlay: from its template if possible, and from a plain build if not.
func (r *Renderer) build(
	ctx context.Context,
	over overlay,
	w *workspace.Workspace,
	o Options,
) ([]*unstructured.Unstructured, error) {
	if _, err := r.deps.Digest(over.uses()); err != nil { // a folder that kustomize.Check refused
		return nil, err
	}
	over.images = r.deps.Of(folders.ImagesDir).Images
	words, cacheable := r.deps.Words(over.uses())
	if !r.plain && cacheable {
		objects, err := r.fromTemplate(ctx, over, w, o, memo.NewPlaceholders(words))
		if objects != nil || err != nil {
			return objects, err
		}
	}
	files := kustomize.Tree{}
	overlay := over.files(w, o)
	for name, v := range overlay {
		if err := files.AddJSON(name, memo.Resolve(v)); err != nil {
			return nil, err
		}
	}
	for _, dir := range over.uses() {
		files.Add("presets", r.deps.Of(dir).Files)
	}
	return runKustomize(ctx, files, over.root(overlay))
}

// fromTemplate fills in the template of an overlay, which it builds if the cache has none. It returns nothing, and no
// error, for an overlay that needs a plain build.
func (r *Renderer) fromTemplate(
	ctx context.Context,
	over overlay,
	w *workspace.Workspace,
	o Options,
	t *memo.Placeholders,
) ([]*unstructured.Unstructured, error) {
	if over.preset != "" {
		t.Values[folders.PresetToken] = over.preset
		over.preset = strings.TrimPrefix(folders.AnyPreset, "models/")
	}
	over.prebuilt = !r.generates(over, t)
	marked := over.files(w, o)
	files := kustomize.Tree{}
	for _, name := range slices.Sorted(maps.Keys(marked)) { // sorted: equal overlays number their tokens alike
		if err := files.AddJSON(name, t.In(marked[name])); err != nil {
			return nil, err
		}
	}
	if t.Unclean {
		return nil, nil
	}
	key := files.Digest()
	for _, dir := range over.uses() {
		key += r.dependency(dir, t).TemplateDigest
	}
	s, err := r.cache.templates.Get(ctx, key, func() (buildTemplate, error) {
		s, err := r.newTemplate(ctx, over, files, over.root(marked), t)
		if ctx.Err() == nil && err != nil {
			return buildTemplate{unusable: true}, nil // the plain build reports the error with the Workspace's names
		}
		return s, err
	})
	if err != nil || s.unusable {
		return nil, err
	}
	out := make([]*unstructured.Unstructured, 0, len(s.objects))
	for _, o := range s.objects {
		filled := maps.Clone(memo.Filler{Values: t.Values}.Fill(o).(memo.Object))
		if meta, ok := filled["metadata"].(memo.Object); ok { // bundle adds annotations
			filled["metadata"] = maps.Clone(meta)
		}
		out = append(out, &unstructured.Unstructured{Object: filled})
	}
	return out, nil
}

// newTemplate builds a template: first the base with its components, which several templates have in common, then the
// overlay on top of it.
func (r *Renderer) newTemplate(
	ctx context.Context,
	over overlay,
	files kustomize.Tree,
	root string,
	t *memo.Placeholders,
) (buildTemplate, error) {
	if over.prebuilt {
		built, err := r.baseBuild(ctx, over, t)
		if err != nil {
			return buildTemplate{}, err
		}
		files[path.Join(overlayDir, "own", baseFile)] = built
	}
	for _, dir := range over.uses() {
		if !over.prebuilt || dir == over.shared || dir == folders.ImagesDir {
			files.Add("presets", r.dependency(dir, t).TemplateFiles)
		}
	}
	objects, err := runKustomize(ctx, files, root)
	if err != nil {
		return buildTemplate{}, err
	}
	var s buildTemplate
	for _, o := range objects {
		if err := (memo.Filler{Values: t.Values}).Foreign(o.Object); err != nil {
			return buildTemplate{}, err
		}
		s.objects = append(s.objects, o.Object)
	}
	return s, nil
}

// generates reports whether the overlay generates a ConfigMap. Kustomize sets its final name, and the references to
// it, at the end of a build: such a build cannot be split in two.
func (r *Renderer) generates(over overlay, t *memo.Placeholders) bool {
	return slices.ContainsFunc(
		over.uses(),
		func(dir string) bool { return r.dependency(dir, t).Fields["configMapGenerator"] },
	)
}

// baseBuild returns the built base with its components, as YAML.
func (r *Renderer) baseBuild(ctx context.Context, over overlay, t *memo.Placeholders) ([]byte, error) {
	k := memo.Object{"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization"}
	over.baseInto(k, "../presets/")
	files := kustomize.Tree{}
	if err := files.AddJSON(path.Join(overlayDir, "kustomization.yaml"), k); err != nil {
		return nil, err
	}
	key := files.Digest()
	for _, dir := range append(over.ordered(), over.base) {
		c := r.dependency(dir, t)
		key += c.TemplateDigest
		files.Add("presets", c.TemplateFiles)
	}
	return r.cache.baseBuilds.Get(ctx, key, func() ([]byte, error) {
		return kustomize.BuildYAML(ctx, files, overlayDir)
	})
}

// dependency returns the folder of the catalogue that a folder of a template stands for.
func (r *Renderer) dependency(dir string, t *memo.Placeholders) folders.Folder {
	if dir == folders.AnyPreset {
		dir = "models/" + t.Values[folders.PresetToken].(string)
	}
	return r.deps.Of(dir)
}

// runKustomize builds a folder of a tree.
func runKustomize(ctx context.Context, files kustomize.Tree, dir string) ([]*unstructured.Unstructured, error) {
	built, err := kustomize.BuildObjects(ctx, files, dir)
	if err != nil {
		return nil, fmt.Errorf("run kustomize: %w", err)
	}
	return built, nil
}
