package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"syncer.dev/syncer/internal/preset"
	"syncer.dev/syncer/presets"
)

func newPresets(std stdio) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "presets",
		Short:   "Look at the catalogue of models, and add to it",
		Example: "  syncer presets list\n  syncer presets show phi-4",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newPresetsList(std), newPresetsShow(std), newPresetsEject(std), newPresetsAdd(std))
	return cmd
}

// presetsFolder is where a repository keeps presets of its own.
const presetsFolder = "presets"

// repositoryFlag names a repository whose presets count as well.
func repositoryFlag(cmd *cobra.Command, repository *string) {
	cmd.Flags().StringVar(repository, "repository", "", "folder of a repository whose own presets count as well")
}

// loadCatalog reads the built-in presets and those of a repository. What is wrong with those is said on standard error.
func loadCatalog(std stdio, repository string) (*preset.Catalog, error) {
	dir := ""
	if repository != "" {
		if _, err := os.Stat(repository); err != nil {
			return nil, err
		}
		if dir = filepath.Join(repository, presetsFolder); !exists(dir) {
			dir = ""
		}
	}
	return catalogWith(std, dir)
}

// catalogWith reads the built-in presets and those in dir, if there is one.
func catalogWith(std stdio, dir string) (*preset.Catalog, error) {
	layers := []preset.Layer{{FS: presets.FS}}
	if dir != "" {
		layers = append(layers, preset.Layer{FS: os.DirFS(dir), Path: filepath.ToSlash(dir)})
	}
	catalog, problems, err := preset.LoadLayers(layers...)
	for _, p := range problems {
		fmt.Fprintln(std.err, p)
	}
	return catalog, err
}

// findPreset looks a model up by any of its names.
func findPreset(catalog *preset.Catalog, name string) (preset.Preset, error) {
	p, ok := catalog.Lookup(name)
	if ok {
		return p, nil
	}
	switch near := catalog.Suggest(name); {
	case near != "":
		return p, no("preset %q is not known; did you mean %q?", name, near)
	case strings.Contains(name, "/"):
		return p, no("preset %q is not known; add it to a repository: syncer presets add %[1]s %s", name, presetsFolder)
	}
	return p, no("preset %q is not known; see: syncer presets list", name)
}

// writeFolder writes files below a folder. Unless it is forced to, it changes none that is there: it finds all that would be
// changed before it writes the first one. Nothing is written outside of the folder, whatever links there are in it.
func writeFolder(dir string, files map[string][]byte, names []string, force bool) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	for _, name := range names {
		old, err := root.ReadFile(filepath.FromSlash(name))
		switch {
		case errors.Is(err, os.ErrNotExist), force, err == nil && string(old) == string(files[name]):
		case err != nil:
			return err
		default:
			return no("%s is there already, and is different; --force overwrites it", filepath.Join(dir, filepath.FromSlash(name)))
		}
	}
	for _, name := range names {
		file := filepath.FromSlash(name)
		if err := root.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return err
		}
		if err := root.WriteFile(file, files[name], 0o644); err != nil {
			return err
		}
	}
	return nil
}
