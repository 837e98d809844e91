// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"os"
	"path/filepath"
	"strings"

	"syncer.dev/syncer/internal/cli/answer"
	"syncer.dev/syncer/internal/cli/settings"
	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/preset"
	"syncer.dev/syncer/internal/source"
	"syncer.dev/syncer/presets"
)

// Of reads the built-in presets and those of a repository, by default that of the working folder. The problems are
// those of the latter.
func Of(env Env, repository string) (*preset.Catalog, []diag.Diagnostic, error) {
	if repository != "" {
		if _, err := os.Stat(repository); err != nil {
			return nil, nil, err
		}
	}
	dir, err := Folder(env, repository)
	if err != nil {
		return nil, nil, err
	}
	return With(dir)
}

// Env looks a variable of the environment up.
type Env func(string) (string, bool)

// Folder returns the presets folder of the repository that a path is in, as the configuration of that repository says,
// or "".
func Folder(env Env, name string) (string, error) {
	r, err := settings.Settings{Env: env}.Offline([]string{name})
	return r.PresetsOf(name), err
}

// With reads the built-in presets and those in dir, if it is not "".
func With(dir string) (*preset.Catalog, []diag.Diagnostic, error) {
	layers := []preset.Layer{{FS: presets.FS}}
	if dir != "" {
		layers = append(layers, preset.Layer{FS: source.Folder(dir), Path: filepath.ToSlash(dir)})
	}
	return preset.LoadLayers(layers...)
}

// Find looks a model up by any of its names.
func Find(catalog *preset.Catalog, name string) (preset.Preset, error) {
	p, ok := catalog.Lookup(name)
	if ok {
		return p, nil
	}
	switch near := catalog.Suggest(name); {
	case near != "":
		return p, answer.No("preset %q is not known; did you mean %q?", name, near)
	case strings.Contains(name, "/"):
		return p, answer.No(
			"preset %q is not known; add it to a repository: syncer presets add %[1]s %s",
			name,
			source.PresetsFolder,
		)
	}
	return p, answer.No("preset %q is not known; see: syncer presets list", name)
}
