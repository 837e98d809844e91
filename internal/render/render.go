// SPDX-License-Identifier: Apache-2.0

package render

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/podpolicy"
	"syncer.dev/syncer/internal/preset"
	"syncer.dev/syncer/internal/render/folders"
	"syncer.dev/syncer/internal/render/inputs"
	"syncer.dev/syncer/internal/render/overlay"
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
		return b.Bundle, err
	}
	of, err := r.inputsOf(w, p, at, o)
	if err != nil {
		return Bundle{}, err
	}
	key, bundles := of.Whole(), r.cache.bundles[in]
	if b, ok := bundles.Get(key); ok {
		if r.same(b.from) {
			return b, nil
		}
	}
	if b, ok := r.fromShape(ctx, of, in, w, p, at, o); ok {
		bundles.Add(key, b)
		return b, nil
	}
	made, dirs, err := r.render(ctx, w, p, at, o)
	if err != nil {
		return Bundle{}, err
	}
	b := r.cache.in(in, made)
	if digest, err := r.deps.Digest(dirs); err == nil {
		b.from = &origin{dirs: dirs, files: digest}
		bundles.Add(key, b)
	}
	return b, nil
}

// Again returns the Bundle for the inputs of an earlier one, as it was rendered; ok is false if it is unknown from
// which files that was, and if these are others now.
func (r *Renderer) Again(earlier Bundle) (b Bundle, ok bool) {
	if !r.same(earlier.from) {
		return Bundle{}, false
	}
	n := earlier.front
	earlier.Objects, earlier.listed, earlier.front = earlier.Objects[n:], earlier.listed[n:], 0
	return earlier, true
}

// same reports whether the files that a Bundle was built from are the same now.
func (r *Renderer) same(from *origin) bool {
	if from == nil {
		return false
	}
	digest, err := r.deps.Digest(from.dirs)
	return err == nil && digest == from.files
}

// render returns the bundle of a Workspace, and the folders of the catalogue that it is built from.
func (r *Renderer) render(
	ctx context.Context, w *workspace.Workspace, p preset.Preset, at Placement, o Options,
) (written, []string, error) {
	d, err := r.draft(ctx, w, p, at, o, o.DigestOnly)
	if err != nil {
		return written{}, nil, err
	}
	b, err := d.bundle(w, o)
	return b, d.over.Uses(), err
}

// draft is the objects of a Workspace before they are a Bundle.
type draft struct {
	over     overlay.Overlay
	from     built
	objects  []*unstructured.Unstructured
	warnings []diag.Diagnostic
}

// draft returns the objects of a Workspace, as the policy for pods judges them. If only their digest is wanted, they
// need not be filled in as a whole.
func (r *Renderer) draft(
	ctx context.Context, w *workspace.Workspace, p preset.Preset, at Placement, o Options, digest bool,
) (d draft, err error) {
	if d.over, err = overlayOf(w, p, at.withDefaults(w), o); err != nil {
		return draft{}, err
	}
	// An object from a template is needed in full if something changes it later.
	if d.from, err = r.build(ctx, d.over, w, o, digest && w.Patch == nil && o.Reach.IsZero()); err != nil {
		return draft{}, err
	}
	if d.objects, err = userpatch.Apply(ctx, d.from.objects, w); err != nil {
		return draft{}, err
	}
	if !o.DigestOnly {
		d.warnings, err = r.judge(ctx, d.objects, d.from.objects, d.over, w, o)
	}
	return d, err
}

// bundle makes the Bundle of the objects.
func (d draft) bundle(w *workspace.Workspace, o Options) (written, error) {
	b, err := bundle(o.Reach.Apply(d.objects), d.from.append, w, o)
	b.Warnings = d.warnings
	return b, err
}

// overlayOf returns the overlay of a Workspace: a patched base for inference, tuning or a pod template.
func overlayOf(w *workspace.Workspace, p preset.Preset, at Placement, o Options) (over overlay.Overlay, err error) {
	switch {
	case (w.Inference == nil) == (w.Tuning == nil):
		return overlay.Overlay{}, errors.New("a Workspace has exactly one of inference and tuning")
	case p.Deprecated != "":
		return overlay.Overlay{}, fmt.Errorf("preset %s can no longer be used: %s", p.Name, p.Deprecated)
	case w.Inference != nil && len(w.Name) > workspace.MaxServedName:
		return overlay.Overlay{}, fmt.Errorf(
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
		return overlay.Overlay{}, err
	}
	over.Preset = p.Name
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
