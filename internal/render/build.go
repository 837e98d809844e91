// SPDX-License-Identifier: Apache-2.0

package render

import (
	"context"
	"fmt"
	"path"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"syncer.dev/syncer/internal/canonical"
	"syncer.dev/syncer/internal/render/folders"
	"syncer.dev/syncer/internal/render/kustomize"
	"syncer.dev/syncer/internal/render/memo"
	"syncer.dev/syncer/internal/render/overlay"
	"syncer.dev/syncer/internal/workspace"
)

// buildTemplate is the result of building an overlay in which tokens stand for the texts of one Workspace. Many
// Workspaces have equal overlays then, and share a template.
type buildTemplate struct {
	objects []memo.Template
	// unusable reports that the tokens do not come out whole: Kustomize has to build each Workspace by itself.
	unusable bool
}

// built is the objects of an overlay.
type built struct {
	objects []*unstructured.Unstructured
	// templates are those that the objects are filled in from, with the values; none after a plain build.
	templates []memo.Template
	values    memo.Values
	texts     *memo.Placeholders // that were written for the template
}

// build returns the objects of an overlay: from its template if possible, and from a plain build if not. Objects from a
// template are without what is below head, if only that is wanted.
func (r *Renderer) build(
	ctx context.Context,
	over overlay.Overlay,
	w *workspace.Workspace,
	o Options,
	onlyHeads bool,
) (built, error) {
	uses := over.Uses()
	set := r.deps.Set(uses)
	if set.Err != nil { // a folder that kustomize.Check refused
		return built{}, set.Err
	}
	over.Images = r.deps.Of(folders.ImagesDir).Images
	if !r.plain && set.Cacheable {
		b, err := r.fromTemplate(ctx, over, w, o, set, onlyHeads)
		if b.objects != nil || err != nil {
			return b, err
		}
	}
	tree := kustomize.Tree{}
	files := over.Files(w, o.Cluster)
	for _, f := range files {
		if err := tree.AddJSON(path.Join(overlay.Dir, f.Name), memo.Resolve(f.Value)); err != nil {
			return built{}, err
		}
	}
	for _, dir := range uses {
		tree.Add("presets", r.deps.Of(dir).Files)
	}
	objects, err := runKustomize(ctx, tree, overlay.RootOf(files))
	return built{objects: objects}, err
}

// fromTemplate fills in the template of an overlay, which it builds if the cache has none. It returns nothing, and no
// error, for an overlay that needs a plain build.
func (r *Renderer) fromTemplate(
	ctx context.Context,
	over overlay.Overlay,
	w *workspace.Workspace,
	o Options,
	set *folders.Set,
	onlyHeads bool,
) (built, error) {
	t := memo.NewPlaceholders(set.Words, over.Preset)
	if over.Preset != "" {
		over.Preset = strings.TrimPrefix(folders.AnyPreset, "models/")
	}
	over.Prebuilt = !set.Generates
	files := over.Files(w, o.Cluster)
	marked, err := t.Files(files, canonical.Buffer())
	if err != nil {
		return built{}, err
	}
	if t.Unclean() {
		return built{}, nil
	}
	key := marked.Key(set.TemplateDigests)
	s, err := r.cache.templates.Get(ctx, key, func() (buildTemplate, error) {
		tree := kustomize.Tree{}
		marked.Each(func(name string, data []byte) { tree[path.Join(overlay.Dir, name)] = data })
		s, err := r.newTemplate(ctx, over, tree, overlay.RootOf(files), t)
		if ctx.Err() == nil && err != nil {
			return buildTemplate{unusable: true}, nil // the plain build reports the error with the Workspace's names
		}
		return s, err
	})
	if err != nil { // the text may still be in use
		return built{}, err
	}
	canonical.Release(marked.Buffer())
	if s.unusable {
		return built{}, nil
	}
	b := built{
		objects:   make([]*unstructured.Unstructured, 0, len(s.objects)),
		templates: s.objects,
		values:    t.Values(),
		texts:     t,
	}
	for _, template := range s.objects {
		var filled memo.Object
		if onlyHeads {
			filled = template.Only(b.values, head...)
		} else {
			filled = template.Fill(b.values)
		}
		b.objects = append(b.objects, &unstructured.Unstructured{Object: filled})
	}
	return b, nil
}

// head is the fields of an object that say what it is and what it is called.
var head = []string{"apiVersion", "kind", metadata}

// metadata is the field that bundle changes after objects are filled in.
const metadata = "metadata"

// append adds the canonical form of an object to a text: what its template knows of it, unless it is another object by
// now, such as one that a patch has changed. Its metadata may be others than those that were filled in.
func (b built) append(to []byte, u *unstructured.Unstructured) ([]byte, error) {
	for i, template := range b.templates {
		if b.objects[i] == u {
			return template.Append(to, b.values, u.Object[metadata])
		}
	}
	return canonical.Append(to, u.Object)
}

// newTemplate builds a template: first the base with its components, which several templates have in common, then the
// overlay on top of it.
func (r *Renderer) newTemplate(
	ctx context.Context,
	over overlay.Overlay,
	files kustomize.Tree,
	root string,
	t *memo.Placeholders,
) (buildTemplate, error) {
	if over.Prebuilt {
		built, err := r.baseBuild(ctx, over, t)
		if err != nil {
			return buildTemplate{}, err
		}
		files[path.Join(overlay.Dir, "own", overlay.BaseFile)] = built
	}
	for _, dir := range over.Uses() {
		if !over.Prebuilt || dir == over.Shared || dir == folders.ImagesDir {
			files.Add("presets", r.dependency(dir, t).TemplateFiles)
		}
	}
	objects, err := runKustomize(ctx, files, root)
	if err != nil {
		return buildTemplate{}, err
	}
	var s buildTemplate
	for _, o := range objects {
		template, err := t.Compile(o.Object, metadata)
		if err != nil {
			return buildTemplate{}, err
		}
		s.objects = append(s.objects, template)
	}
	return s, nil
}

// baseBuild returns the built base with its components, as YAML.
func (r *Renderer) baseBuild(ctx context.Context, over overlay.Overlay, t *memo.Placeholders) ([]byte, error) {
	k := memo.Object{"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization"}
	over.BaseInto(k, "../presets/")
	files := kustomize.Tree{}
	if err := files.AddJSON(path.Join(overlay.Dir, "kustomization.yaml"), k); err != nil {
		return nil, err
	}
	key := files.Digest()
	for _, dir := range append(over.Ordered(), over.Base) {
		c := r.dependency(dir, t)
		key += c.TemplateDigest
		files.Add("presets", c.TemplateFiles)
	}
	return r.cache.baseBuilds.Get(ctx, key, func() ([]byte, error) {
		return kustomize.BuildYAML(ctx, files, overlay.Dir)
	})
}

// dependency returns the folder of the catalogue that a folder of a template stands for.
func (r *Renderer) dependency(dir string, t *memo.Placeholders) folders.Folder {
	if dir == folders.AnyPreset {
		dir = "models/" + t.Preset()
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
