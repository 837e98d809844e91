// SPDX-License-Identifier: Apache-2.0

package desired

import (
	"io/fs"
	"path"
	"slices"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/desired/catalogs"
	"syncer.dev/syncer/internal/desired/offers"
	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/preset"
	"syncer.dev/syncer/internal/render"
	"syncer.dev/syncer/internal/render/kustomize"
	"syncer.dev/syncer/internal/workspace"
	"syncer.dev/syncer/internal/workspace/load"
)

// Input is a source that has been read: everything that Desire needs of it.
type Input struct {
	Set      *workspace.Set
	Catalog  *preset.Catalog
	Renderer *render.Renderer
	Presets  string // the folder of files with presets of its own, or ""

	env      workspace.Env // that the Set was validated with
	readings *readings
}

// Builder returns what builds the kustomization folders of one tree, for load.Options.
func Builder(l load.Limits) func(fsys fs.FS, dir string) (load.Built, error) {
	b := kustomize.Builder{Limits: kustomize.Limits{FileBytes: l.FileBytes, Weight: int(l.BuildBytes)}}
	return func(fsys fs.FS, dir string) (load.Built, error) {
		built, err := b.BuildFolder(fsys, dir)
		return load.Built(built), err
	}
}

// Read loads the Workspaces and presets of a source and checks them by the rules of admission. builtin is the catalogue
// of this binary; a presets folder in files adds to it: that of options.Presets, or without it that in options.Root,
// else one in the root. Problems of the Set lists all mistakes; an error means that Read could read nothing at all.
// cache keeps rendered objects over several calls; it may be nil.
func Read(files, builtin fs.FS, options load.Options, env workspace.Env, cache *render.Cache) (Input, error) {
	own := catalogs.Folder(files, options.Root, options.Presets)
	known := options.Memo.Beside(newReadings).(*readings)
	catalog, presetProblems, err := known.presets.Of(builtin, files, own)
	if err != nil {
		return Input{}, err
	}
	renderer := known.renderers.Of(builtin, catalog, own, cache)
	options.Build = Builder(options.Limits)
	set, err := load.Load(files, options)
	if err != nil {
		return Input{}, err
	}
	set.Problems = append(set.Problems, catalog.Notes()...)
	set.Problems = append(set.Problems, presetProblems...)
	for _, err := range renderer.Check() { // the overlays of this binary have no errors
		d := diag.From(err, diag.PresetOverlayRefused)
		set.Problems = append(set.Problems, d.In(path.Join(own, d.Path)).At(max(d.Line, 1), max(d.Column, 1)))
	}
	set.Loaded = slices.Clone(set.Problems)
	if env.Size == nil {
		env.Size, env.Hardware, env.NearSize = offers.Size, offers.Hardware, capacity.NearSKU
	}
	set.Problems = append(set.Problems, known.read.Validate(set, catalog, env)...)
	slices.SortFunc(set.Problems, diag.Diagnostic.Compare)
	set.Problems = slices.Compact(set.Problems)
	return Input{Set: set, Catalog: catalog, Renderer: renderer, Presets: own, env: env, readings: known}, nil
}
