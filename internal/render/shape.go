package render

import (
	"context"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/kustomize/api/resmap"

	"syncer.dev/syncer/internal/workspace"
)

// shape is what Kustomize builds of an overlay in which tokens stand for all that belongs to one Workspace. Many Workspaces
// have the same shape.
type shape struct {
	objects []object
	// alone says that tokens do not come out whole, so that each Workspace has to be built by itself.
	alone bool
}

// produce returns the objects of an overlay: from its shape where that is possible, and else from a build of its own.
func (r *Renderer) produce(ctx context.Context, over overlay, w *workspace.Workspace, o Options) ([]*unstructured.Unstructured, error) {
	if _, err := r.closures.digest(over.uses()); err != nil { // what was refused
		return nil, err
	}
	over.images = r.closures.of(imagesDir).images
	words, plain := r.closures.words(over)
	if r.cache != nil && plain {
		objects, err := r.fromShape(ctx, over, w, o, newTokens(words))
		if objects != nil || err != nil {
			return objects, err
		}
	}
	files := tree{}
	plainly := over.files(w, o)
	for name, v := range plainly {
		if err := files.addJSON(name, unmarked(v)); err != nil {
			return nil, err
		}
	}
	for _, dir := range over.uses() {
		files.add("presets", r.closures.of(dir).files)
	}
	return run(ctx, files, over.root(plainly))
}

// fromShape fills in the shape of an overlay, which it builds if nobody has. It returns nothing, and no error, for an
// overlay that has to be built by itself.
func (r *Renderer) fromShape(ctx context.Context, over overlay, w *workspace.Workspace, o Options, t *tokens) ([]*unstructured.Unstructured, error) {
	if over.preset != "" {
		t.values[presetToken] = over.preset
		over.preset = strings.TrimPrefix(thisPreset, "models/")
	}
	over.begun = !r.generates(over, t)
	marked := over.files(w, o)
	files := tree{}
	for _, name := range slices.Sorted(maps.Keys(marked)) { // sorted, so that tokens are numbered in the same way each time
		if err := files.addJSON(name, t.in(marked[name])); err != nil {
			return nil, err
		}
	}
	if t.unclean {
		return nil, nil
	}
	key := files.digest()
	for _, dir := range over.uses() {
		key += r.general(dir, t).generalDigest
	}
	s, err := r.cache.shapes.get(ctx, key, func() (shape, error) {
		s, err := r.newShape(ctx, over, files, over.root(marked), t)
		if ctx.Err() == nil && err != nil {
			return shape{alone: true}, nil // a build of its own will say what is wrong, with the right names
		}
		return s, err
	})
	if err != nil || s.alone {
		return nil, err
	}
	out := make([]*unstructured.Unstructured, 0, len(s.objects))
	for _, o := range s.objects {
		out = append(out, &unstructured.Unstructured{Object: filler{values: t.values}.fill(o).(object)})
	}
	return out, nil
}

// newShape builds a shape: first the base with its components, which several shapes have in common, then the overlay upon it.
func (r *Renderer) newShape(ctx context.Context, over overlay, files tree, root string, t *tokens) (shape, error) {
	if over.begun {
		begun, err := r.begin(ctx, over, t)
		if err != nil {
			return shape{}, err
		}
		files[path.Join(overlayDir, "own", begunFile)] = begun
	}
	for _, dir := range over.uses() {
		if !over.begun || dir == over.shared || dir == imagesDir {
			files.add("presets", r.general(dir, t).general)
		}
	}
	objects, err := run(ctx, files, root)
	if err != nil {
		return shape{}, err
	}
	var s shape
	for _, o := range objects {
		if err := (filler{values: t.values}).foreign(o.Object); err != nil {
			return shape{}, err
		}
		s.objects = append(s.objects, o.Object)
	}
	return s, nil
}

// generates reports whether a ConfigMap is generated. It gets its final name at the end of a build, and only then is it known
// what refers to it: such a build cannot be made in two steps.
func (r *Renderer) generates(over overlay, t *tokens) bool {
	return slices.ContainsFunc(over.uses(), func(dir string) bool { return r.general(dir, t).fields["configMapGenerator"] })
}

// begin returns what Kustomize builds of the base and its components, as YAML.
func (r *Renderer) begin(ctx context.Context, over overlay, t *tokens) ([]byte, error) {
	k := object{"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization"}
	over.begin(k, "../presets/")
	files := tree{}
	if err := files.addJSON(path.Join(overlayDir, "kustomization.yaml"), k); err != nil {
		return nil, err
	}
	key := files.digest()
	for _, dir := range append(over.ordered(), over.base) {
		c := r.general(dir, t)
		key += c.generalDigest
		files.add("presets", c.general)
	}
	return r.cache.begun.get(ctx, key, func() ([]byte, error) {
		return build(ctx, files, overlayDir, resmap.ResMap.AsYaml)
	})
}

// general returns the folder of the catalogue that a folder of a shape stands for.
func (r *Renderer) general(dir string, t *tokens) closure {
	if dir == thisPreset {
		dir = "models/" + t.values[presetToken].(string)
	}
	return r.closures.of(dir)
}

// run builds a folder of a tree.
func run(ctx context.Context, files tree, dir string) ([]*unstructured.Unstructured, error) {
	built, err := build(ctx, files, dir, decoded)
	if err != nil {
		return nil, fmt.Errorf("run kustomize: %w", err)
	}
	return built, nil
}

// decoded returns what Kustomize built as objects.
func decoded(built resmap.ResMap) ([]*unstructured.Unstructured, error) {
	var out []*unstructured.Unstructured
	for _, r := range built.Resources() {
		text, err := r.MarshalJSON()
		if err != nil {
			return nil, fmt.Errorf("encode %s: %w", r.CurId(), err)
		}
		u := &unstructured.Unstructured{}
		if err := u.UnmarshalJSON(text); err != nil {
			return nil, fmt.Errorf("decode %s: %w", r.CurId(), err)
		}
		out = append(out, u)
	}
	return out, nil
}
