// SPDX-License-Identifier: Apache-2.0

package render

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/podpolicy"
	"syncer.dev/syncer/internal/preset"
	"syncer.dev/syncer/internal/render/folders"
	"syncer.dev/syncer/internal/render/inputs"
	"syncer.dev/syncer/internal/render/reach"
	"syncer.dev/syncer/internal/render/userpatch"
	"syncer.dev/syncer/internal/workspace"
)

// Catalog holds the Kustomize files of the presets: base, components and models. preset.Catalog implements it.
type Catalog interface {
	FS() fs.FS
}

// Options are the inputs of rendering other than the Workspace, its preset and its placement.
type Options struct {
	Cluster string // names the cluster in labels
	Source  string // path of the Workspace's file in the repository
	// Objects are the plain objects of the repository. Rendering reads the ConfigMaps that the Workspace names: their
	// content decides where a training writes its results, and a change of it must restart the pods.
	Objects []workspace.Object
	// NVMeStorageClass is the storage class for weights on the local disks of a VM size that has some. If it is empty,
	// weights are in the pod's own storage, as on all other sizes.
	NVMeStorageClass string
	// Pods is what templates, patches and presets of the repository may ask for.
	Pods podpolicy.Policy
	// Reach is how pods reach images, models and the network.
	Reach reach.Settings
	// DigestOnly asks for a Bundle of which only the digest counts: its objects may be missing, the cache keeps none, and
	// Pods does not judge them. It is for placements that no pod gets.
	DigestOnly bool
}

// Renderer turns Workspaces into objects. It is safe for concurrent use.
type Renderer struct {
	deps  *folders.Catalog
	cache *Cache
	plain bool // without package memo
	// builtIn renders from the presets of this binary alone; nil if the catalogue holds no others.
	builtIn *Renderer
	shown   func(path string) string
	keys    *inputs.Keys
}

// Option changes how a Renderer works, not what it renders.
type Option func(*Renderer)

// WithoutMemo builds every Workspace by Kustomize alone. It is slow, and for tests and for finding faults: the objects
// are the same byte for byte.
func WithoutMemo() Option { return func(r *Renderer) { r.plain = true } }

// WithBuiltIn says which files of the catalogue are those of this binary. Without it, all are: then the policy for pods
// makes its exceptions for all of them.
func WithBuiltIn(files fs.FS) Option {
	return func(r *Renderer) {
		r.builtIn = &Renderer{
			deps:  folders.New(files),
			cache: r.cache,
			keys:  &inputs.Keys{},
			plain: r.plain,
		}
	}
}

// Show says how messages name the files of the repository's presets. Call it before the first Render.
func (r *Renderer) Show(display func(path string) string) { r.shown = display }

// New returns a renderer for the presets of the catalogue. It keeps bundles and templates in the cache, which several
// renderers may share. Without a cache Kustomize builds every Workspace, each time.
func New(catalog Catalog, cache *Cache, options ...Option) *Renderer {
	r := &Renderer{
		deps:  folders.New(catalog.FS()),
		cache: cache,
		keys:  &inputs.Keys{},
		plain: cache == nil,
	}
	for _, set := range options {
		set(r)
	}
	return r
}

// Check returns the errors of the folders that many Workspaces are built from. Those Workspaces do not render; all
// others do.
func (r *Renderer) Check() []error {
	var out []error
	for _, dir := range []string{"base/inference", "base/template", "base/tuning", folders.ImagesDir} {
		if err := r.deps.Of(dir).Err; err != nil {
			out = append(out, err)
		}
	}
	return out
}

// Render returns the objects of one Workspace. The preset is that of Workspace.PresetName, and the zero Preset for a
// Workspace that brings its own pod template. The same arguments always give the same bytes.
//
// A preset's Kustomize files may come from a user's repository, so kustomize.Check covers them too; its error is a
// diag.Diagnostic. Objects that Options.Pods does not admit are a judge.RefusedError.
//
// The objects belong to the cache: callers must not change them.
func (r *Renderer) Render(
	ctx context.Context, w *workspace.Workspace, p preset.Preset, at Placement, o Options,
) (b Bundle, err error) {
	defer func() {
		// A fault in one Workspace must not stop the work for all others.
		if p := recover(); p != nil {
			b, err = Bundle{}, fmt.Errorf("render %s: panicked: %v", w.Key, p)
		}
	}()
	in := inFull
	if o.DigestOnly {
		in = asDigest
	}
	bundle, err := r.cached(ctx, w, p, at, o, in)
	if err != nil {
		return Bundle{}, fmt.Errorf("render %s: %w", w.Key, err)
	}
	return bundle, nil
}

// cached returns the bundle of a Workspace from the cache, or renders it when one of its inputs has changed.
func (r *Renderer) cached(
	ctx context.Context, w *workspace.Workspace, p preset.Preset, at Placement, o Options, in form,
) (Bundle, error) {
	if err := ctx.Err(); err != nil {
		return Bundle{}, err
	}
	if r.cache == nil {
		b, _, err := r.render(ctx, w, p, at, o)
		b.text = nil
		return b, err
	}
	key, err := r.inputsOf(w, p, at, o)
	if err != nil {
		return Bundle{}, err
	}
	bundles := r.cache.bundles[in]
	if b, ok := bundles.Get(key); ok {
		if digest, err := r.deps.Digest(b.dirs); err == nil && digest == b.files {
			return b, nil
		}
	}
	b, dirs, err := r.render(ctx, w, p, at, o)
	if err != nil {
		return Bundle{}, err
	}
	b = r.cache.in(in, b)
	if digest, err := r.deps.Digest(dirs); err == nil {
		b.dirs, b.files = dirs, digest
		bundles.Add(key, b)
	}
	return b, nil
}

// Again returns the Bundle for the inputs of an earlier one, as it was rendered; ok is false if it is unknown from
// which files that was, and if these are others now.
func (r *Renderer) Again(earlier Bundle) (b Bundle, ok bool) {
	if earlier.files == "" {
		return Bundle{}, false
	}
	digest, err := r.deps.Digest(earlier.dirs)
	if err != nil || digest != earlier.files {
		return Bundle{}, false
	}
	n := earlier.front
	earlier.Objects, earlier.listed, earlier.front = earlier.Objects[n:], earlier.listed[n:], 0
	return earlier, true
}

// render returns the bundle of a Workspace, and the folders of the catalogue that it is built from.
func (r *Renderer) render(
	ctx context.Context, w *workspace.Workspace, p preset.Preset, at Placement, o Options,
) (Bundle, []string, error) {
	over, err := overlayOf(w, p, at.withDefaults(w), o)
	if err != nil {
		return Bundle{}, nil, err
	}
	// For its digest alone, an object from a template need not be filled in as a whole, unless something changes it later.
	unpatched, err := r.build(ctx, over, w, o, o.DigestOnly && w.Patch == nil && o.Reach.IsZero())
	if err != nil {
		return Bundle{}, nil, err
	}
	objects, err := userpatch.Apply(ctx, unpatched.objects, w)
	if err != nil {
		return Bundle{}, nil, err
	}
	var warnings []diag.Diagnostic
	if !o.DigestOnly {
		if warnings, err = r.judge(ctx, objects, unpatched.objects, over, w, o); err != nil {
			return Bundle{}, nil, err
		}
	}
	b, err := bundle(o.Reach.Apply(objects), unpatched.append, w, o)
	b.Warnings = warnings
	return b, over.uses(), err
}

// overlayOf returns the overlay of a Workspace: a patched base for inference, tuning or a pod template.
func overlayOf(w *workspace.Workspace, p preset.Preset, at Placement, o Options) (over overlay, err error) {
	switch {
	case (w.Inference == nil) == (w.Tuning == nil):
		return overlay{}, errors.New("a Workspace has exactly one of inference and tuning")
	case p.Deprecated != "":
		return overlay{}, fmt.Errorf("preset %s can no longer be used: %s", p.Name, p.Deprecated)
	case w.Inference != nil && len(w.Name) > workspace.MaxServedName:
		return overlay{}, fmt.Errorf(
			"the name is longer than %d characters, which makes the names of its pods too long",
			workspace.MaxServedName,
		)
	case w.Tuning != nil:
		over, err = tuning(w, p, at, o)
	case w.Inference.Template != nil:
		over, err = template(w, at)
	default:
		over, err = inference(w, p, at, o)
	}
	if err != nil {
		return overlay{}, err
	}
	over.preset = p.Name
	return over, nil
}

// withDefaults sets the fields that a placement leaves open: one node with one GPU, and the model over all GPUs.
// A MIG slice counts as one GPU.
func (p Placement) withDefaults(w *workspace.Workspace) Placement {
	if w.MIGProfile() != "" {
		p.GPUsPerNode, p.TensorParallel, p.DataParallel = 1, 1, 1
	}
	if n := acceleratorCount(w); n > 0 && n != p.GPUsPerNode {
		p.GPUsPerNode, p.TensorParallel, p.DataParallel = n, 0, 0
	}
	p.Nodes = max(p.Nodes, 1)
	p.GPUsPerNode = max(p.GPUsPerNode, 1)
	p.DataParallel = max(p.DataParallel, 1)
	if p.TensorParallel < 1 {
		p.TensorParallel = max(p.GPUsPerNode/p.DataParallel, 1)
	}
	if p.PipelineParallel < 1 {
		p.PipelineParallel = p.Nodes
	}
	return p
}
