// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"

	"github.com/spf13/cobra"

	"syncer.dev/syncer/internal/cli/answer"
	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/preset"
)

// presetsListOptions are the options of "presets list".
type presetsListOptions struct {
	Stdio

	output, repository string
	all                bool
}

func newPresetsList(std Stdio) *cobra.Command {
	o := presetsListOptions{Stdio: std}
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "List the models that can be served and tuned",
		Example: "  syncer presets list\n  syncer presets list -o json",
		Args:    cobra.NoArgs,
	}
	outputFlag(cmd, &o.output, "table")
	cmd.Flags().BoolVar(&o.all, "all", false, "list deprecated models too")
	repositoryFlag(cmd, &o.repository)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return o.run(cmd.Context()) }
	return cmd
}

// run lists the catalogue; an error in a preset of the repository makes the exit code 1.
func (o presetsListOptions) run(context.Context) error {
	if err := checkOutput(o.output); err != nil {
		return err
	}
	models, err := o.catalog(o.repository)
	if err != nil {
		return err
	}
	document := answer.PresetsOf(models)
	var names []string
	for _, i := range document.Items {
		names = append(names, i.Name)
	}
	err = answer.PrintAs(o.Out, o.output, document, names, func() error { return o.table(models) })
	if n := len(models.Problems()); err == nil && n > 0 {
		return answer.No("%s; presets with errors are left out", answer.Plural(n, "error"))
	}
	return err
}

// table prints the models as a table, and says how many it leaves out.
func (o presetsListOptions) table(models *preset.Catalog) error {
	deprecated, err := answer.PrintPresets(o.Out, models, o.all)
	if err == nil && deprecated > 0 && !o.all {
		diag.Fprintf(o.Err, "%d deprecated models are left out; --all lists them\n", deprecated)
	}
	return err
}
