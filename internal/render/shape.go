package render

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"maps"
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
	words, plain := r.closures.words(over)
	if r.cache != nil && plain && len(over.last) == 0 {
		objects, err := r.fromShape(ctx, over, w, o, newTokens(words))
		if objects != nil || err != nil {
			return objects, err
		}
	}
	files := tree{}
	for name, v := range over.files(w, o) {
		if err := files.addJSON(name, unmarked(v)); err != nil {
			return nil, err
		}
	}
	for _, dir := range over.uses() {
		files.add("presets", r.closures.of(dir).files)
	}
	return run(ctx, files)
}

// fromShape fills in the shape of an overlay, which it builds if nobody has. It returns nothing, and no error, for an
// overlay that has to be built by itself.
func (r *Renderer) fromShape(ctx context.Context, over overlay, w *workspace.Workspace, o Options, t *tokens) ([]*unstructured.Unstructured, error) {
	if over.preset != "" {
		t.values[presetToken] = over.preset
		over.preset = strings.TrimPrefix(thisPreset, "models/")
	}
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
	key := sha256.New()
	io.WriteString(key, files.digest())
	for _, dir := range over.uses() {
		io.WriteString(key, r.closures.of(r.realDir(dir, t)).generalDigest)
	}
	s, err := r.cache.shapes.get(ctx, string(key.Sum(nil)), func() (shape, error) {
		for _, dir := range over.uses() {
			files.add("presets", r.closures.of(r.realDir(dir, t)).general)
		}
		objects, err := run(ctx, files)
		if ctx.Err() != nil {
			return shape{}, err
		}
		s := shape{alone: err != nil} // a build of its own will say what is wrong, with the right names
		for _, o := range objects {
			if (filler{t.values}).foreign(o.Object) != nil {
				s.alone = true
			}
			s.objects = append(s.objects, o.Object)
		}
		return s, nil
	})
	if err != nil || s.alone {
		return nil, err
	}
	out := make([]*unstructured.Unstructured, 0, len(s.objects))
	for _, o := range s.objects {
		out = append(out, &unstructured.Unstructured{Object: filler{t.values}.fill(o).(object)})
	}
	return out, nil
}

// realDir returns the folder of the catalogue that a folder of a shape stands for.
func (r *Renderer) realDir(dir string, t *tokens) string {
	if dir == thisPreset {
		return "models/" + t.values[presetToken].(string)
	}
	return dir
}

// run builds the overlay that is in a tree.
func run(ctx context.Context, files tree) ([]*unstructured.Unstructured, error) {
	built, err := build(ctx, files, overlayDir)
	if err != nil {
		return nil, fmt.Errorf("run kustomize: %w", err)
	}
	return decoded(built)
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
