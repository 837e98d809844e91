package plan

import (
	"errors"
	"io/fs"
	"path"
	"slices"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/preset"
	"syncer.dev/syncer/internal/render"
	"syncer.dev/syncer/internal/workspace"
)

// presetsDir is where a source keeps presets of its own.
const presetsDir = "presets"

// Input is a source that has been read: everything that Desire needs of it.
type Input struct {
	Set      *workspace.Set
	Catalog  *preset.Catalog
	Renderer *render.Renderer

	env workspace.Env // that the Set was validated with
}

// Read loads the Workspaces and presets of a source and checks them by the rules of admission. builtin is the catalogue
// of this binary; a presets folder in files adds to it. Whatever is wrong is among the Problems of the Set; an error means
// that nothing could be read at all. cache keeps what is rendered over several calls; it may be nil.
func Read(files, builtin fs.FS, load workspace.Options, env workspace.Env, cache *render.Cache) (Input, error) {
	layers := []preset.Layer{{FS: builtin}}
	if sub, err := fs.Sub(files, presetsDir); err == nil {
		if _, err := fs.Stat(files, presetsDir); err == nil {
			layers = append(layers, preset.Layer{FS: sub, Path: presetsDir})
		}
	}
	catalog, presetProblems, err := preset.LoadLayers(layers...)
	if err != nil {
		return Input{}, err
	}
	renderer := render.New(catalog, cache)
	load.Build = render.BuildFolder
	set, err := workspace.Load(files, load)
	if err != nil {
		return Input{}, err
	}
	for _, e := range catalog.Notes() {
		set.Problems = append(set.Problems, workspace.Problem{
			Path: e.Path, Line: e.Line, Column: e.Column, Message: e.Message, Severity: workspace.Warning,
		})
	}
	for _, e := range presetProblems {
		set.Problems = append(set.Problems, workspace.Problem{
			Path: e.Path, Line: e.Line, Column: e.Column, Field: e.Field, Message: e.Message, Hint: e.Hint, Severity: workspace.Error,
		})
	}
	for _, err := range renderer.Check() { // nothing is wrong with those of this binary
		p := workspace.Problem{Path: presetsDir, Line: 1, Column: 1, Message: err.Error(), Severity: workspace.Error}
		var refused *render.Refusal
		if errors.As(err, &refused) {
			p = refused.Place()
			p.Path = path.Join(presetsDir, p.Path)
		}
		set.Problems = append(set.Problems, p)
	}
	set.Loaded = slices.Clone(set.Problems)
	if env.Size == nil {
		env.Size = sizeFor
	}
	set.Problems = append(set.Problems, workspace.Validate(set, catalog, env)...)
	slices.SortFunc(set.Problems, workspace.Problem.Compare)
	set.Problems = slices.Compact(set.Problems)
	return Input{Set: set, Catalog: catalog, Renderer: renderer, env: env}, nil
}

// sizeFor tells the rules of admission what a VM size has. Of one that no model can run on it tells nothing: sizing has the better
// answer, and another takes the place of a retired one.
func sizeFor(name string) (workspace.Size, bool) {
	s, ok := capacity.LookupSKU(name)
	return workspace.Size{GPUs: s.GPUs, MemoryGiB: s.GPUMemoryGiB * s.GPUs}, ok && s.Unusable() == ""
}
