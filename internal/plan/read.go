package plan

import (
	"io/fs"
	"slices"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/preset"
	"syncer.dev/syncer/internal/render"
	"syncer.dev/syncer/internal/workspace"
)

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
	if sub, err := fs.Sub(files, "presets"); err == nil {
		if _, err := fs.Stat(files, "presets"); err == nil {
			layers = append(layers, preset.Layer{FS: sub, Path: "presets"})
		}
	}
	catalog, presetProblems, err := preset.LoadLayers(layers...)
	if err != nil {
		return Input{}, err
	}
	renderer, err := render.New(catalog, cache)
	if err != nil {
		return Input{}, err
	}
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
