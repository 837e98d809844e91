// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"syncer.dev/syncer/internal/cli/answer"
	"syncer.dev/syncer/internal/cli/settings"
	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/preset"
	"syncer.dev/syncer/internal/source"
	"syncer.dev/syncer/presets"
)

func newPresets(std Stdio) *cobra.Command {
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

// repositoryFlag declares the flag for a repository with presets of its own.
func repositoryFlag(cmd *cobra.Command, repository *string) {
	cmd.Flags().StringVar(repository, "repository", "",
		"folder of a repository with presets of its own (default: that of the working folder)")
}

// loadCatalog reads the built-in presets and those of a repository, by default that of the working folder. It prints
// the problems of the latter on standard error.
func loadCatalog(std Stdio, repository string) (*preset.Catalog, error) {
	if repository != "" {
		if _, err := os.Stat(repository); err != nil {
			return nil, err
		}
	}
	dir, err := presetsAt(std, repository)
	if err != nil {
		return nil, err
	}
	return catalogWith(std, dir)
}

// presetsAt returns the presets folder of the repository that a path is in, as the configuration of that repository
// says, or "". It is for commands without configFlags.
func presetsAt(std Stdio, name string) (string, error) {
	r, err := settings.Settings{Env: std.Env}.Offline([]string{name})
	return r.PresetsOf(name), err
}

// catalogWith reads the built-in presets and those in dir, if there is one.
func catalogWith(std Stdio, dir string) (*preset.Catalog, error) {
	layers := []preset.Layer{{FS: presets.FS}}
	if dir != "" {
		layers = append(layers, preset.Layer{FS: source.Folder(dir), Path: filepath.ToSlash(dir)})
	}
	catalog, problems, err := preset.LoadLayers(layers...)
	for _, p := range problems {
		fmt.Fprintln(std.Err, diag.EscapeText(p.Error()))
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

// writeFolder writes files below a folder. Without force it compares all existing files before it writes the first one,
// and refuses to change any. It writes no file outside of the folder, even where links in it point elsewhere.
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
			return answer.No(
				"%s exists with other content; --force overwrites it",
				filepath.Join(dir, filepath.FromSlash(name)),
			)
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
