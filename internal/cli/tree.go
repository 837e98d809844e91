// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"syncer.dev/syncer/internal/cli/answer"
	"syncer.dev/syncer/internal/cli/propose"
	"syncer.dev/syncer/internal/cli/recorded"
	"syncer.dev/syncer/internal/cli/settings"
)

// treeOptions are the options of "tree".
type treeOptions struct {
	Stdio
	settings settings.Settings

	name, output string
}

func newTree(std Stdio) *cobra.Command {
	o := treeOptions{Stdio: std}
	cmd := &cobra.Command{
		Use:   "tree NAME",
		Short: "Show what a Workspace consists of: conditions, pools, nodes and objects",
		Long: `Show what the status branch says about one Workspace, as a tree: its conditions, its pools with their
nodes, and its objects. Without source.url the branch is that of the repository of the current folder; see
"syncer status".`,
		Example: `  syncer tree workspace-phi-4-mini`,
		Args:    cobra.ExactArgs(1),
	}
	configFlags(cmd, std, &o.settings)
	outputFlag(cmd, &o.output, "table")
	completesArgument(cmd, propose.Workspaces(&o.settings))
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		o.name = args[0]
		return o.run(cmd.Context())
	}
	return cmd
}

// run prints one tree for each Workspace of the name: those of several namespaces may have one.
func (o treeOptions) run(ctx context.Context) error {
	if err := checkOutput(o.output); err != nil {
		return err
	}
	_, r, err := recorded.Open(ctx, o.settings, o.Err)
	if err != nil {
		return err
	}
	reports, err := recorded.Reports(ctx, r, o.name, time.Now())
	if err != nil {
		return err
	}
	if o.output != "" && o.output != "table" && o.output != "text" {
		return statusOptions{Stdio: o.Stdio, name: o.name, output: o.output}.print(o.Out, o.Err, reports)
	}
	for _, report := range reports {
		if err := answer.PrintTree(o.Out, answer.TreeOf(*report)); err != nil {
			return err
		}
	}
	return nil
}
