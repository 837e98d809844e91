// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"

	"github.com/spf13/cobra"

	"syncer.dev/syncer/internal/cli/answer"
)

// presetsImagesOptions are the options of "presets images".
type presetsImagesOptions struct {
	Stdio

	output, repository string
}

func newPresetsImages(std Stdio) *cobra.Command {
	o := presetsImagesOptions{Stdio: std}
	cmd := &cobra.Command{
		Use:   "images",
		Short: "List the images that presets use, for a mirror",
		Long: `List the images of the runtime and of all presets, one a line, as a closed cluster needs them in a mirror.
Images that Workspaces name themselves are not listed. The keys pods.registries of the configuration name the mirror.`,
		Example: "  syncer presets images\n  syncer presets images -o json",
		Args:    cobra.NoArgs,
	}
	outputFlag(cmd, &o.output, "name")
	repositoryFlag(cmd, &o.repository)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return o.run(cmd.Context()) }
	return cmd
}

// run lists the images; an error in a preset of the repository makes the exit code 1.
func (o presetsImagesOptions) run(context.Context) error {
	if err := checkOutput(o.output); err != nil {
		return err
	}
	models, err := o.catalog(o.repository)
	if err != nil {
		return err
	}
	images, err := models.Images()
	if err != nil {
		return err
	}
	err = answer.PrintImages(o.Out, o.output, images)
	if n := len(models.Problems()); err == nil && n > 0 {
		return answer.No("%s; presets with errors may need further images", answer.Plural(n, "error"))
	}
	return err
}
