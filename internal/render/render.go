package render

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"syncer.dev/syncer/internal/preset"
	"syncer.dev/syncer/internal/workspace"
)

// Catalog is where the renderer finds the Kustomize files of the presets: base, components and models.
// preset.Catalog is one.
type Catalog interface {
	FS() fs.FS
}

// Options are what rendering needs beyond the Workspace itself.
type Options struct {
	Cluster string // names the cluster in labels
	Source  string // path of the Workspace's file in the repository
	// Objects are the plain objects of the repository. Rendering reads the ConfigMaps that the Workspace names: their
	// content decides where results are written, and a change of it must restart what has read it.
	Objects []workspace.Object
	// NVMeStorageClass is the storage class for weights on the local disks of a size that has some; without it they are
	// kept in the pod's own storage, as on all other sizes.
	NVMeStorageClass string
}

// Renderer turns Workspaces into objects. It is safe for concurrent use.
type Renderer struct {
	closures closures
	cache    *Cache
}

// maxServedName is how long the name of a StatefulSet may be: its pods carry it in a label of at most 63 characters,
// followed by a hash of eleven.
const maxServedName = 52

// New returns a renderer for the presets of the catalogue. What it renders is kept in the cache, and found there if it was
// rendered before, by whatever renderer; without a cache every Workspace is built by Kustomize alone, each time.
func New(catalog Catalog, cache *Cache) *Renderer {
	return &Renderer{closures: closures{files: catalog.FS(), known: map[string]closure{}}, cache: cache}
}

// Check returns what is wrong with the folders that many Workspaces are built from. None of those can be rendered then; all others can.
func (r *Renderer) Check() []error {
	var out []error
	for _, dir := range []string{"base/inference", "base/template", "base/tuning", imagesDir} {
		if err := r.closures.of(dir).err; err != nil {
			out = append(out, err)
		}
	}
	return out
}

// Render returns the objects of one Workspace. The preset is that of Workspace.PresetName, and the zero Preset for a
// Workspace that brings its own pod template. The same arguments always give the same bytes.
//
// A preset's Kustomize files may come from a user's repository and pass the same gate as BuildFolder's; a *Refusal says
// what is wrong with them.
//
// The objects belong to the cache: they must not be changed.
func (r *Renderer) Render(ctx context.Context, w *workspace.Workspace, p preset.Preset, at Placement, o Options) (b Bundle, err error) {
	defer func() {
		// Whatever is wrong with one Workspace must not end what is done for all the others.
		if p := recover(); p != nil {
			b, err = Bundle{}, fmt.Errorf("render %s: panicked: %v", w.Key, p)
		}
	}()
	bundle, err := r.cached(ctx, w, p, at, o)
	if err != nil {
		return Bundle{}, fmt.Errorf("render %s: %w", w.Key, err)
	}
	return bundle, nil
}

// cached returns the bundle of a Workspace from the cache, when nothing that it is made from has changed.
func (r *Renderer) cached(ctx context.Context, w *workspace.Workspace, p preset.Preset, at Placement, o Options) (Bundle, error) {
	if err := ctx.Err(); err != nil {
		return Bundle{}, err
	}
	if r.cache == nil {
		b, _, err := r.render(ctx, w, p, at, o)
		return b, err
	}
	key, err := inputsOf(w, p, at, o)
	if err != nil {
		return Bundle{}, err
	}
	if k, ok := r.cache.bundles.find(key); ok {
		if digest, err := r.closures.digest(k.dirs); err == nil && digest == k.digest {
			return k.bundle, nil
		}
	}
	b, dirs, err := r.render(ctx, w, p, at, o)
	if err != nil {
		return Bundle{}, err
	}
	digest, err := r.closures.digest(dirs)
	if err == nil {
		r.cache.bundles.put(key, kept{b, dirs, digest})
	}
	return b, err
}

// render also returns the folders of the catalogue from which the bundle was made.
func (r *Renderer) render(ctx context.Context, w *workspace.Workspace, p preset.Preset, at Placement, o Options) (Bundle, []string, error) {
	over, err := overlayOf(w, p, at.withDefaults(w), o)
	if err != nil {
		return Bundle{}, nil, err
	}
	objects, err := r.produce(ctx, over, w, o)
	if err != nil {
		return Bundle{}, nil, err
	}
	if objects, err = patched(ctx, objects, w); err != nil {
		return Bundle{}, nil, err
	}
	b, err := bundle(objects, w, o)
	return b, over.uses(), err
}

// overlayOf returns what a Workspace adds to the base of its task.
func overlayOf(w *workspace.Workspace, p preset.Preset, at Placement, o Options) (over overlay, err error) {
	switch {
	case (w.Inference == nil) == (w.Tuning == nil):
		return overlay{}, errors.New("exactly one of inference and tuning is needed")
	case p.Deprecated != "":
		return overlay{}, fmt.Errorf("preset %s can no longer be used: %s", p.Name, p.Deprecated)
	case w.Inference != nil && len(w.Name) > maxServedName:
		return overlay{}, fmt.Errorf("the name is longer than %d characters, which leaves no room for those of its pods", maxServedName)
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

// withDefaults fills in what a placement leaves open: one node with one GPU, and the model over all GPUs.
// A share of a GPU is one GPU to what runs on it.
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
