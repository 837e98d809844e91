// SPDX-License-Identifier: Apache-2.0

package presetfiles

import (
	"context"

	"syncer.dev/syncer/internal/config"
	"syncer.dev/syncer/internal/eject"
	"syncer.dev/syncer/internal/preset"
	"syncer.dev/syncer/internal/source"
)

// Ejection is a preset to write as plain Kustomize.
type Ejection struct {
	Catalog *preset.Catalog
	Preset  preset.Preset
	Presets string // folder of a repository with presets of its own, or ""
	Dir     string // to write to
	Example eject.Options
	Force   bool // overwrite files that are different
}

// Eject writes the preset, all that it is built from, and an example for each use. It returns the number of files.
func Eject(ctx context.Context, e Ejection) (int, error) {
	tree, err := eject.Folder{}.FS()
	if err != nil {
		return 0, err
	}
	in, err := source.NewReader(config.Default()).Read(source.WithPresetsIn(e.Presets, tree), source.AsRead)
	if err != nil {
		return 0, err
	}
	files, err := eject.Files(ctx, e.Catalog.FS(), in.Renderer, e.Preset, e.Example)
	if err != nil {
		return 0, err
	}
	return len(files), write(e.Dir, files, e.Force)
}
