// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"syncer.dev/syncer/internal/cli/catalog"
	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/preset"
)

func newPresets(std Stdio) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "presets",
		Short:   "Look at the catalogue of models, and add to it",
		Example: "  syncer presets list\n  syncer presets show phi-4",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newPresetsList(std), newPresetsShow(std), newPresetsEject(std), newPresetsAdd(std),
		newPresetsImages(std))
	return cmd
}

// repositoryFlag declares the flag for a repository with presets of its own.
func repositoryFlag(cmd *cobra.Command, repository *string) {
	cmd.Flags().StringVar(repository, "repository", "",
		"folder of a repository with presets of its own (default: that of the working folder)")
}

// catalog reads the built-in presets and those of a repository, and prints the problems of the latter.
func (s Stdio) catalog(repository string) (*preset.Catalog, error) {
	models, problems, err := catalog.Of(s.Env, repository)
	s.tell(problems)
	return models, err
}

// preset looks a model up in the catalogue that catalog reads.
func (s Stdio) preset(repository, name string) (*preset.Catalog, preset.Preset, error) {
	models, err := s.catalog(repository)
	if err != nil {
		return nil, preset.Preset{}, err
	}
	p, err := catalog.Find(models, name)
	return models, p, err
}

// tell prints the problems of presets on standard error.
func (s Stdio) tell(problems []diag.Diagnostic) {
	for _, p := range problems {
		fmt.Fprintln(s.Err, diag.EscapeText(p.Error()))
	}
}
