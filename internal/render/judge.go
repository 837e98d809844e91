// SPDX-License-Identifier: Apache-2.0

package render

import (
	"bytes"
	"context"
	"io/fs"
	"path"

	lru "github.com/hashicorp/golang-lru/v2"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/render/judge"
	"syncer.dev/syncer/internal/render/overlay"
	"syncer.dev/syncer/internal/workspace"
)

// judge applies the policy for pods to the final objects of a Workspace.
func (r *Renderer) judge(
	ctx context.Context,
	objects, unpatched []*unstructured.Unstructured,
	over overlay.Overlay,
	w *workspace.Workspace,
	o Options,
) ([]diag.Diagnostic, error) {
	var clean *lru.Cache[string, struct{}]
	if r.cache != nil && !r.plain {
		clean = r.cache.clean
	}
	return judge.Case{
		Clean:         clean,
		Workspace:     w,
		Policy:        o.Pods,
		Objects:       objects,
		Unpatched:     unpatched,
		BuiltIn:       func() []*unstructured.Unstructured { return r.fromBuiltIn(ctx, over, w, o) },
		Files:         func() map[string][]byte { return r.repositoryFiles(over) },
		AdapterVolume: adapterVolume,
	}.Check()
}

// fromBuiltIn returns the objects that the built-in presets alone make for a Workspace: none for one that brings a pod
// template. Without them there are no exceptions, so that an error makes the policy stricter.
func (r *Renderer) fromBuiltIn(
	ctx context.Context,
	over overlay.Overlay,
	w *workspace.Workspace,
	o Options,
) []*unstructured.Unstructured {
	if w.Inference != nil && w.Inference.Template != nil {
		return nil
	}
	if r.builtIn != nil {
		r = r.builtIn
		if _, err := fs.Stat(r.deps.FS, path.Join("models", over.Preset)); err != nil {
			over.Preset = "" // its folder is the repository's
		}
	}
	b, err := r.build(ctx, over, w, o, false)
	if err != nil {
		return nil
	}
	return b.objects
}

// repositoryFiles returns the files of an overlay's folders that are not those of this binary.
func (r *Renderer) repositoryFiles(over overlay.Overlay) map[string][]byte {
	out := map[string][]byte{}
	if r.builtIn == nil {
		return out
	}
	for _, dir := range over.Uses() {
		for name, data := range r.deps.Of(dir).Files {
			if own, err := fs.ReadFile(r.builtIn.deps.FS, name); err == nil && bytes.Equal(own, data) {
				continue
			}
			shown := path.Join("presets", name)
			if r.shown != nil {
				shown = r.shown(shown)
			}
			out[shown] = data
		}
	}
	return out
}
