package render

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"sync"

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
	files fs.FS

	mu       sync.Mutex
	closures map[string]closure // by folder of the catalogue
}

// maxServedName is how long the name of a StatefulSet may be: its pods carry it in a label of at most 63 characters,
// followed by a hash of eleven.
const maxServedName = 52

// closure is a folder of the catalogue with all that it refers to, or why that was refused.
type closure struct {
	files tree
	err   error
}

// New returns a renderer for the presets of the catalogue.
func New(catalog Catalog) (*Renderer, error) {
	r := &Renderer{files: catalog.FS(), closures: map[string]closure{}}
	for _, dir := range []string{"base/inference", "base/template", "base/tuning", "components/images"} {
		if _, err := r.closure(dir); err != nil {
			return nil, fmt.Errorf("read the presets: %w", err)
		}
	}
	return r, nil
}

// Render returns the objects of one Workspace. The preset is that of Workspace.PresetName, and the zero Preset for a
// Workspace that brings its own pod template. The same arguments always give the same bytes.
//
// A preset's Kustomize files may come from a user's repository and pass the same gate as BuildFolder's; a *Refusal says
// what is wrong with them.
func (r *Renderer) Render(ctx context.Context, w *workspace.Workspace, p preset.Preset, at Placement, o Options) (Bundle, error) {
	bundle, err := r.render(ctx, w, p, at, o)
	if err != nil {
		return Bundle{}, fmt.Errorf("render %s: %w", w.Key, err)
	}
	return bundle, nil
}

func (r *Renderer) render(ctx context.Context, w *workspace.Workspace, p preset.Preset, at Placement, o Options) (Bundle, error) {
	at = at.withDefaults(w)
	var over overlay
	var err error
	switch {
	case (w.Inference == nil) == (w.Tuning == nil):
		return Bundle{}, errors.New("exactly one of inference and tuning is needed")
	case p.Deprecated != "":
		return Bundle{}, fmt.Errorf("preset %s can no longer be used: %s", p.Name, p.Deprecated)
	case w.Inference != nil && len(w.Name) > maxServedName:
		return Bundle{}, fmt.Errorf("the name is longer than %d characters, which leaves no room for those of its pods", maxServedName)
	case w.Tuning != nil:
		over, err = tuning(w, p, at, o)
	case w.Inference.Template != nil:
		over, err = template(w, at)
	default:
		over, err = inference(w, p, at, o)
	}
	if err != nil {
		return Bundle{}, err
	}
	if p.Name != "" {
		over.components = append(over.components, "models/"+p.Name)
	}

	files, err := over.tree(w, o)
	if err != nil {
		return Bundle{}, err
	}
	for _, dir := range over.uses() {
		c, err := r.closure(dir)
		if err != nil {
			return Bundle{}, err
		}
		files.add("presets", c)
	}
	objects, err := build(ctx, files, overlayDir)
	if err != nil {
		return Bundle{}, fmt.Errorf("run kustomize: %w", err)
	}
	return bundle(objects, w, o)
}

// closure returns the files of a folder of the catalogue and of all that it refers to.
func (r *Renderer) closure(dir string) (tree, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	c, ok := r.closures[dir]
	if !ok {
		c.files, c.err = gate(r.files, dir)
		r.closures[dir] = c
	}
	return c.files, c.err
}

// withDefaults fills in what a placement leaves open: one node with one GPU, and the model over all GPUs.
// A share of a GPU is one GPU to what runs on it.
func (p Placement) withDefaults(w *workspace.Workspace) Placement {
	if migProfile(w) != "" {
		p.GPUsPerNode, p.TensorParallel, p.DataParallel = 1, 1, 1
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
