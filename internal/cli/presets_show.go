// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"

	"github.com/spf13/cobra"

	"syncer.dev/syncer/internal/cli/answer"
	"syncer.dev/syncer/internal/cli/propose"
)

// presetsShowOptions are the options of "presets show".
type presetsShowOptions struct {
	Stdio

	name, output, repository string
}

func newPresetsShow(std Stdio) *cobra.Command {
	o := presetsShowOptions{Stdio: std}
	cmd := &cobra.Command{
		Use:   "show NAME",
		Short: "Show all facts about a model, with their sources",
		Long: `Show every fact about a model with its source. NAME is the name of a preset, one of its aliases or its Hugging
Face repository, in any case.`,
		Example: "  syncer presets show phi-4\n  syncer presets show microsoft/Phi-4-mini-instruct -o yaml",
		Args:    cobra.ExactArgs(1),
	}
	outputFlag(cmd, &o.output, "table")
	completesArgument(cmd, propose.Presets(std.Env))
	repositoryFlag(cmd, &o.repository)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		o.name = args[0]
		return o.run(cmd.Context())
	}
	return cmd
}

func (o presetsShowOptions) run(context.Context) error {
	if err := checkOutput(o.output); err != nil {
		return err
	}
	models, p, err := o.preset(o.repository, o.name)
	if err != nil {
		return err
	}
	document, err := answer.PresetOf(models, p)
	if err != nil {
		return err
	}
	table := func() error { return answer.PrintFacts(o.Out, models, p) }
	return answer.PrintAs(o.Out, o.output, document, []string{p.Name}, table)
}
